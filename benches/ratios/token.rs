//! Our check of an access token, beside `jsonwebtoken` with the same checks.

use criterion::Criterion;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use multitenant_core::limits::{ACCESS_TOKEN_MAX_SECONDS, ISSUED_AHEAD_MAX_SECONDS};
use multitenant_core::token::{AccessClaims, KeyRing, KeyRings, SigningKey};
use multitenant_core::{
    Clock, Realm, RoleName, SessionId, Standing, Subject, SystemClock, TenantId,
};
use serde::Deserialize;
use uuid::Uuid;

use crate::contest::{Contest, timed};
use crate::report::{Report, Target};

const ISSUER: &str = "https://erp.example";
const SECRET: &str = "a secret of all the tenants' users";

#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as a caller would read them")]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    sid: Uuid,
    ver: i64,
    tenant_id: Uuid,
    roles: Vec<String>,
}

/// What one writes by hand with `jsonwebtoken` to check the same.
struct Bare {
    key: DecodingKey,
    key_id: String,
    validation: Validation,
}

impl Bare {
    fn new(key_id: &str) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[Realm::Client.as_str()]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        Self {
            key: DecodingKey::from_secret(SECRET.as_bytes()),
            key_id: key_id.to_owned(),
            validation,
        }
    }

    fn verify(&self, token: &str, now: i64) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        let ours = header.kid.as_deref() == Some(&self.key_id);
        if !ours || header.typ.as_deref() != Some("at+jwt") {
            return None;
        }
        let claims = decode::<Claims>(token, &self.key, &self.validation)
            .ok()?
            .claims;
        let on_time = claims.iat <= now + ISSUED_AHEAD_MAX_SECONDS;
        let short = claims.exp - claims.iat <= ACCESS_TOKEN_MAX_SECONDS;
        (on_time && short).then_some(claims)
    }
}

pub(crate) fn run(criterion: &mut Criterion, report: &mut Report) {
    let key = |secret: &str| SigningKey::hs256(&secret.into()).expect("a key");
    let users = key(SECRET);
    let bare = Bare::new(users.id());
    let staff = KeyRing::new(
        Realm::Enterprise,
        key("a secret of the platform's staff only"),
    );
    let rings = KeyRings::new(ISSUER, staff, KeyRing::new(Realm::Client, users)).expect("rings");
    let token = rings.issue(&claims()).expect("a token");
    assert!(bare.verify(&token, SystemClock.now().timestamp()).is_some());

    Contest::of("a token's check", |times| {
        timed(times, || {
            rings
                .verify(Realm::Client, &token, SystemClock.now())
                .is_ok()
        })
    })
    .against("jsonwebtoken", Target::AtMost(1.15), |times| {
        timed(times, || {
            bare.verify(&token, SystemClock.now().timestamp()).is_some()
        })
    })
    .run(criterion, report);
}

fn claims() -> AccessClaims {
    let roles = ["User", "Viewer"].map(|name| RoleName::new(name).expect("a name of a role"));
    let standing = Standing::User {
        tenant: TenantId::generate(),
        roles: roles.into(),
    };
    let subject = Subject::new(Uuid::now_v7().to_string()).expect("a subject");
    AccessClaims::new(
        subject,
        SessionId::generate(),
        1,
        standing,
        SystemClock.now(),
    )
}
