use std::time::Duration;

/// How many values are kept, and for how long without use.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CacheOptions {
    /// Most values kept; the least recently used goes first. Default 10,000.
    pub capacity: usize,
    /// How long a value is kept that nobody asks for. Default 1 hour.
    pub idle: Duration,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            capacity: 10_000,
            idle: Duration::from_secs(3_600),
        }
    }
}

impl CacheOptions {
    /// The defaults with this capacity.
    #[must_use]
    pub fn capacity(capacity: usize) -> Self {
        Self {
            capacity,
            ..Self::default()
        }
    }
}

/// Why there is no value.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError<E> {
    /// The loader failed; whoever waited for the same value is told the same.
    #[error("the value could not be loaded")]
    Load(#[source] E),
    /// The loader panicked, or its runtime is shutting down.
    #[error("loading the value was interrupted")]
    Interrupted,
}

/// What a cache has been doing, counted since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Values kept now.
    pub entries: usize,
    /// Requests answered from memory.
    pub hits: u64,
    /// Requests that had to wait for the loader.
    pub misses: u64,
    /// Values that made room or went unused for too long.
    pub evictions: u64,
}
