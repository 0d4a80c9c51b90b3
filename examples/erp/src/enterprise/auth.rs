use axum::extract::State;
use multitenant_axum::{Json, Principal, Problem};
use multitenant_core::auth::sign_in::{Account, Door, SignedIn};
use multitenant_core::platform::Platform;
use multitenant_core::{Code, Realm, Standing};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::{Caller, told};
use crate::forms::{LoginForm, RefreshForm};
use crate::own_account::Tokens;

/// A member of the staff, as they see themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffMember)]
pub(super) struct AdminView {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = "email", example = "root@example.com")]
    email: String,
    #[schema(example = "Administrator")]
    name: String,
    /// `ADMIN`, `SUPER_ADMIN` or `READ_ONLY`.
    #[schema(example = "ADMIN")]
    role: Option<&'static str>,
}

impl From<&Account> for AdminView {
    fn from(account: &Account) -> Self {
        Self {
            id: account.subject.to_string(),
            email: account.email.to_string(),
            name: account.name.clone(),
            role: match account.standing {
                Standing::Staff(role) => Some(role.as_str()),
                Standing::User { .. } => None,
            },
        }
    }
}

/// The tokens of a member of the staff who signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StaffSignedIn)]
pub(super) struct SignedInView {
    #[serde(flatten)]
    tokens: Tokens,
    admin: AdminView,
}

impl From<SignedIn> for SignedInView {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            tokens: (&signed_in).into(),
            admin: (&signed_in.account).into(),
        }
    }
}

/// Signs a member of the staff in.
#[utoipa::path(
    post,
    path = "/auth/login",
    request_body = LoginForm,
    responses((status = 200, description = "Signed in", body = SignedInView)),
    extensions(("x-problems" = json!(["invalid_credentials", "account_suspended"])))
)]
pub(super) async fn login(
    State(platform): State<Platform>,
    Caller(origin): Caller,
    Json(form): Json<LoginForm>,
) -> Result<Json<SignedInView>, Problem> {
    let sign_in = platform.sign_in();
    let signed_in = sign_in.sign_in(Door::Staff, &form.email, form.password, origin);
    Ok(Json(signed_in.await.map_err(told)?.into()))
}

/// Exchanges a refresh token for a new pair of tokens; it works once.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    request_body = RefreshForm,
    responses((status = 200, description = "A new pair of tokens", body = SignedInView)),
    extensions(("x-problems" = json!(["token_invalid", "token_expired", "token_revoked", "wrong_realm", "account_suspended"])))
)]
pub(super) async fn refresh(
    State(platform): State<Platform>,
    Caller(origin): Caller,
    Json(form): Json<RefreshForm>,
) -> Result<Json<SignedInView>, Problem> {
    let token = form.refresh_token.expose_secret();
    let refreshed = platform
        .sign_in()
        .refresh(Realm::Enterprise, token, &origin);
    Ok(Json(refreshed.await.map_err(told)?.into()))
}

/// Tells who is signed in.
#[utoipa::path(
    get,
    path = "/auth/me",
    responses((status = 200, description = "Who is signed in", body = AdminView))
)]
pub(super) async fn me(
    State(platform): State<Platform>,
    who: Principal,
) -> Result<Json<AdminView>, Problem> {
    let account = platform.sign_in().me(who.identity()).await.map_err(told)?;
    let account = account.ok_or(Code::TokenRevoked)?;
    Ok(Json((&account).into()))
}
