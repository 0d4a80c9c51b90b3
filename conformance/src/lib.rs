//! What every adapter must answer to which request: one list of cases in `cases.txt`, and a few
//! stories about bodies and callers that take more than a line, over real sockets.
//!
//! An adapter's tests serve the small application of [`Small`] and call [`conform!`]. Two adapters
//! that pass agree with each other in everything that is written here.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod application;
mod on_postgres;
mod people;
pub mod quickstart;
pub mod scenarios;
mod table;
mod world;

pub use application::{Adapter, Order, Paging, Signals, Small, handlers};
pub use multitenant_core::testing::{Answer, Ask, MemoryDirectory, eventually};
pub use on_postgres::PostgresWorld;
pub use world::{Server, World};

/// The permissions of the small application.
pub mod access {
    multitenant_core::permissions! { invoices: [READ, CREATE] }
}

/// Makes a test of every scenario for an [`Adapter`].
#[macro_export]
macro_rules! conform {
    ($adapter:ty: $($scenario:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $scenario() {
                $crate::scenarios::$scenario::<$adapter>().await;
            }
        )+
    };
    ($adapter:ty) => {
        $crate::conform! { $adapter:
            every_case_is_answered_as_it_is_written,
            every_code_there_is_can_be_answered,
            a_tenant_s_state_is_said_to_its_users_only,
            a_tenant_whose_record_cannot_be_read_is_asked_for_again_later,
            each_user_reads_their_own_tenant_s_rows_and_no_others,
            a_stream_keeps_its_tenant_within_reach_until_it_ends,
            a_stream_that_is_let_run_ends_well,
            a_stream_of_events_ends_when_its_tenant_is_suspended,
            a_web_socket_ends_when_its_tenant_is_suspended,
            a_web_socket_outlives_the_suspension_of_another_tenant,
            a_body_that_trickles_in_holds_no_connection,
            a_body_may_have_as_many_bytes_as_elsewhere,
            a_body_that_breaks_off_harms_nobody,
            callers_who_go_away_give_everything_back,
            a_handler_that_panics_is_an_internal_error,
            a_request_that_takes_too_long_is_told_so,
        }
    };
}
