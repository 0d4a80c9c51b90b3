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

mod a_router_of_one_tenant_serves_many;
mod every_route_has_a_rule;
mod handlers_keep_their_state;
mod handlers_take_what_they_need;
mod it_answers_as_every_adapter;
mod no_tenant_reaches_another;
