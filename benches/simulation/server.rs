use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use multitenant_core::engine::{ConnectData, ConnectError, Connector, Permit};
use tokio::sync::Semaphore;

/// What a Postgres on two cores opens.
pub(crate) const OPENINGS_A_SECOND: f64 = 325.0;
/// So many at once are no slower than one after the other.
const AT_ONCE: usize = 4;
const CLOSING: Duration = Duration::from_millis(1);

/// A server that opens at a rate of its own, however many ask.
#[derive(Clone)]
pub(crate) struct Server {
    places: Arc<Semaphore>,
    opened: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            opened: Arc::default(),
        }
    }

    /// Connections that were opened, all in all.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

impl Connector for Server {
    type Connection = Permit;

    async fn connect(&self, _: &ConnectData, permit: Permit) -> Result<Permit, ConnectError> {
        let _place = self.places.acquire().await.map_err(ConnectError::failed)?;
        tokio::time::sleep(Duration::from_secs_f64(AT_ONCE as f64 / OPENINGS_A_SECOND)).await;
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(permit)
    }

    async fn check(&self, _: &mut Permit) -> bool {
        true
    }

    async fn close(&self, permit: Permit) {
        tokio::time::sleep(CLOSING).await;
        drop(permit);
    }
}
