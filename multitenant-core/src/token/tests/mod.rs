//! What a token is refused for: the lines "Tokens" of the threat model.

mod access;
mod crossing;
mod refresh;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{AccessClaims, KeyRing, KeyRings, SigningKey};
use crate::mac;
use crate::{EnterpriseRole, Realm, SessionId, Standing, Subject, TenantId, Timestamp, UserId};

const STAFF_SECRET: &str = "the secret of the staff, 32 bytes and more";
const USER_SECRET: &str = "the secret of the users, 32 bytes and more";
const ISSUER: &str = "https://erp.example";

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn key(id: &str, secret: &str) -> SigningKey {
    SigningKey::hs256_named(id, &secret.into()).unwrap()
}

fn rings() -> KeyRings {
    let staff = KeyRing::new(Realm::Enterprise, key("staff-1", STAFF_SECRET));
    let users = KeyRing::new(Realm::Client, key("users-1", USER_SECRET));
    KeyRings::new(ISSUER, staff, users).unwrap()
}

fn user_claims() -> AccessClaims {
    let roles = vec![
        "Manager".parse().unwrap(),
        "Ünïcode \"role\"".parse().unwrap(),
    ];
    let tenant = TenantId::generate();
    claims(Standing::User { tenant, roles })
}

fn staff_claims() -> AccessClaims {
    claims(Standing::Staff(EnterpriseRole::ReadOnly))
}

fn claims(standing: Standing) -> AccessClaims {
    let subject = Subject::from(UserId::generate());
    AccessClaims::new(subject, SessionId::generate(), 3, standing, now())
}

/// A token as an outsider with the secret could write it.
struct Forged {
    header: String,
    payload: String,
    secret: &'static str,
}

impl Forged {
    fn user() -> Self {
        Self {
            header: json!({"alg": "HS256", "typ": "at+jwt", "kid": "users-1"}).to_string(),
            payload: user_payload().to_string(),
            secret: USER_SECRET,
        }
    }

    fn staff() -> Self {
        let mut payload = user_payload();
        let claims = payload.as_object_mut().unwrap();
        claims.remove("tenant_id");
        claims.remove("roles");
        claims.insert("aud".into(), "enterprise".into());
        claims.insert("role".into(), "ADMIN".into());
        Self {
            header: json!({"alg": "HS256", "typ": "at+jwt", "kid": "staff-1"}).to_string(),
            payload: payload.to_string(),
            secret: STAFF_SECRET,
        }
    }

    fn with_header(self, name: &str, value: Value) -> Self {
        let header = with(&self.header, name, Some(value));
        Self { header, ..self }
    }

    fn with_claim(self, name: &str, value: Value) -> Self {
        let payload = with(&self.payload, name, Some(value));
        Self { payload, ..self }
    }

    fn without_claim(self, name: &str) -> Self {
        let payload = with(&self.payload, name, None);
        Self { payload, ..self }
    }

    fn message(&self) -> String {
        let header = URL_SAFE_NO_PAD.encode(&self.header);
        let payload = URL_SAFE_NO_PAD.encode(&self.payload);
        format!("{header}.{payload}")
    }

    fn signed(&self) -> String {
        let message = self.message();
        let tag = mac::tag(self.secret.as_bytes(), &[message.as_bytes()]);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }
}

fn user_payload() -> Value {
    json!({
        "iss": ISSUER, "aud": "client", "sub": "42",
        "iat": now().timestamp(), "exp": now().timestamp() + 900,
        "jti": "0190f5fe-7c00-7a00-8000-000000000001",
        "sid": "0190f5fe-7c00-7a00-8000-000000000002",
        "ver": 3,
        "tenant_id": "0190f5fe-7c00-7a00-8000-000000000003",
        "roles": ["Manager"],
    })
}

fn with(json: &str, name: &str, value: Option<Value>) -> String {
    let mut object: serde_json::Map<String, Value> = serde_json::from_str(json).unwrap();
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
    Value::from(object).to_string()
}
