use anyhow::Result;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::Arm;
use crate::databases::{Databases, QUERY};

/// One pool on one database, whichever tenant is asked for: what a single tenant costs.
#[derive(Clone)]
pub(crate) struct SinglePool(PgPool);

impl SinglePool {
    /// A pool as it comes, but for its size.
    pub(crate) fn open(databases: &Databases, budget: usize) -> Result<Self> {
        Self::with(databases, budget, PgPoolOptions::new())
    }

    /// The same without the ping before each use.
    pub(crate) fn open_without_ping(databases: &Databases, budget: usize) -> Result<Self> {
        Self::with(
            databases,
            budget,
            PgPoolOptions::new().test_before_acquire(false),
        )
    }

    fn with(databases: &Databases, budget: usize, options: PgPoolOptions) -> Result<Self> {
        let options = options.max_connections(u32::try_from(budget)?);
        Ok(Self(options.connect_lazy_with(databases.options(0)?)))
    }
}

impl Arm for SinglePool {
    async fn ask(&self, _: usize, row: i64) -> Result<()> {
        let _: i64 = sqlx::query_scalar(QUERY)
            .bind(row)
            .fetch_one(&self.0)
            .await?;
        Ok(())
    }

    async fn close(self) -> Result<()> {
        self.0.close().await;
        Ok(())
    }
}
