//! What changed: the log of changes, its reader, and what wakes that.

mod bus;
mod event;
mod follower;
mod intents;
mod listening;
mod local;
#[cfg(feature = "redis")]
mod redis;

pub use bus::{Announcements, BusError, EventBus, LocalBus};
pub use event::{Event, EventKind, Position};
pub use follower::{Follow, FollowError, Follower, FollowerOptions, LogReader};
pub use intents::{Intent, IntentError, Intents, ORPHAN_AGE, run_sweeper};
pub use local::LocalLog;
#[cfg(feature = "redis")]
pub use redis::RedisBus;
