use crate::TenantId;

/// Where somebody wants to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Among the platform's staff.
    Staff,
    /// Among this tenant's users.
    Tenant(TenantId),
    /// At a tenant that does not exist or is not served: takes as long, and fails in the same way
    /// as a wrong password.
    Nowhere,
}
