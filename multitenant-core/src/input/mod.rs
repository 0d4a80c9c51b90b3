//! Reads what a caller sent, and says field by field what is wrong with it, whatever the web
//! framework.

mod fault;
mod json;
mod object;
mod query;

pub use json::{BODY_LIMIT, broken_off, expect_json, json, json_text, too_large};
pub use query::query;
