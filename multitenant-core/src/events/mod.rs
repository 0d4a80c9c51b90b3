//! What changed: the log of changes and its reader.

mod event;
mod follower;

pub use event::{Event, EventKind, InvalidEvent, Position};
pub use follower::{Follow, FollowError, Follower, FollowerOptions, LogReader};
