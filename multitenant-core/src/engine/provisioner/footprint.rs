use crate::TenantId;

/// Whether a tenant's login may sign in to the database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Login {
    /// It may.
    Allowed,
    /// New connections are refused; open ones live on until they are ended.
    Refused,
}

/// How far a tenant's database has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatabaseState {
    /// It is complete and takes connections.
    Open,
    /// It takes none: it is not yet complete, or about to be dropped.
    Closed,
}

/// What there is of one tenant on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// The tenant.
    pub tenant: TenantId,
    /// Its database, if there is one.
    pub database: Option<DatabaseState>,
    /// Its login, if there is one; always `None` on SQLite, which has none.
    pub login: Option<Login>,
}

impl Footprint {
    /// Nothing at all.
    #[must_use]
    pub const fn none(tenant: TenantId) -> Self {
        Self {
            tenant,
            database: None,
            login: None,
        }
    }

    /// Whether nothing is left of the tenant.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.database.is_none() && self.login.is_none()
    }
}
