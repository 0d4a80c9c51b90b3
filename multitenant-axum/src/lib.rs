//! Snapshot.
mod problem;
mod request_id;
pub use problem::Problem;
pub use request_id::request_id;
