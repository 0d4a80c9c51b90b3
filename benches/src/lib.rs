//! What the load tools share.

mod spread;

pub use spread::{Random, Spread};
