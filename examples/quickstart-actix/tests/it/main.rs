//! What the quickstart promises.

use multitenant_conformance::quickstart::{lines_of_code, two_tenants_keep_their_notes_apart};

#[tokio::test]
async fn two_tenants_run_and_a_is_refused_at_b() {
    two_tenants_keep_their_notes_apart(env!("CARGO_BIN_EXE_quickstart-actix")).await;
}

#[test]
fn it_has_at_most_sixty_lines_of_code() {
    assert!(lines_of_code(include_str!("../../src/main.rs")) <= 60);
}
