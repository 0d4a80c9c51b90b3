use crate::Email;
use crate::catalog::{NewTenant, TenantRow};
use crate::password::TemporaryPassword;

/// What is asked for when a tenant is to be made.
#[derive(Debug, Clone)]
pub struct TenantRequest {
    /// The tenant.
    pub tenant: NewTenant,
    /// What its first admin will sign in with.
    pub admin_email: Email,
    /// What its first admin is called.
    pub admin_name: String,
}

/// A tenant that was made.
#[derive(Debug)]
pub struct CreatedTenant {
    /// The tenant.
    pub tenant: TenantRow,
    /// Its first admin's temporary password, shown this once. `None`: the request is a repetition,
    /// and the admin has signed in since, or nobody can while the tenant is not served; or its users
    /// are the application's own.
    pub temporary_password: Option<TemporaryPassword>,
}
