use std::fmt;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, Responder, ResponseError};
use multitenant_core::gate::{Misplaced, Refusal};
use multitenant_core::tenant::TenantError;
#[cfg(feature = "_sql")]
use multitenant_core::tenant::WrongEngine;
use multitenant_core::{Code, Problem as CoreProblem};

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
/// The response's extensions hold the [`Code`], for a log line or a count of refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub CoreProblem);

impl Problem {
    /// The HTTP status that it is answered with.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status()
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }
}

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
        // Texts and numbers under fixed keys: there is nothing that could not be written.
        let body = serde_json::to_vec(&self.0.document()).unwrap_or_default();
        let mut response = HttpResponse::with_body(self.status_code(), BoxBody::new(body));
        for (name, value) in self.0.headers() {
            if let Ok(value) = HeaderValue::from_str(&value) {
                let name = HeaderName::from_static(name);
                response.headers_mut().insert(name, value);
            }
        }
        response.extensions_mut().insert(self.0.code);
        response
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
    let response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => return Err(told(error)),
    };
    let Some(problem) = bare(response.response()) else {
        return Ok(response.map_into_left_body());
    };
    let (request, response) = response.into_parts();
    let response = replace_body(&response, problem);
    Ok(ServiceResponse::new(request, response).map_into_right_body())
}

fn told(error: Error) -> Error {
    let response = error.error_response();
    match bare(&response) {
        Some(problem) => {
            InternalError::from_response(error, replace_body(&response, problem)).into()
        }
        None => error,
    }
}

fn bare<B>(response: &HttpResponse<B>) -> Option<CoreProblem> {
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type.map(HeaderValue::as_bytes);
    CoreProblem::in_place_of(response.status().as_u16(), content_type)
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

from_errors!(Misplaced, Refusal, TenantError);
#[cfg(feature = "_sql")]
from_errors!(sqlx::Error, WrongEngine);
