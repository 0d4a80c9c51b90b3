use axum::extract::State;
use axum::http::request::Parts;
use multitenant_axum::{HintedTenant, Json, Principal, Problem, View};
use multitenant_core::auth::sign_in::{Account, Door, SignedIn};
use multitenant_core::platform::Platform;
use multitenant_core::{Code, Realm, Standing};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::caller::{Caller, told};
use crate::forms::{LoginForm, RefreshForm};
use crate::own_account::Tokens;

/// A user, as they see themselves.
#[derive(Serialize)]
pub(super) struct SelfView {
    id: String,
    email: String,
    name: String,
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
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

pub(super) async fn me(
    State(platform): State<Platform>,
    who: Principal,
) -> Result<Json<SelfView>, Problem> {
    let account = platform.sign_in().me(who.identity()).await.map_err(told)?;
    let account = account.ok_or(Code::TokenRevoked)?;
    Ok(Json((&account).into()))
}
