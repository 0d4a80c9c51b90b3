use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx::Postgres;
use sqlx::postgres::PgListener;

use super::dedicated::DedicatedPool;
use super::{Db, Source};

/// A connection that waits for `NOTIFY` in one tenant's database, reserved in the budget until it
/// is dropped.
///
/// It dereferences to sqlx's own [`PgListener`]. When the tenant is suspended or deleted, waiting
/// ends with [`sqlx::Error::PoolClosed`].
pub struct Listener {
    /// Before the pool, which waits for the connection to come back.
    listener: PgListener,
    _pool: Option<DedicatedPool<Postgres>>,
}

impl Db<Postgres> {
    /// Opens a connection of its own that listens for `NOTIFY`.
    ///
    /// ```
    /// use multitenant_core::tenant::Db;
    /// use sqlx::Postgres;
    ///
    /// async fn wait_for_mail(db: &Db<Postgres>) -> sqlx::Result<String> {
    ///     let mut listener = db.listener().await?;
    ///     listener.listen("mail").await?;
    ///     Ok(listener.recv().await?.payload().to_owned())
    /// }
    /// ```
    ///
    /// A thousand tenants with a listener each take a thousand connections: to wake a worker in
    /// this process, [`Tenant::notify`](crate::tenant::Tenant::notify) takes none.
    ///
    /// # Errors
    /// As for [`dedicated_pool`](Self::dedicated_pool).
    pub async fn listener(&self) -> sqlx::Result<Listener> {
        match &self.source {
            Source::Share(_) => {
                let pool = self.dedicated_pool(1).await?;
                Ok(Listener {
                    listener: PgListener::connect_with(&pool).await?,
                    _pool: Some(pool),
                })
            }
            Source::Pool(pool) => Ok(Listener {
                listener: PgListener::connect_with(pool).await?,
                _pool: None,
            }),
        }
    }
}

impl Deref for Listener {
    type Target = PgListener;

    fn deref(&self) -> &PgListener {
        &self.listener
    }
}

impl DerefMut for Listener {
    fn deref_mut(&mut self) -> &mut PgListener {
        &mut self.listener
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
