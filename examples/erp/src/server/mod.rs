//! Listens, serves, and ends without breaking off what runs.

mod bind;
mod serve;
mod stop;

pub use bind::{BindError, bind};
pub use serve::{Deadlines, serve};
pub use stop::{Stop, StopHandle};
