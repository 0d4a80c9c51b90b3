use axum::extract::State;
use multitenant_axum::{Json, Principal, Problem};
use multitenant_core::auth::sign_in::{Account, Door, SignedIn};
use multitenant_core::platform::Platform;
use multitenant_core::{Code, Realm, Standing};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::caller::{Caller, told};
use crate::forms::{LoginForm, RefreshForm};
use crate::own_account::Tokens;

/// A member of the staff, as they see themselves.
#[derive(Serialize)]
pub(super) struct AdminView {
    id: String,
    email: String,
    name: String,
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
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

pub(super) async fn login(
    State(platform): State<Platform>,
    Caller(origin): Caller,
    Json(form): Json<LoginForm>,
) -> Result<Json<SignedInView>, Problem> {
    let sign_in = platform.sign_in();
    let signed_in = sign_in.sign_in(Door::Staff, &form.email, form.password, origin);
    Ok(Json(signed_in.await.map_err(told)?.into()))
}

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

pub(super) async fn me(
    State(platform): State<Platform>,
    who: Principal,
) -> Result<Json<AdminView>, Problem> {
    let account = platform.sign_in().me(who.identity()).await.map_err(told)?;
    let account = account.ok_or(Code::TokenRevoked)?;
    Ok(Json((&account).into()))
}
