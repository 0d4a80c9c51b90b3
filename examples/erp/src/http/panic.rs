use std::any::Any;

use axum::response::{IntoResponse, Response};
use multitenant_axum::Problem;
use multitenant_core::Code;

/// Answers for a handler that panicked. What it said is logged by the panic hook, with its place.
pub(super) fn to_problem(_: Box<dyn Any + Send>) -> Response {
    Problem::from(Code::Internal).into_response()
}
