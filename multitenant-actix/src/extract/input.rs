use std::future::ready;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, Responder, ResponseError};
use futures_util::future::LocalBoxFuture;
use multitenant_core::{Code, Problem as CoreProblem, input};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{taken_at_once, thin};
use crate::Problem;

/// A JSON body, read or written. In place of actix's, it fails with a [`Problem`]: 400
/// `body_malformed`, 413 `body_too_large`, 415 `unsupported_media_type`, 422 `validation_failed`
/// with the offending field ([`input::json`]).
///
/// How large a body may be says [`PayloadConfig`](actix_web::web::PayloadConfig) in the
/// application's data; without it, [`input::BODY_LIMIT`] behind [`Guarded`](crate::Guarded), and
/// elsewhere actix's own 256 KiB.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// The query of the target. In place of actix's, it fails with 422 `validation_failed` and the
/// offending field ([`input::query`]).
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// The parameters in the path. In place of actix's, it fails with 404 `not_found`: what can be no
/// id is no different from an id that nobody has.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

thin!([T] Json<T>, T);
taken_at_once!([T: DeserializeOwned] Query<T>, T, query);
taken_at_once!([T: DeserializeOwned] Path<T>, T, path);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_types = request.headers().get_all(CONTENT_TYPE);
        if let Err(problem) = input::expect_json(content_types.map(HeaderValue::as_bytes)) {
            return Box::pin(ready(Err(problem.into())));
        }
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            let body = body.await.map_err(|error| unread(&error))?;
            Ok(Self(input::json_text(&body)?))
        })
    }
}

fn unread(error: &Error) -> CoreProblem {
    match error.as_error() {
        Some(PayloadError::Overflow) => input::too_large(),
        _ => input::broken_off(),
    }
}

impl<T: Serialize> Responder for Json<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match serde_json::to_vec(&self.0) {
            Ok(body) => HttpResponse::Ok()
                .content_type("application/json")
                .body(body),
            Err(error) => Problem(CoreProblem::internal(&error)).error_response(),
        }
    }
}

fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, CoreProblem> {
    input::query(request.query_string())
}

fn path<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, CoreProblem> {
    let parameters = request.match_info();
    // What actix puts for bytes that are not UTF-8.
    let broken = |value: &str| value.contains(char::REPLACEMENT_CHARACTER);
    if parameters.iter().any(|(_, value)| broken(value)) {
        return Err(Code::NotFound.into());
    }
    parameters
        .load()
        .map_err(|error| match is_the_caller_s(&error) {
            true => Code::NotFound.into(),
            false => CoreProblem::internal(&error),
        })
}

/// Whether the path is at fault, and not a handler that takes other parameters than its route has.
/// That is told by actix's sentences only.
fn is_the_caller_s(error: &serde::de::value::Error) -> bool {
    let text = error.to_string();
    !(text.starts_with("wrong number of parameters") || text.starts_with("unsupported type"))
}
