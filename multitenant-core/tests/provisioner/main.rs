//! The life of a tenant's database, one suite for both engines, and what each adds to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod conformance;
mod isolation;
mod postgres;
mod sqlite;
mod world;
