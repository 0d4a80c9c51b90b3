use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers that differ from node to node and from time to time, so that what began together does
/// not go on together. Good for that alone.
#[derive(Default)]
pub(super) struct Jitter {
    seed: RandomState,
    drawn: AtomicU64,
}

impl Jitter {
    /// A number from 0 up to 1.
    pub(super) fn next(&self) -> f64 {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let [high, low, ..] = self.seed.hash_one(drawn).to_le_bytes();
        f64::from(u16::from_le_bytes([high, low])) / 65_536.0
    }
}
