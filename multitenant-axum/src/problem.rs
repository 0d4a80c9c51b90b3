use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use multitenant_core::Problem as CoreProblem;

use crate::extract::thin;

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
/// The response's extensions hold the [`Code`](multitenant_core::Code), for a log line or a count of refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub CoreProblem);

thin!([] Problem, CoreProblem);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Texts and numbers under fixed keys: there is nothing that could not be written.
        let body = serde_json::to_vec(&self.0.document()).unwrap_or_default();
        let mut response = Response::new(body.into());
        let status = StatusCode::from_u16(self.0.status());
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.0.headers() {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response.extensions_mut().insert(self.0.code);
        response
    }
}

/// Turns what axum or another layer answers by itself (too late, too large, no such route) into a
/// problem. What has a body of its own making stays. Put it inside of
/// [`request_id`](crate::request_id):
///
/// ```
/// use axum::{Router, middleware::from_fn};
/// # let router: Router = Router::new();
/// let router = router
///     .layer(from_fn(multitenant_axum::problems))
///     .layer(from_fn(multitenant_axum::request_id));
/// ```
pub async fn problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type.map(HeaderValue::as_bytes);
    match CoreProblem::in_place_of(response.status().as_u16(), content_type) {
        Some(problem) => replace_body(response, problem),
        None => response,
    }
}

/// Keeps the headers that do not speak of the body, such as `Allow` and those of CORS.
fn replace_body(response: Response, problem: CoreProblem) -> Response {
    let mut headers = response.into_parts().0.headers;
    headers.remove(CONTENT_TYPE);
    headers.remove(CONTENT_LENGTH);
    let mut replaced = Problem(problem).into_response();
    replaced.headers_mut().extend(headers);
    replaced
}

/// Core's problems, its codes and errors, and whatever of yours is `Into` core's problem.
impl<E: Into<CoreProblem>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}
