use std::sync::Arc;

use anyhow::Result;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::Arm;
use crate::databases::{Databases, QUERY};

/// A connection for each request: no more of them are open than requests are under way.
#[derive(Clone)]
pub(crate) struct ConnectPerRequest(Arc<[PgConnectOptions]>);

impl ConnectPerRequest {
    pub(crate) fn open(databases: &Databases) -> Result<Self> {
        let options: Result<Vec<_>> = (0..databases.urls.len())
            .map(|tenant| databases.options(tenant))
            .collect();
        Ok(Self(options?.into()))
    }
}

impl Arm for ConnectPerRequest {
    async fn ask(&self, tenant: usize, row: i64) -> Result<()> {
        let mut connection = PgConnection::connect_with(&self.0[tenant]).await?;
        let _: i64 = sqlx::query_scalar(QUERY)
            .bind(row)
            .fetch_one(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    async fn close(self) -> Result<()> {
        Ok(())
    }
}
