use std::sync::Arc;

use actix_web::web::Data;
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::sync::Notify;

/// As handlers take it.
pub(crate) type Shared = Data<AppState>;

/// What every handler can reach.
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
