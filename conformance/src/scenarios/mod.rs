//! What is checked of an adapter.

mod bodies;
mod callers;
mod cases;
mod endless;
mod states;

pub use bodies::{
    a_body_may_have_as_many_bytes_as_elsewhere, a_body_that_breaks_off_harms_nobody,
    a_body_that_trickles_in_holds_no_connection,
    a_stream_keeps_its_tenant_within_reach_until_it_ends, a_stream_that_is_let_run_ends_well,
};
pub use callers::{
    a_handler_that_panics_is_an_internal_error, a_request_that_takes_too_long_is_told_so,
    callers_who_go_away_give_everything_back,
};
pub use cases::{every_case_is_answered_as_it_is_written, every_code_there_is_can_be_answered};
pub use endless::{
    a_stream_of_events_ends_when_its_tenant_is_suspended,
    a_web_socket_ends_when_its_tenant_is_suspended,
    a_web_socket_outlives_the_suspension_of_another_tenant,
};
pub use states::{
    a_tenant_s_state_is_said_to_its_users_only,
    a_tenant_whose_record_cannot_be_read_is_asked_for_again_later,
    each_user_reads_their_own_tenant_s_rows_and_no_others,
};
