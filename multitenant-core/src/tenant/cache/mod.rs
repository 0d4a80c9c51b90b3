//! Any value per tenant or other key, loaded once and kept while it is used.

mod cached;
mod options;

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::hash::Hash;
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
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use multitenant_core::TenantId;
/// use multitenant_core::tenant::{CacheOptions, TenantCache};
///
/// /// What the application needs to know of a tenant at every request.
/// struct Settings {
///     currency: &'static str,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let reads = Arc::new(AtomicUsize::new(0));
/// let counted = Arc::clone(&reads);
/// let settings = TenantCache::new(CacheOptions::capacity(1), move |_tenant: TenantId| {
///     counted.fetch_add(1, Ordering::SeqCst); // from a file, a service, a database
///     async { Ok::<_, std::convert::Infallible>(Settings { currency: "EUR" }) }
/// });
///
/// let (acme, globex) = (TenantId::generate(), TenantId::generate());
/// let (one, other) = tokio::join!(settings.get(acme), settings.get(acme));
/// assert_eq!((one.unwrap().currency, other.unwrap().currency), ("EUR", "EUR"));
/// assert_eq!(reads.load(Ordering::SeqCst), 1);
///
/// // There is room for one: acme's goes, and is read again when it is asked for.
/// settings.get(globex).await.unwrap();
/// settings.get(acme).await.unwrap();
/// assert_eq!(reads.load(Ordering::SeqCst), 3);
/// settings.remove(acme); // its settings have changed
/// # }
/// ```
pub type TenantCache<V, E = Infallible> = Cache<TenantId, V, E>;

/// Names a value.
pub trait CacheKey: Copy + Eq + Hash + Send + Sync + 'static {}

impl<K: Copy + Eq + Hash + Send + Sync + 'static> CacheKey for K {}

/// Any value per key, loaded once and kept while it is used. Cheap to clone; see [`TenantCache`].
pub struct Cache<K, V, E = Infallible> {
    inner: Arc<Inner<K, V, E>>,
}

type Loaded<V, E> = Result<Cached<V>, CacheError<E>>;
type Loader<K, V, E> =
    Box<dyn Fn(K) -> Pin<Box<dyn Future<Output = Result<V, E>> + Send>> + Send + Sync>;
/// Told of a value after it came into the cache or made room, outside of the lock: by then it may be
/// the other way round again.
type Moved<K, V, E> = Box<dyn Fn(&Cache<K, V, E>, &Cached<V>) + Send + Sync>;

struct Inner<K, V, E> {
    state: Mutex<State<K, V, E>>,
    load: Loader<K, V, E>,
    moved: Option<Moved<K, V, E>>,
    /// Where loading goes on when the caller's runtime is gone.
    runtime: Handle,
}

struct State<K, V, E> {
    entries: LruCache<K, Entry<V>>,
    loading: HashMap<K, Flight<V, E>>,
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
    /// It changed while its value was being loaded: whoever waits starts over.
    Overtaken,
}

/// A value is swept out after this many sweeps without use; each sweep is `idle` divided by it.
const SWEEPS_PER_IDLE: u32 = 4;

impl<K, V, E> Clone for Cache<K, V, E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<K, V, E> Cache<K, V, E>
where
    K: CacheKey,
    V: Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// A cache that loads on the current runtime.
    ///
    /// # Panics
    /// Outside of a tokio runtime, as [`Handle::current`] does.
    pub fn new<F, Fut>(options: CacheOptions, load: F) -> Self
    where
        F: Fn(K) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        Self::on_runtime(&options, Handle::current(), load, None)
    }

    pub(crate) fn on_runtime<F, Fut>(
        options: &CacheOptions,
        runtime: Handle,
        load: F,
        moved: Option<Moved<K, V, E>>,
    ) -> Self
    where
        F: Fn(K) -> Fut + Send + Sync + 'static,
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
        let load: Loader<K, V, E> = Box::new(move |key| Box::pin(load(key)));
        let inner = Arc::new(Inner {
            state,
            load,
            moved,
            runtime,
        });
        inner.runtime.spawn(sweep_now_and_then(
            Arc::downgrade(&inner),
            options.idle / SWEEPS_PER_IDLE,
        ));
        Self { inner }
    }

    /// The value if it is in memory.
    #[must_use]
    pub fn peek(&self, key: K) -> Option<Cached<V>> {
        self.inner.state.lock().hit(key)
    }

    /// Looks at the value if it is in memory, without holding on to it. Must be short, since it
    /// happens under the lock.
    pub(crate) fn look<R>(&self, key: K, look: impl FnOnce(&V) -> R) -> Option<R> {
        self.inner.state.lock().find(key).map(|value| look(value))
    }

    /// The value, loaded if it is not in memory.
    ///
    /// # Errors
    /// [`CacheError::Load`] with the loader's own error; nothing is remembered of it.
    pub async fn get(&self, key: K) -> Loaded<V, E> {
        loop {
            let mut landed = {
                let mut state = self.inner.state.lock();
                if let Some(value) = state.hit(key) {
                    return Ok(value);
                }
                state.stats.misses += 1;
                self.join_or_start(&mut state, key)
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
        state: &mut State<K, V, E>,
        key: K,
    ) -> watch::Receiver<Option<Landing<V, E>>> {
        if let Some(flight) = state.loading.get(&key) {
            return flight.landed.clone();
        }
        let (land, landed) = watch::channel(None);
        state.next_flight += 1;
        let number = state.next_flight;
        let flight = Flight {
            number,
            landed: landed.clone(),
        };
        state.loading.insert(key, flight);
        let cache = self.clone();
        self.inner.runtime.spawn(async move {
            let _cleared = ClearFlight {
                cache: &cache,
                key,
                number,
            };
            let loaded = (cache.inner.load)(key)
                .await
                .map(Cached::new)
                .map_err(CacheError::Load);
            land.send_replace(Some(cache.land(key, number, loaded)));
        });
        landed
    }

    /// Keeps what was loaded, unless it changed meanwhile.
    fn land(&self, key: K, number: u64, loaded: Loaded<V, E>) -> Landing<V, E> {
        let mut state = self.inner.state.lock();
        if !state.end_flight(key, number) {
            return Landing::Overtaken;
        }
        let evicted = loaded.as_ref().ok().and_then(|value| {
            let value = value.clone();
            let used = state.sweep;
            let full = state.entries.len() == state.entries.cap().get();
            let made_room = state.entries.push(key, Entry { value, used });
            made_room.filter(|_| full).map(|(_, entry)| entry.value)
        });
        state.stats.evictions += u64::from(evicted.is_some());
        drop(state);
        self.tell_moved(evicted.iter().chain(&loaded));
        Landing::Loaded(loaded)
    }

    fn tell_moved<'v>(&self, values: impl IntoIterator<Item = &'v Cached<V>>) {
        if let Some(tell) = &self.inner.moved {
            values.into_iter().for_each(|value| tell(self, value));
        }
    }

    /// Whether there is a value of this key that is `so`. No use of it: it goes no later for that.
    pub(crate) fn holds(&self, key: K, so: impl FnOnce(&V) -> bool) -> bool {
        let state = self.inner.state.lock();
        let entry = state.entries.peek(&key);
        entry.is_some_and(|entry| so(&entry.value))
    }

    /// Forgets the value, also one that is being loaded now. What is returned may be
    /// held by others; [`Cached::drained`] waits for them.
    pub fn remove(&self, key: K) -> Option<Cached<V>> {
        let mut state = self.inner.state.lock();
        state.loading.remove(&key);
        state.entries.pop(&key).map(|entry| entry.value)
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

    /// Forgets the values that a change concerns, and whatever is being loaded now: it is not
    /// known yet whether the change concerns it.
    pub(crate) fn remove_where(&self, concerned: impl Fn(&K, &V) -> bool) {
        let mut state = self.inner.state.lock();
        state.loading.clear();
        let keys: Vec<_> = state
            .entries
            .iter()
            .filter(|(key, entry)| concerned(key, &entry.value))
            .map(|(key, _)| *key)
            .collect();
        let removed: Vec<_> = keys
            .iter()
            .filter_map(|key| state.entries.pop(key))
            .collect();
        drop(state);
        drop(removed);
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
        self.tell_moved(&evicted);
    }
}

impl<K: CacheKey, V, E> State<K, V, E> {
    fn find(&mut self, key: K) -> Option<&Cached<V>> {
        let sweep = self.sweep;
        let entry = self.entries.get_mut(&key)?;
        entry.used = sweep;
        self.stats.hits += 1;
        Some(&entry.value)
    }

    fn hit(&mut self, key: K) -> Option<Cached<V>> {
        self.find(key).cloned()
    }

    /// Takes a flight out of the air. `false`: it was overtaken.
    fn end_flight(&mut self, key: K, number: u64) -> bool {
        let current = self.loading.get(&key).map(|flight| flight.number);
        if current == Some(number) {
            self.loading.remove(&key);
        }
        current == Some(number)
    }
}

/// Lets the next caller start over when a loader panicked.
struct ClearFlight<'a, K: CacheKey, V, E> {
    cache: &'a Cache<K, V, E>,
    key: K,
    number: u64,
}

impl<K: CacheKey, V, E> Drop for ClearFlight<'_, K, V, E> {
    fn drop(&mut self) {
        let mut state = self.cache.inner.state.lock();
        state.end_flight(self.key, self.number);
    }
}

async fn sweep_now_and_then<K, V, E>(cache: Weak<Inner<K, V, E>>, pause: Duration)
where
    K: CacheKey,
    V: Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    loop {
        tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
        let Some(inner) = cache.upgrade() else { return };
        Cache { inner }.sweep();
    }
}
