//! Reads what a caller sent, and says field by field what is wrong with it, whatever the web
//! framework.

mod fault;
mod json;
mod query;

pub use json::json;
pub use query::query;
