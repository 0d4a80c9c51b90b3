//! What everybody who is signed in does with their own account, staff and users alike.

use axum::extract::State;
use axum::http::StatusCode;
use multitenant_axum::{Json, Principal, Problem};
use multitenant_core::auth::sign_in::SignedIn;
use multitenant_core::platform::Platform;
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::caller::{Caller, told};
use crate::forms::PasswordForm;

/// The tokens of somebody who signed in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tokens {
    token: String,
    refresh_token: String,
    expires_in: i64,
}

impl From<&SignedIn> for Tokens {
    fn from(signed_in: &SignedIn) -> Self {
        Self {
            token: signed_in.access_token.expose_secret().to_owned(),
            refresh_token: signed_in.refresh_token.expose_secret().to_owned(),
            expires_in: signed_in.expires_in,
        }
    }
}

pub(crate) async fn logout(
    State(platform): State<Platform>,
    who: Principal,
    Caller(origin): Caller,
) -> Result<StatusCode, Problem> {
    let signed_out = platform.sign_in().sign_out(who.identity(), &origin);
    signed_out.await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn change_password(
    State(platform): State<Platform>,
    who: Principal,
    Caller(origin): Caller,
    Json(form): Json<PasswordForm>,
) -> Result<StatusCode, Problem> {
    let new = form.new_password()?;
    let sign_in = platform.sign_in();
    let changed = sign_in.change_password(who.identity(), form.current_password, new, &origin);
    changed.await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}
