use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::Deserialize;

use crate::failure::Failure;
use crate::{AppState, token, users};

#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

pub(crate) async fn sign_up(
    State(app): State<AppState>,
    Json(new): Json<Credentials>,
) -> Result<String, Failure> {
    let user = users::add(&app.pool, &new.email, &new.password).await?;
    token::sign(&app.secret, user).ok_or(Failure::Unauthorized)
}

pub(crate) async fn sign_in(
    State(app): State<AppState>,
    Json(given): Json<Credentials>,
) -> Result<String, Failure> {
    let user = users::find(&app.pool, &given.email, &given.password).await?;
    let signed = user.and_then(|user| token::sign(&app.secret, user));
    signed.ok_or(Failure::Unauthorized)
}

/// Whose token a request brings.
pub(crate) struct Caller(pub(crate) i64);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let header = parts.headers.get(AUTHORIZATION);
        let token = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let user = token.and_then(|token| token::verify(&app.secret, token));
        user.map(Self).ok_or(Failure::Unauthorized)
    }
}
