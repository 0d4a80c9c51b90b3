//! Whether the server lives, can be given work, and how it is.

mod probe;
mod routes;
mod watch;

pub use probe::{CacheHealth, Probe, ProbeError};
pub(crate) use routes::Documented;
pub use routes::routes;
