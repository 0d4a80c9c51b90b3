use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use multitenant_core::gate::Refusal;
use multitenant_core::tenant::TenantError;
#[cfg(feature = "_sql")]
use multitenant_core::tenant::WrongEngine;
use multitenant_core::{Code, Problem as CoreProblem};

use crate::request_id;

/// What a handler fails with: core's [`Problem`](CoreProblem) as a response (RFC 9457).
///
/// `?` turns sqlx's errors and core's into one. An error of your own takes three lines:
///
/// ```
/// use multitenant_axum::Problem;
/// use multitenant_core::{Code, Problem as CoreProblem};
///
/// enum BookingError {
///     PeriodClosed,
/// }
///
/// impl From<BookingError> for Problem {
///     fn from(BookingError::PeriodClosed: BookingError) -> Self {
///         CoreProblem::new(Code::Conflict, "the period is closed; book in a later one").into()
///     }
/// }
///
/// fn book(closed: bool) -> Result<(), BookingError> {
///     if closed { Err(BookingError::PeriodClosed) } else { Ok(()) }
/// }
///
/// async fn handler() -> Result<(), Problem> {
///     Ok(book(true)?)
/// }
/// ```
///
/// The response's extensions hold the [`Code`], for a log line or a count of refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub CoreProblem);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let request_id = request_id::current();
        let id = request_id.as_ref().map(|id| id.as_str());
        // Texts and numbers under fixed keys: there is nothing that could not be written.
        let body = serde_json::to_vec(&self.0.document(id)).unwrap_or_default();
        let status = StatusCode::from_u16(self.0.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, headers(&self.0), body).into_response();
        response.extensions_mut().insert(self.0.code);
        response
    }
}

fn headers(problem: &CoreProblem) -> HeaderMap {
    let media_type = HeaderValue::from_static(CoreProblem::MEDIA_TYPE);
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, media_type)]);
    if let Some(seconds) = problem.retry_after_seconds() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if let Some(challenge) = problem.challenge() {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    headers
}

impl From<CoreProblem> for Problem {
    fn from(problem: CoreProblem) -> Self {
        Self(problem)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self(code.into())
    }
}

macro_rules! from_errors {
    ($($error:ty),+) => {
        $(impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self((&error).into())
            }
        })+
    };
}

from_errors!(Refusal, TenantError);
#[cfg(feature = "_sql")]
from_errors!(sqlx::Error, WrongEngine);
