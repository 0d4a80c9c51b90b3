use multitenant_actix::TenantData as Data;
use multitenant_core::tenant::{PgTenant as PgPool, Tenant};
use secrecy::SecretString;

/// As handlers take it.
pub(crate) type Shared = Data<AppState>;

/// What every handler can reach.
pub struct AppState {
    pub(crate) pool: PgPool,
    pub(crate) secret: SecretString,
    pub(crate) tenant: Tenant,
}

impl AppState {
    /// A state over a database; tokens are signed with the secret.
    pub fn new(pool: PgPool, secret: SecretString, tenant: Tenant) -> Self {
        Self {
            pool,
            secret,
            tenant,
        }
    }
}
