use std::fmt;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, Responder, ResponseError};
use multitenant_core::Problem as CoreProblem;

use crate::extract::thin;

/// What a handler fails with: core's [`Problem`](CoreProblem) as a response (RFC 9457).
///
/// `?` turns sqlx's errors and core's into one. An error of your own takes three lines:
///
/// ```
/// use multitenant_actix::Problem;
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
/// async fn handler() -> Result<&'static str, Problem> {
///     book(true)?;
///     Ok("booked")
/// }
/// ```
///
/// The response's extensions hold the [`Code`](multitenant_core::Code), for a log line or a count of refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub CoreProblem);

thin!([] Problem, CoreProblem);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in self.0.headers() {
            response.insert_header((name, &*value));
        }
        response.extensions_mut().insert(self.0.code);
        response.json(self.0.document())
    }
}

impl Responder for Problem {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}

/// Turns what actix or another middleware answers by itself (too late, too large, no such route)
/// into a problem. What has a body of its own making stays. Put it inside of
/// [`request_id`](crate::request_id):
///
/// ```
/// use actix_web::{App, middleware::from_fn};
///
/// let app = App::new()
///     .wrap(from_fn(multitenant_actix::problems))
///     .wrap(from_fn(multitenant_actix::request_id));
/// ```
///
/// # Errors
/// The middleware's or handler's own, as a problem where it is bare.
pub async fn problems<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match next.call(request).await {
        Ok(response) => {
            let (request, response) = response.into_parts();
            Ok(ServiceResponse::new(request, or_problem(response)))
        }
        Err(error) => {
            let response = or_problem(error.error_response()).map_into_boxed_body();
            Err(InternalError::from_response(error, response).into())
        }
    }
}

fn or_problem<B>(response: HttpResponse<B>) -> HttpResponse<EitherBody<B>> {
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type.map(HeaderValue::as_bytes);
    match CoreProblem::in_place_of(response.status().as_u16(), content_type) {
        Some(problem) => replace_body(&response, problem).map_into_right_body(),
        None => response.map_into_left_body(),
    }
}

/// Keeps the headers that do not speak of the body, such as `Allow` and those of CORS.
fn replace_body<B>(response: &HttpResponse<B>, problem: CoreProblem) -> HttpResponse {
    let mut replaced = Problem(problem).error_response();
    for (name, value) in response.headers() {
        if *name != CONTENT_TYPE && *name != CONTENT_LENGTH {
            replaced.headers_mut().append(name.clone(), value.clone());
        }
    }
    replaced
}

/// Core's problems, its codes and errors, and whatever of yours is `Into` core's problem.
impl<E: Into<CoreProblem>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}
