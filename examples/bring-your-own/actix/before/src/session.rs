use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Json;
use serde::Deserialize;

use crate::failure::Failure;
use crate::state::{AppState, Shared};
use crate::{token, users};

#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

pub(crate) async fn sign_up(app: Shared, new: Json<Credentials>) -> Result<String, Failure> {
    let user = users::add(&app.pool, &new.email, &new.password).await?;
    token::sign(&app.secret, user).ok_or(Failure::Unauthorized)
}

pub(crate) async fn sign_in(app: Shared, given: Json<Credentials>) -> Result<String, Failure> {
    let user = users::find(&app.pool, &given.email, &given.password).await?;
    let signed = user.and_then(|user| token::sign(&app.secret, user));
    signed.ok_or(Failure::Unauthorized)
}

/// Whose token a request brings.
pub(crate) fn caller(app: &AppState, request: &HttpRequest) -> Result<i64, Failure> {
    let header = request.headers().get(AUTHORIZATION);
    let token = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let user = token.and_then(|token| token::verify(&app.secret, token));
    user.ok_or(Failure::Unauthorized)
}
