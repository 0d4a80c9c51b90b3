//! What the server says of itself: the document of its routes, a page to read it, and one for
//! each code of a problem. They load nothing from elsewhere.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::response::IntoResponse;
use axum::routing::get;
use multitenant_axum::{Path, Problem};
use multitenant_core::Code;
use serde_json::Value;
use utoipa::OpenApi;

const PAGE: &str = include_str!("reader.html");
const STYLE: &str = include_str!("reader.css");
const SCRIPT: &str = include_str!("reader.js");

/// The document, as it has itself.
#[derive(OpenApi)]
#[openapi(paths(document))]
pub(crate) struct Documented;

/// `GET /api/openapi.json`, `GET /docs` with what the page needs, and `GET /problems/{code}`.
pub(crate) fn routes(openapi: &Value) -> Router {
    let openapi = Bytes::from(openapi.to_string());
    Router::new()
        .route("/api/openapi.json", get(move || document(openapi.clone())))
        .route(
            "/docs",
            get(async || file("text/html; charset=utf-8", PAGE)),
        )
        .route(
            "/docs/reader.css",
            get(async || file("text/css; charset=utf-8", STYLE)),
        )
        .route(
            "/docs/reader.js",
            get(async || file("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route("/problems/{code}", get(problem))
}

/// Where the `type` of every problem leads: its code's page, as text that browsers show.
async fn problem(Path(code): Path<String>) -> Result<impl IntoResponse, Problem> {
    let known = Code::ALL.iter().find(|known| known.as_str() == code);
    let page = known.ok_or(Code::NotFound)?.page();
    Ok(file("text/plain; charset=utf-8", page))
}

/// This document (OpenAPI 3.1).
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    responses((status = 200, description = "The document", body = Object))
)]
async fn document(openapi: Bytes) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), FOR_ALL], openapi)
}

/// It belongs to nobody, and may change with the next version.
const FOR_ALL: (HeaderName, &str) = (CACHE_CONTROL, "no-cache");

/// A page may use what comes from here, and nothing else.
const POLICY: (HeaderName, &str) = (
    CONTENT_SECURITY_POLICY,
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

fn file(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, media_type), FOR_ALL, POLICY], text)
}
