//! A platform that runs, and a user who works there.

use std::path::Path;

use multitenant_core::auth::sign_in::{Door, Origin, SignedIn};
use multitenant_core::catalog::{Actor, Change, NewTenant};
use multitenant_core::gate::{Access, Passage};
use multitenant_core::keys::{LocalKeys, Vault};
use multitenant_core::password::{HashingCost, Password};
use multitenant_core::platform::{Platform, PlatformBuilder};
use multitenant_core::provision::{CreatedTenant, TenantRequest};
use multitenant_core::resolve::RequestView;
use multitenant_core::token::{KeyRing, KeyRings, SigningKey};
use multitenant_core::{Realm, TenantId};
use secrecy::{ExposeSecret, SecretString};

use crate::permission::permissions::REGISTRY;

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "a password of my own";

fn keys() -> KeyRings {
    let key = |secret: &str| SigningKey::hs256(&secret.into()).expect("a key");
    let staff = KeyRing::new(
        Realm::Enterprise,
        key("a secret of the platform's staff only"),
    );
    let users = KeyRing::new(Realm::Client, key("a secret of all the tenants' users"));
    KeyRings::new("https://erp.example", staff, users).expect("two rings")
}

fn vault() -> Vault {
    let setting = "DpOK8NIOuSOQlTq07Vs33tXyERHwfr_xDXKg8jYgYrI".into();
    Vault::new(LocalKeys::from_setting("DB_ENCRYPTION_KEY", &setting).expect("a key"))
}

/// All but the cost of hashing a password, which is the same whatever the platform costs.
pub(crate) fn on_sqlite(folder: &Path) -> PlatformBuilder {
    Platform::on_sqlite(folder, keys(), vault(), REGISTRY).hashing_cost(HashingCost::FOR_TESTS)
}

pub(crate) fn on_postgres(catalog: String, admin: SecretString) -> PlatformBuilder {
    Platform::on_postgres(catalog.into(), admin, keys(), vault(), REGISTRY)
        .hashing_cost(HashingCost::FOR_TESTS)
}

pub(crate) fn change() -> Change {
    Change::by(Actor::System).in_request("bench")
}

pub(crate) async fn create(platform: &Platform, slug: &str) -> CreatedTenant {
    let request = TenantRequest {
        tenant: NewTenant::new(slug.parse().expect("a slug"), slug, "BASIC"),
        admin_email: EMAIL.parse().expect("an address"),
        admin_name: "Admin".to_owned(),
    };
    let provisioning = platform.provisioning();
    let created = provisioning.create(&change(), &request, None).await;
    created.expect("a new tenant")
}

/// What a signed-in user sends.
pub(crate) struct Request {
    authorization: String,
    tenant: String,
}

impl Request {
    fn of(signed_in: &SignedIn, tenant: TenantId) -> Self {
        let token = signed_in.access_token.expose_secret();
        Self {
            authorization: format!("Bearer {token}"),
            tenant: tenant.to_string(),
        }
    }

    pub(crate) fn authorization(&self) -> &str {
        &self.authorization
    }
}

impl RequestView for Request {
    fn header(&self, name: &str) -> Vec<&[u8]> {
        match name {
            "authorization" => vec![self.authorization.as_bytes()],
            "x-tenant-id" => vec![self.tenant.as_bytes()],
            _ => Vec::new(),
        }
    }

    fn authority(&self) -> Option<&str> {
        None
    }

    fn path(&self) -> &'static str {
        "/api/client/ping"
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn peer(&self) -> Option<std::net::IpAddr> {
        None
    }
}

/// Makes a tenant, whose first admin chooses a password and signs in with it.
pub(crate) async fn user_at_work(platform: &Platform, slug: &str) -> Request {
    let created = create(platform, slug).await;
    let tenant = created.tenant.id;
    let temporary = created.temporary_password.expect("a temporary password");
    let first = sign_in(platform, tenant, temporary.reveal()).await;
    let request = Request::of(&first, tenant);
    let access = Access::USER_BEFORE_PASSWORD_CHANGE;
    let passage = platform.gate().admit(&request, access).await;
    let Ok(Passage::User(who, _)) = passage else {
        unreachable!("the gate lets a new admin change the password");
    };
    let new = Password::new(PASSWORD.to_owned().into()).expect("a password");
    let current = temporary.reveal().to_owned().into();
    let (desk, origin) = (platform.sign_in(), Origin::default());
    let changed = desk.change_password(who.identity(), current, new, &origin);
    changed.await.expect("another password");
    Request::of(&sign_in(platform, tenant, PASSWORD).await, tenant)
}

async fn sign_in(platform: &Platform, tenant: TenantId, password: &str) -> SignedIn {
    let password = password.to_owned().into();
    let door = Door::Tenant(tenant);
    let signed_in = platform
        .sign_in()
        .sign_in(door, EMAIL, password, Origin::default());
    signed_in.await.expect("a sign-in")
}
