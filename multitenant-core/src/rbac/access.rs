//! Permissions on what the library itself keeps of a tenant's people; they decide who may do what.

crate::permissions! {
    users: [READ, CREATE, UPDATE, DELETE],
    roles: [READ, CREATE, UPDATE, DELETE],
    sessions: [READ, DELETE],
    audit_logs: [READ],
}

/// Whether a kind of thing decides who may do what, or proves it. By name, so that an application
/// which declares its own is not surprised by its default roles.
pub(super) fn governs(resource: &str) -> bool {
    let others = ["api-keys", "permissions"];
    REGISTRY
        .resources()
        .chain(others)
        .any(|name| name == resource)
}
