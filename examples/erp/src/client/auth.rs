use axum::extract::State;
use axum::http::request::Parts;
use multitenant_axum::{HintedTenant, Json, Principal, Problem, View};
use multitenant_core::auth::sign_in::{Account, Door, SignedIn};
use multitenant_core::platform::Platform;
use multitenant_core::{Code, Realm, Standing};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::{Caller, told};
use crate::forms::{LoginForm, RefreshForm};
use crate::own_account::Tokens;

/// A user, as they see themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = Oneself)]
pub(super) struct SelfView {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = "email", example = "ann@acme.example")]
    email: String,
    #[schema(example = "Ann")]
    name: String,
    #[schema(example = json!(["Admin"]))]
    roles: Vec<String>,
}

impl From<&Account> for SelfView {
    fn from(account: &Account) -> Self {
        Self {
            id: account.subject.to_string(),
            email: account.email.to_string(),
            name: account.name.clone(),
            roles: match &account.standing {
                Standing::User { roles, .. } => roles.iter().map(ToString::to_string).collect(),
                Standing::Staff(_) => Vec::new(),
            },
        }
    }
}

/// The tokens of a user who signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserSignedIn)]
pub(super) struct SignedInView {
    #[serde(flatten)]
    tokens: Tokens,
    user: SelfView,
    must_change_password: bool,
}

impl From<SignedIn> for SignedInView {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            tokens: (&signed_in).into(),
            user: (&signed_in.account).into(),
            must_change_password: signed_in.account.password_change_due,
        }
    }
}

/// Signs a user in to the client that the request names.
#[utoipa::path(
    post,
    path = "/auth/login",
    request_body = LoginForm,
    responses((status = 200, description = "Signed in", body = SignedInView)),
    extensions(("x-problems" = json!(["invalid_credentials", "account_suspended", "tenant_unavailable"])))
)]
pub(super) async fn login(
    State(platform): State<Platform>,
    HintedTenant(tenant): HintedTenant,
    Caller(origin): Caller,
    Json(form): Json<LoginForm>,
) -> Result<Json<SignedInView>, Problem> {
    let door = tenant.map_or(Door::Nowhere, |tenant| Door::Tenant(tenant.id()));
    let sign_in = platform.sign_in();
    let signed_in = sign_in.sign_in(door, &form.email, form.password, origin);
    Ok(Json(signed_in.await.map_err(told)?.into()))
}

/// Exchanges a refresh token for a new pair of tokens; it works once.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    request_body = RefreshForm,
    responses((status = 200, description = "A new pair of tokens", body = SignedInView)),
    extensions(("x-problems" = json!(["token_invalid", "token_expired", "token_revoked", "wrong_realm", "account_suspended", "tenant_mismatch", "tenant_suspended", "tenant_unknown", "tenant_unavailable"])))
)]
pub(super) async fn refresh(
    State(platform): State<Platform>,
    Caller(origin): Caller,
    parts: Parts,
    Json(form): Json<RefreshForm>,
) -> Result<Json<SignedInView>, Problem> {
    let token = form.refresh_token.expose_secret();
    let sign_in = platform.sign_in();
    let tenant = sign_in.tenant_of(token).map_err(told)?;
    platform.gate().confirm(&View(&parts), tenant).await?;
    let refreshed = sign_in.refresh(Realm::Client, token, &origin);
    Ok(Json(refreshed.await.map_err(told)?.into()))
}

/// Tells who is signed in.
#[utoipa::path(
    get,
    path = "/auth/me",
    responses((status = 200, description = "Who is signed in", body = SelfView))
)]
pub(super) async fn me(
    State(platform): State<Platform>,
    who: Principal,
) -> Result<Json<SelfView>, Problem> {
    let account = platform.sign_in().me(who.identity()).await.map_err(told)?;
    let account = account.ok_or(Code::TokenRevoked)?;
    Ok(Json((&account).into()))
}
