use axum::body::Bytes;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{self, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use multitenant_core::{Code, Problem as CoreProblem, input};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::thin;
use crate::Problem;

/// A JSON body, read or written. In place of axum's, it fails with a [`Problem`]: 400
/// `body_malformed`, 413 `body_too_large`, 415 `unsupported_media_type`, 422 `validation_failed`
/// with the offending field ([`input::json`]).
///
/// How large a body may be says [`DefaultBodyLimit`](extract::DefaultBodyLimit), a layer; without
/// it, [`input::BODY_LIMIT`].
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// The query of the target. In place of axum's, it fails with 422 `validation_failed` and the
/// offending field ([`input::query`]).
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// The parameters in the path. In place of axum's, it fails with 404 `not_found`: what can be no
/// id is no different from an id that nobody has.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

thin!([T] Json<T>, T);
thin!([T] Query<T>, T);
thin!([T] Path<T>, T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_types = request.headers().get_all(CONTENT_TYPE);
        input::expect_json(content_types.iter().map(HeaderValue::as_bytes))?;
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| unread(rejection.status()))?;
        Ok(Self(input::json_text(&body)?))
    }
}

fn unread(status: StatusCode) -> CoreProblem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => input::too_large(),
        _ => input::broken_off(),
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let media_type = HeaderValue::from_static("application/json");
                ([(CONTENT_TYPE, media_type)], body).into_response()
            }
            Err(error) => Problem(CoreProblem::internal(&error)).into_response(),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(input::query(query)?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(parameters)) => Ok(Self(parameters)),
            Err(rejection) if is_the_caller_s(&rejection) => Err(Code::NotFound.into()),
            Err(rejection) => Err(CoreProblem::internal(&rejection).into()),
        }
    }
}

/// Whether the path is at fault, and not a handler that takes other parameters than its route has.
fn is_the_caller_s(rejection: &PathRejection) -> bool {
    let PathRejection::FailedToDeserializePathParams(failure) = rejection else {
        return false;
    };
    !matches!(
        failure.kind(),
        ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. }
    )
}
