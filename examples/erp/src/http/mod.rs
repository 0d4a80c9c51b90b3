//! What stands around every route: who calls, what is logged, what is refused before a handler
//! runs, and how an answer leaves.

mod access_log;
mod cors;
mod envelope;
mod panic;
mod peer;
mod rate_limit;
mod security_headers;
mod stack;

pub use peer::ClientAddress;
pub use stack::Stack;
