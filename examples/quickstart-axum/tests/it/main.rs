//! What the quickstart promises, and what the README says of it.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod the_readme_tells_the_truth;

use multitenant_conformance::quickstart::{lines_of_code, two_tenants_keep_their_notes_apart};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quickstart-axum");
const SOURCE: &str = include_str!("../../src/main.rs");

#[tokio::test]
async fn two_tenants_run_and_a_is_refused_at_b() {
    two_tenants_keep_their_notes_apart(PROGRAM).await;
}

#[test]
fn it_has_at_most_sixty_lines_of_code() {
    assert!(lines_of_code(SOURCE) <= 60);
}
