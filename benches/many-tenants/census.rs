use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sqlx::PgConnection;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::Result;
use crate::databases::Databases;

const COUNT: &str = "SELECT COUNT(*) FROM pg_stat_activity
    WHERE datname LIKE 'client\\_db\\_load\\_%' AND backend_type = 'client backend'";

/// Counts the tenants' connections, as the server sees them, every few milliseconds.
pub(crate) struct Census {
    observer: Arc<Mutex<PgConnection>>,
    most: Arc<AtomicI64>,
    counting: JoinHandle<()>,
}

impl Census {
    pub(crate) async fn begin(databases: &Databases) -> Result<Self> {
        let observer = Arc::new(Mutex::new(databases.observer().await?));
        let most = Arc::new(AtomicI64::new(0));
        let counting = tokio::spawn(keep_counting(Arc::clone(&observer), Arc::clone(&most)));
        Ok(Self {
            observer,
            most,
            counting,
        })
    }

    /// Waits until there is no connection, and begins anew.
    pub(crate) async fn nobody_is_left(&self) -> Result<()> {
        while count(&mut *self.observer.lock().await).await? > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.most.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// The most since then.
    pub(crate) fn most(&self) -> i64 {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for Census {
    fn drop(&mut self) {
        self.counting.abort();
    }
}

async fn keep_counting(observer: Arc<Mutex<PgConnection>>, most: Arc<AtomicI64>) {
    loop {
        match count(&mut *observer.lock().await).await {
            Ok(now) => drop(most.fetch_max(now, Ordering::Relaxed)),
            Err(error) => return eprintln!("connections are counted no more: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn count(observer: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar(COUNT).fetch_one(observer).await?)
}
