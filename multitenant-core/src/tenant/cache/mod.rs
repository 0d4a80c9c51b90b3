//! Any value per tenant, loaded once and kept while it is used.

mod cached;
mod options;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use lru::LruCache;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::TenantId;

pub use cached::Cached;
pub use options::{CacheError, CacheOptions, CacheStats};

/// Any value per tenant: an HTTP client, a setting, a compiled policy. Cheap to clone.
///
/// A value is loaded once, however many wait for it, and goes on loading when a caller that asked
/// goes away. The least recently used value makes room; one that nobody asks for goes by itself.
///
/// ```
/// use multitenant_core::TenantId;
/// use multitenant_core::tenant::{CacheOptions, TenantCache};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let greetings: TenantCache<String> = TenantCache::new(CacheOptions::default(), |tenant| async move {
///     Ok::<_, std::convert::Infallible>(format!("hello {tenant}"))
/// });
/// let tenant = TenantId::generate();
/// assert_eq!(*greetings.get(tenant).await.unwrap(), format!("hello {tenant}"));
/// # }
/// ```
pub struct TenantCache<V, E = std::convert::Infallible> {
    inner: Arc<Inner<V, E>>,
}

type Loaded<V, E> = Result<Cached<V>, CacheError<E>>;
type Loader<V, E> =
    Box<dyn Fn(TenantId) -> Pin<Box<dyn Future<Output = Result<V, E>> + Send>> + Send + Sync>;
type Evicted<V> = Box<dyn Fn(Cached<V>) + Send + Sync>;

struct Inner<V, E> {
    state: Mutex<State<V, E>>,
    load: Loader<V, E>,
    evicted: Option<Evicted<V>>,
    /// Where loading goes on when the caller's runtime is gone.
    runtime: Handle,
}

struct State<V, E> {
    entries: LruCache<TenantId, Entry<V>>,
    loading: HashMap<TenantId, Flight<V, E>>,
    next_flight: u64,
    /// Counts sweeps: a clock that costs nothing to read.
    sweep: u64,
    stats: CacheStats,
}

struct Entry<V> {
    value: Cached<V>,
    used: u64,
}

/// A load under way. Its end comes through the channel, which closes without one when the loader
/// panics.
struct Flight<V, E> {
    number: u64,
    landed: watch::Receiver<Option<Landing<V, E>>>,
}

enum Landing<V, E> {
    Loaded(Loaded<V, E>),
    /// The tenant changed while its value was being loaded: whoever waits starts over.
    Overtaken,
}

/// A value is swept out after this many sweeps without use; each sweep is `idle` divided by it.
const SWEEPS_PER_IDLE: u32 = 4;

impl<V, E> Clone for TenantCache<V, E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<V, E> TenantCache<V, E>
where
    V: Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// A cache that loads on the current runtime.
    ///
    /// # Panics
    /// None by itself; must be called within a tokio runtime, as [`Handle::current`] must.
    pub fn new<F, Fut>(options: CacheOptions, load: F) -> Self
    where
        F: Fn(TenantId) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        Self::on_runtime(&options, Handle::current(), load, None)
    }

    pub(crate) fn on_runtime<F, Fut>(
        options: &CacheOptions,
        runtime: Handle,
        load: F,
        evicted: Option<Evicted<V>>,
    ) -> Self
    where
        F: Fn(TenantId) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        let capacity =
            std::num::NonZeroUsize::new(options.capacity).unwrap_or(std::num::NonZeroUsize::MIN);
        let state = Mutex::new(State {
            entries: LruCache::new(capacity),
            loading: HashMap::new(),
            next_flight: 0,
            sweep: 0,
            stats: CacheStats::default(),
        });
        let load: Loader<V, E> = Box::new(move |tenant| Box::pin(load(tenant)));
        let inner = Arc::new(Inner {
            state,
            load,
            evicted,
            runtime,
        });
        inner.runtime.spawn(sweep_now_and_then(
            Arc::downgrade(&inner),
            options.idle / SWEEPS_PER_IDLE,
        ));
        Self { inner }
    }

    /// The tenant's value if it is in memory.
    #[must_use]
    pub fn peek(&self, tenant: TenantId) -> Option<Cached<V>> {
        self.inner.state.lock().hit(tenant)
    }

    /// The tenant's value, loaded if it is not in memory.
    ///
    /// # Errors
    /// [`CacheError::Load`] with the loader's own error; nothing is remembered of it.
    pub async fn get(&self, tenant: TenantId) -> Loaded<V, E> {
        loop {
            let mut landed = {
                let mut state = self.inner.state.lock();
                if let Some(value) = state.hit(tenant) {
                    return Ok(value);
                }
                state.stats.misses += 1;
                self.join_or_start(&mut state, tenant)
            };
            match landed.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(Landing::Loaded(loaded))) => return loaded.clone(),
                Ok(_) => {}
                Err(_) => return Err(CacheError::Interrupted),
            }
        }
    }

    fn join_or_start(
        &self,
        state: &mut State<V, E>,
        tenant: TenantId,
    ) -> watch::Receiver<Option<Landing<V, E>>> {
        if let Some(flight) = state.loading.get(&tenant) {
            return flight.landed.clone();
        }
        let (land, landed) = watch::channel(None);
        state.next_flight += 1;
        let number = state.next_flight;
        let flight = Flight {
            number,
            landed: landed.clone(),
        };
        state.loading.insert(tenant, flight);
        let cache = self.clone();
        self.inner.runtime.spawn(async move {
            let _cleared = ClearFlight {
                cache: &cache,
                tenant,
                number,
            };
            let loaded = (cache.inner.load)(tenant)
                .await
                .map(Cached::new)
                .map_err(CacheError::Load);
            land.send_replace(Some(cache.land(tenant, number, loaded)));
        });
        landed
    }

    /// Keeps what was loaded, unless the tenant changed meanwhile.
    fn land(&self, tenant: TenantId, number: u64, loaded: Loaded<V, E>) -> Landing<V, E> {
        let mut state = self.inner.state.lock();
        if !state.end_flight(tenant, number) {
            return Landing::Overtaken;
        }
        let evicted = loaded.as_ref().ok().and_then(|value| {
            let value = value.clone();
            let used = state.sweep;
            let full = state.entries.len() == state.entries.cap().get();
            let made_room = state.entries.push(tenant, Entry { value, used });
            made_room.filter(|_| full).map(|(_, entry)| entry.value)
        });
        state.stats.evictions += u64::from(evicted.is_some());
        drop(state);
        self.tell_evicted(evicted);
        Landing::Loaded(loaded)
    }

    fn tell_evicted(&self, evicted: impl IntoIterator<Item = Cached<V>>) {
        if let Some(tell) = &self.inner.evicted {
            evicted.into_iter().for_each(tell);
        }
    }

    /// Forgets the tenant's value, also one that is being loaded now. What is returned may be
    /// held by others; [`Cached::drained`] waits for them.
    pub fn remove(&self, tenant: TenantId) -> Option<Cached<V>> {
        let mut state = self.inner.state.lock();
        state.loading.remove(&tenant);
        state.entries.pop(&tenant).map(|entry| entry.value)
    }

    /// Forgets everything.
    pub fn clear(&self) -> Vec<Cached<V>> {
        let mut state = self.inner.state.lock();
        state.loading.clear();
        let mut cleared = Vec::with_capacity(state.entries.len());
        while let Some((_, entry)) = state.entries.pop_lru() {
            cleared.push(entry.value);
        }
        cleared
    }

    /// What the cache has been doing.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let state = self.inner.state.lock();
        CacheStats {
            entries: state.entries.len(),
            ..state.stats
        }
    }

    fn sweep(&self) {
        let mut state = self.inner.state.lock();
        state.sweep += 1;
        let unused_before = state.sweep.saturating_sub(u64::from(SWEEPS_PER_IDLE));
        let mut evicted = Vec::new();
        while let Some((_, entry)) = state.entries.peek_lru() {
            if entry.used >= unused_before {
                break;
            }
            evicted.extend(state.entries.pop_lru().map(|(_, entry)| entry.value));
        }
        state.stats.evictions += evicted.len() as u64;
        drop(state);
        self.tell_evicted(evicted);
    }
}

impl<V, E> State<V, E> {
    fn hit(&mut self, tenant: TenantId) -> Option<Cached<V>> {
        let sweep = self.sweep;
        let entry = self.entries.get_mut(&tenant)?;
        entry.used = sweep;
        self.stats.hits += 1;
        Some(entry.value.clone())
    }

    /// Takes a flight out of the air. `false`: it was overtaken.
    fn end_flight(&mut self, tenant: TenantId, number: u64) -> bool {
        let current = self.loading.get(&tenant).map(|flight| flight.number);
        if current == Some(number) {
            self.loading.remove(&tenant);
        }
        current == Some(number)
    }
}

/// Lets the next caller start over when a loader panicked.
struct ClearFlight<'a, V, E> {
    cache: &'a TenantCache<V, E>,
    tenant: TenantId,
    number: u64,
}

impl<V, E> Drop for ClearFlight<'_, V, E> {
    fn drop(&mut self) {
        let mut state = self.cache.inner.state.lock();
        state.end_flight(self.tenant, self.number);
    }
}

async fn sweep_now_and_then<V, E>(cache: Weak<Inner<V, E>>, pause: Duration)
where
    V: Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    loop {
        tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
        let Some(inner) = cache.upgrade() else { return };
        TenantCache { inner }.sweep();
    }
}
