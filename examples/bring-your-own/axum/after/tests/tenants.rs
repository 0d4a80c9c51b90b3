//! The same application for many customers.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../../../page.rs"]
mod page;
#[path = "../../../proof.rs"]
mod proof;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bring-your-own-axum-after");

#[test]
fn two_customers_have_nothing_in_common() {
    proof::two_customers_have_nothing_in_common(PROGRAM);
}

#[sqlx::test(migrations = false)]
async fn one_customer_may_have_a_server_of_their_own(pool: sqlx::PgPool) {
    let database = pool.connect_options().get_database().unwrap().to_owned();
    let served = move || proof::one_customer_may_have_a_server_of_their_own(PROGRAM, &database);
    tokio::task::spawn_blocking(served).await.unwrap();
}
