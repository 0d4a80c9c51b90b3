use axum::extract::FromRef;
use multitenant_core::tenant::{PgTenant as PgPool, Tenant};
use secrecy::SecretString;

/// What every handler can reach.
#[derive(Clone)]
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

impl FromRef<AppState> for PgPool {
    fn from_ref(state: &AppState) -> Self {
        state.pool.clone()
    }
}
