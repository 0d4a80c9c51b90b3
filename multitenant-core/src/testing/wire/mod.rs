//! Requests and answers as bytes.

mod answer;
mod ask;

pub use answer::Answer;
pub use ask::Ask;
