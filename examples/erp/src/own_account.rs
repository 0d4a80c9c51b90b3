//! What everybody who is signed in does with their own account, staff and users alike.

use axum::extract::State;
use axum::http::StatusCode;
use multitenant_axum::{Json, Principal, Problem};
use multitenant_core::auth::sign_in::SignedIn;
use multitenant_core::platform::Platform;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::{Caller, told};
use crate::forms::PasswordForm;

/// The tokens of somebody who signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tokens {
    /// To be sent as `Authorization: Bearer`.
    token: String,
    /// To be exchanged for a new pair, once.
    refresh_token: String,
    /// How long the token works, in seconds.
    #[schema(example = 900)]
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

/// Ends the session, here at once and elsewhere within a second.
#[utoipa::path(
    post,
    path = "/auth/logout",
    responses((status = 204, description = "Signed out"))
)]
pub(crate) async fn logout(
    State(platform): State<Platform>,
    who: Principal,
    Caller(origin): Caller,
) -> Result<StatusCode, Problem> {
    let signed_out = platform.sign_in().sign_out(who.identity(), &origin);
    signed_out.await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes one's own password.
#[utoipa::path(
    post,
    path = "/auth/password",
    request_body = PasswordForm,
    responses((status = 204, description = "Changed; every session has ended")),
    extensions(("x-problems" = json!(["invalid_credentials"])))
)]
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
