//! One kind or realm of token in the place of another.

use secrecy::ExposeSecret;

use super::*;
use crate::Code;
use crate::token::{RefreshScope, RefreshToken, TokenError};

#[test]
fn a_genuine_token_of_the_other_realm_is_told_apart() {
    for (claims, other) in [
        (user_claims(), Realm::Enterprise),
        (staff_claims(), Realm::Client),
    ] {
        let token = rings().issue(&claims).unwrap();
        let error = rings().verify(other, &token, now()).unwrap_err();
        assert_eq!(error.code(), Code::WrongRealm);
    }
}

#[test]
fn a_forged_token_of_the_other_realm_is_just_invalid() {
    let forged = Forged {
        secret: USER_SECRET,
        ..Forged::staff()
    };
    for realm in [Realm::Enterprise, Realm::Client] {
        let error = rings().verify(realm, &forged.signed(), now()).unwrap_err();
        assert!(matches!(error, TokenError::Signature), "{error}");
    }
}

#[test]
fn a_realms_key_signs_for_that_realm_only() {
    let as_staff = Forged::user()
        .with_claim("aud", json!("enterprise"))
        .with_claim("role", json!("ADMIN"))
        .signed();
    for realm in [Realm::Enterprise, Realm::Client] {
        assert!(rings().verify(realm, &as_staff, now()).is_err());
    }
    for mixed in [
        Forged::staff().with_claim("tenant_id", json!("0190f5fe-7c00-7a00-8000-000000000003")),
        Forged::staff().with_claim("roles", json!([])),
        Forged::staff().with_claim("role", json!("OWNER")),
        Forged::staff().with_claim("role", json!({"ADMIN": null})),
        Forged::staff().without_claim("role"),
    ] {
        let error = rings().verify(Realm::Enterprise, &mixed.signed(), now());
        assert!(error.is_err(), "{}", mixed.payload);
    }
}

#[test]
fn access_and_refresh_tokens_do_not_stand_in_for_each_other() {
    let access = rings().issue(&user_claims()).unwrap();
    assert!(RefreshToken::verify(&rings(), Realm::Client, &access).is_err());

    let scope = RefreshScope::Client(TenantId::generate());
    let refresh = RefreshToken::generate(&rings(), scope, SessionId::generate()).unwrap();
    let text = refresh.reveal();
    let error = rings().verify(Realm::Client, text.expose_secret(), now());
    assert_eq!(error.unwrap_err().code(), Code::TokenInvalid);
}

#[test]
fn another_issuers_token_under_our_key_is_refused() {
    let staff = KeyRing::new(Realm::Enterprise, key("staff-1", STAFF_SECRET));
    let users = KeyRing::new(Realm::Client, key("users-1", USER_SECRET));
    let elsewhere = KeyRings::new("https://other.example", staff, users).unwrap();
    let token = elsewhere.issue(&user_claims()).unwrap();
    let error = rings().verify(Realm::Client, &token, now()).unwrap_err();
    assert!(matches!(error, TokenError::Issuer), "{error}");
}
