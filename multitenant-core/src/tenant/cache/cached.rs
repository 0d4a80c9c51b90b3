use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::watch;

/// A value out of a [`TenantCache`](super::TenantCache). As long as one is held, the value is not dropped, whether
/// or not the cache still has it.
pub struct Cached<V> {
    held: Arc<Held<V>>,
}

struct Held<V> {
    value: V,
    /// Closed by being dropped.
    gone: watch::Sender<()>,
}

impl<V> Cached<V> {
    pub(super) fn new(value: V) -> Self {
        let gone = watch::Sender::new(());
        Self {
            held: Arc::new(Held { value, gone }),
        }
    }

    /// Waits, without holding on to the value, until nobody holds it any more.
    pub fn drained(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut gone = self.held.gone.subscribe();
        async move { while gone.changed().await.is_ok() {} }
    }
}

impl<V> Clone for Cached<V> {
    fn clone(&self) -> Self {
        Self {
            held: Arc::clone(&self.held),
        }
    }
}

impl<V> Deref for Cached<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.held.value
    }
}

impl<V: fmt::Debug> fmt::Debug for Cached<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.held.value.fmt(f)
    }
}
