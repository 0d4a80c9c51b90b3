//! What the server says about our connections, over one of its own that it does not count.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};
use url::Url;

use crate::databases::PREFIX;

const OPEN: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND starts_with(datname::text, $1)";
const OPENED: &str = "SELECT coalesce(sum(sessions), 0)::bigint FROM pg_stat_database
    WHERE starts_with(datname::text, $1)";
/// Between two looks. Each costs the server a fraction of a millisecond, whoever is measured.
const PAUSE: Duration = Duration::from_millis(3);
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Monitor {
    connection: PgConnection,
}

/// What the server counted while something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watched {
    /// Most connections open at once.
    pub(crate) most: i64,
    /// Connections opened.
    pub(crate) opened: i64,
}

impl Monitor {
    pub(crate) async fn connect(url: &Url) -> Result<Self> {
        let connection = PgConnection::connect(url.as_str()).await?;
        Ok(Self { connection })
    }

    pub(crate) async fn server_version(&mut self) -> Result<String> {
        let version = sqlx::query_scalar("SHOW server_version");
        Ok(version.fetch_one(&mut self.connection).await?)
    }

    /// Watches while something is done that ends by closing every connection, and waits until the
    /// server shows none.
    pub(crate) async fn watch<T>(
        &mut self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<(T, Watched)> {
        self.wait_for_none().await?;
        let before = self.ask(OPENED).await?;
        let (done, most) = self.most_during(work).await?;
        let done = done?;
        self.wait_for_none().await?;
        let opened = self.ask(OPENED).await? - before;
        Ok((done, Watched { most, opened }))
    }

    async fn most_during<T>(&mut self, work: impl Future<Output = T>) -> Result<(T, i64)> {
        tokio::pin!(work);
        let mut most = 0;
        loop {
            // Whatever goes on meanwhile goes on in tasks of its own.
            most = most.max(self.ask(OPEN).await?);
            tokio::select! {
                done = &mut work => return Ok((done, most)),
                () = sleep(PAUSE) => {}
            }
        }
    }

    async fn wait_for_none(&mut self) -> Result<()> {
        let none = async {
            while self.ask(OPEN).await? > 0 {
                sleep(PAUSE).await;
            }
            Ok(())
        };
        timeout(PATIENCE, none)
            .await
            .context("connections stay open on the server")?
    }

    async fn ask(&mut self, what: &'static str) -> Result<i64> {
        let answer = sqlx::query_scalar(what).bind(PREFIX);
        Ok(answer.fetch_one(&mut self.connection).await?)
    }
}
