//! What the server promises, each file a promise. One binary, so that it is linked once.
#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod common;

mod a_clean_end;
mod a_database_that_goes_away_and_comes_back;
mod a_key_that_was_lost;
mod an_end_waits_for_requests_in_flight;
mod bad_input_changes_nothing;
mod commands_beside_a_server;
mod every_error_is_a_problem;
mod every_route_is_documented;
mod how_the_server_is;
mod killed_at_any_moment;
mod no_request_crosses_over;
mod no_route_leads_to_another_client;
mod one_address_cannot_flood;
mod one_line_for_each_request;
mod servers_and_clients_are_looked_at;
mod starting;
mod the_walkthrough;
mod two_servers_on_one_catalog;
mod what_every_answer_carries;
mod which_client_a_request_is_for;
