use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use multitenant_core::RequestId;

/// Gives each request an id: the caller's `x-request-id` where it is a sane token, else a fresh
/// one. Put it outermost, so after the others:
///
/// ```
/// use actix_web::{App, middleware::from_fn};
///
/// let app = App::new().wrap(from_fn(multitenant_actix::request_id));
/// ```
///
/// The id stands in the request's extensions as a [`RequestId`], in every problem that is made
/// while the request is handled, and in the response's header `x-request-id`.
///
/// # Errors
/// The handler's or middleware's own, with the id in its response.
pub async fn request_id<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let values = request.headers().get_all(RequestId::HEADER);
    let id = RequestId::accept_only(values.map(HeaderValue::as_bytes));
    request.extensions_mut().insert(id.clone());
    let scoped = id.clone().scope(async {
        let failed = next.call(request).await;
        failed.map_err(|error| (error.error_response(), error))
    });
    match scoped.await {
        Ok(mut response) => {
            name(response.headers_mut(), &id);
            Ok(response)
        }
        Err((mut response, error)) => {
            name(response.headers_mut(), &id);
            Err(InternalError::from_response(error, response).into())
        }
    }
}

fn name(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static(RequestId::HEADER), value);
    }
}
