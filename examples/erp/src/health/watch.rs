use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::{CacheHealth, Probe};

const KEPT: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the probe, and keeps the answer for a second, so that a flood of questions costs nothing.
#[derive(Clone)]
pub(super) struct Watch {
    probe: Arc<dyn Probe>,
    /// Held while the probe is asked: whoever comes meanwhile shares the answer.
    last: Arc<Mutex<Option<(Instant, bool)>>>,
    started: Instant,
}

impl Watch {
    pub(super) fn new(probe: Arc<dyn Probe>) -> Self {
        Self {
            probe,
            last: Arc::default(),
            started: Instant::now(),
        }
    }

    pub(super) async fn is_catalog_connected(&self) -> bool {
        let mut last = self.last.lock().await;
        match *last {
            Some((asked, connected)) if asked.elapsed() < KEPT => connected,
            _ => {
                let connected = self.ask().await;
                *last = Some((Instant::now(), connected));
                connected
            }
        }
    }

    pub(super) fn cache(&self) -> CacheHealth {
        self.probe.cache()
    }

    pub(super) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    async fn ask(&self) -> bool {
        match timeout(PATIENCE, self.probe.ask_catalog()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                let error = &*error as &(dyn std::error::Error + 'static);
                tracing::warn!(error, "the catalog cannot be asked");
                false
            }
            Err(_) => {
                tracing::warn!(patience = ?PATIENCE, "the catalog does not answer");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::health::ProbeError;

    #[derive(Default)]
    struct Counting {
        asked: AtomicUsize,
        takes: Duration,
    }

    #[async_trait]
    impl Probe for Counting {
        async fn ask_catalog(&self) -> Result<(), ProbeError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(self.takes).await;
            Ok(())
        }

        fn cache(&self) -> CacheHealth {
            CacheHealth::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_questions_is_one_a_second() {
        let probe = Arc::new(Counting::default());
        let watch = Watch::new(Arc::clone(&probe) as Arc<dyn Probe>);
        let ask = || (0..100).map(|_| watch.is_catalog_connected());
        assert!(
            futures_util::future::join_all(ask())
                .await
                .into_iter()
                .all(|is| is)
        );
        assert_eq!(probe.asked.load(Ordering::Relaxed), 1);
        tokio::time::advance(KEPT).await;
        assert!(watch.is_catalog_connected().await);
        assert_eq!(probe.asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_catalog_that_stays_silent_counts_as_away() {
        let takes = Duration::from_secs(3_600);
        let probe = Counting {
            takes,
            ..Counting::default()
        };
        let watch = Watch::new(Arc::new(probe));
        assert!(!watch.is_catalog_connected().await);
        assert_eq!(watch.uptime(), PATIENCE);
    }
}
