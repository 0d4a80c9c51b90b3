use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use multitenant_axum::Problem;
use multitenant_core::{Code, Problem as CoreProblem};

/// Turns what a framework answers by itself (no such route, no such method, too late) into a
/// problem. What has a body of its own making stays.
pub(super) fn from_bare(response: Response) -> Response {
    if !(response.status().is_client_error() || response.status().is_server_error()) {
        return response;
    }
    match problem_of(response.status()).filter(|_| is_bare(&response)) {
        Some(problem) => replace_body(response, problem),
        None => response,
    }
}

fn is_bare(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    content_type.is_none_or(|value| value.as_bytes().starts_with(b"text/plain"))
}

fn problem_of(status: StatusCode) -> Option<CoreProblem> {
    let problem = match status {
        StatusCode::BAD_REQUEST => Code::BodyMalformed.into(),
        StatusCode::NOT_FOUND => Code::NotFound.into(),
        StatusCode::METHOD_NOT_ALLOWED => CoreProblem::new(
            Code::MethodNotAllowed,
            "use one of the methods in the header Allow",
        ),
        StatusCode::REQUEST_TIMEOUT => CoreProblem::new(
            Code::RequestTimeout,
            "it may or may not have been carried out; look before sending it again",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge.into(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType.into(),
        StatusCode::UNPROCESSABLE_ENTITY => Code::ValidationFailed.into(),
        StatusCode::INTERNAL_SERVER_ERROR => Code::Internal.into(),
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable.into(),
        _ => return None,
    };
    Some(problem)
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
