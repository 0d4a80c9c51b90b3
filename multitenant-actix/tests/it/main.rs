//! What the adapter promises, each file a promise, over real sockets. One binary, so that it is
//! linked once.
#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod common;

mod a_worker_takes_no_connection_along;
mod every_route_has_a_rule;
mod handlers_keep_their_data;
mod it_answers_as_every_adapter;
mod no_tenant_reaches_another;
