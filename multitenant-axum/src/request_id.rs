use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use multitenant_core::RequestId;

/// Gives each request an id: the caller's `x-request-id` where it is a sane token, else a fresh
/// one. Put it outermost:
///
/// ```
/// use axum::{Router, middleware::from_fn};
/// # let router: Router = Router::new();
/// let router = router.layer(from_fn(multitenant_axum::request_id));
/// ```
///
/// The id stands in the request's extensions as a [`RequestId`], in every problem that is made
/// while the request is handled, and in the response's header `x-request-id`.
pub async fn request_id(mut request: Request, next: Next) -> Response {
    let values = request.headers().get_all(RequestId::HEADER);
    let id = RequestId::accept_only(values.iter().map(HeaderValue::as_bytes));
    request.extensions_mut().insert(id.clone());
    let mut response = id.clone().scope(next.run(request)).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(RequestId::HEADER, value);
    }
    response
}
