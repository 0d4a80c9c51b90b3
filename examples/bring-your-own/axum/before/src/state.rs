use std::sync::Arc;

use axum::extract::FromRef;
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::sync::Notify;

/// What every handler can reach.
#[derive(Clone)]
pub struct AppState {
    pub(crate) pool: PgPool,
    pub(crate) secret: SecretString,
    pub(crate) waker: Arc<Notify>,
}

impl AppState {
    /// A state over a database; tokens are signed with the secret.
    pub fn new(pool: PgPool, secret: SecretString, waker: Arc<Notify>) -> Self {
        Self {
            pool,
            secret,
            waker,
        }
    }
}

impl FromRef<AppState> for PgPool {
    fn from_ref(state: &AppState) -> Self {
        state.pool.clone()
    }
}
