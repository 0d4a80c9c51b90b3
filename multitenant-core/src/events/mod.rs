//! What changed: the log of changes and its reader.

mod event;
mod follower;
mod intents;
mod local;

pub use event::{Event, EventKind, Position};
pub use follower::{Follow, FollowError, Follower, FollowerOptions, LogReader};
pub use intents::{Intent, IntentError, Intents, ORPHAN_AGE, run_sweeper};
pub use local::LocalLog;
