//! How many requests an address may send.

mod key;
mod limit;
mod middleware;

pub(super) use middleware::{RateLimits, limit_rate};
