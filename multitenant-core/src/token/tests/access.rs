use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::Code;
use crate::limits::TOKEN_MAX_BYTES;
use crate::token::TokenError;

fn refusal(token: &str) -> TokenError {
    rings().verify(Realm::Client, token, now()).unwrap_err()
}

#[test]
fn what_was_issued_is_verified_and_says_the_same() {
    for claims in [user_claims(), staff_claims()] {
        let realm = claims.standing.realm();
        let token = rings().issue(&claims).unwrap();
        let verified = rings().verify(realm, &token, now()).unwrap();
        assert_eq!(verified.into_inner(), claims);
    }
}

#[test]
fn a_token_in_another_order_of_names_is_as_good() {
    for (forged, realm) in [
        (Forged::user(), Realm::Client),
        (Forged::staff(), Realm::Enterprise),
        (
            Forged::user().with_header("typ", json!("application/at+jwt")),
            Realm::Client,
        ),
        (
            Forged::user().with_claim("nbf", json!(now().timestamp())),
            Realm::Client,
        ),
        (
            Forged::user().with_claim("iat", json!(now().timestamp() + 60)),
            Realm::Client,
        ),
        (Forged::user().with_claim("roles", json!([])), Realm::Client),
        (
            Forged::user().with_claim("unknown", json!({"a": 1})),
            Realm::Client,
        ),
    ] {
        let token = forged.signed();
        let verified = rings().verify(realm, &token, now());
        assert!(verified.is_ok(), "{}: {verified:?}", forged.payload);
    }
}

#[test]
fn headers_that_we_do_not_write_are_refused() {
    let huge = "k".repeat(5_000);
    let jwk = json!({"kty": "oct", "k": "AAAA"});
    let table = [
        ("alg", json!("none")),
        ("alg", json!("nOnE")),
        ("alg", json!("HS384")),
        ("alg", json!("hs256")),
        ("alg", json!("RS256")),
        ("alg", json!(null)),
        ("kid", json!("../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!(huge)),
        ("kid", json!(7)),
        ("kid", json!("")),
        ("typ", json!("JWT")),
        ("typ", json!("refresh")),
        ("typ", json!(null)),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("jku", json!("http://127.0.0.1:9/keys")),
        ("x5u", json!("http://127.0.0.1:9/cert")),
        ("x5c", json!(["AAAA"])),
        ("jwk", jwk),
        ("zip", json!("DEF")),
        ("b64", json!(false)),
        ("cty", json!("JWT")),
        ("anything", json!(1)),
    ];
    for (name, value) in table {
        let error = refusal(&Forged::user().with_header(name, value.clone()).signed());
        assert_eq!(error.code(), Code::TokenInvalid, "{name}: {value}: {error}");
    }
}

#[test]
fn headers_that_miss_something_or_say_it_twice_are_refused() {
    for header in [
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","kid":"users-1"}"#,
        r#"{"typ":"at+jwt","kid":"users-1"}"#,
        r#"{"alg":"HS256","alg":"none","typ":"at+jwt","kid":"users-1"}"#,
        r#"{"alg":"HS256","typ":"at+jwt","kid":"users-1","kid":"users-1"}"#,
        r#"{"alg":"HS256","typ":"at+jwt","kid":"users-1"} "x""#,
        "[]",
        "",
        "null",
    ] {
        let header = header.to_owned();
        let token = Forged {
            header,
            ..Forged::user()
        }
        .signed();
        assert!(matches!(refusal(&token), TokenError::Header(_)), "{token}");
    }
}

#[test]
fn a_signature_is_needed_and_must_be_the_keys() {
    let forged = Forged::user();
    let message = forged.message();
    let signed = forged.signed();
    let other = Forged {
        secret: STAFF_SECRET,
        ..Forged::user()
    }
    .signed();
    let public = Forged {
        secret: "-----BEGIN PUBLIC KEY-----",
        ..Forged::user()
    }
    .signed();
    let unsigned = Forged::user().with_header("alg", json!("none")).message();
    for token in [
        format!("{message}."),
        message,
        format!("{unsigned}."),
        other,
        public,
        format!("{signed}="),
        format!("{signed}."),
        format!(" {signed}"),
        signed.replace('.', ".."),
        r#"{"payload":"e30","signatures":[{"protected":"e30","signature":"AA"}]}"#.to_owned(),
        String::new(),
        "...".to_owned(),
    ] {
        assert_eq!(refusal(&token).code(), Code::TokenInvalid, "{token}");
    }
}

#[test]
fn claims_that_are_missing_or_of_another_type_are_refused() {
    let missing = [
        "iss",
        "aud",
        "sub",
        "iat",
        "exp",
        "jti",
        "sid",
        "ver",
        "tenant_id",
        "roles",
    ];
    for name in missing {
        let error = refusal(&Forged::user().without_claim(name).signed());
        assert_eq!(error.code(), Code::TokenInvalid, "without {name}: {error}");
        for value in [
            json!(null),
            json!(true),
            json!({"client": null}),
            json!([["x"]]),
            json!(""),
        ] {
            let error = refusal(&Forged::user().with_claim(name, value.clone()).signed());
            assert_eq!(error.code(), Code::TokenInvalid, "{name}: {value}: {error}");
        }
    }
}

#[test]
fn claims_that_cannot_be_are_refused() {
    let at = now().timestamp();
    let table = [
        ("iss", json!("https://evil.example")),
        ("iss", json!([ISSUER])),
        ("aud", json!("enterprise")),
        ("aud", json!(["client"])),
        ("sub", json!(42)),
        ("sub", json!("a\u{0}b")),
        ("exp", json!((at + 900).to_string())),
        ("exp", json!(at as f64 + 900.5)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(i64::MIN)),
        ("exp", json!(1e300)),
        ("exp", json!(at + 400_000)),
        ("exp", json!(at)),
        ("nbf", json!(at + 1)),
        ("nbf", json!("0")),
        ("nbf", json!(null)),
        ("nbf", json!(0.5)),
        ("iat", json!(at + 61)),
        ("iat", json!(i64::MIN)),
        ("iat", json!(at.to_string())),
        ("ver", json!(3.0)),
        ("jti", json!("not an id")),
        ("sid", json!("0190f5fe")),
        ("tenant_id", json!("acme")),
        ("roles", json!("Manager")),
        ("roles", json!([1])),
        ("role", json!("ADMIN")),
        ("act", json!({"sub": "1"})),
    ];
    for (name, value) in table {
        let error = refusal(&Forged::user().with_claim(name, value.clone()).signed());
        assert_eq!(error.code(), Code::TokenInvalid, "{name}: {value}: {error}");
    }
}

#[test]
fn a_claim_said_twice_is_refused() {
    for twice in [
        "\"sub\":\"1\"",
        "\"tenant_id\":\"0190f5fe-7c00-7a00-8000-000000000004\"",
    ] {
        let payload = Forged::user()
            .payload
            .replacen('{', &format!("{{{twice},"), 1);
        let token = Forged {
            payload,
            ..Forged::user()
        }
        .signed();
        assert!(matches!(refusal(&token), TokenError::Claims(_)), "{twice}");
    }
}

#[test]
fn a_token_ends_to_the_second() {
    let token = rings().issue(&user_claims()).unwrap();
    let at = |seconds| {
        let verified = rings().verify(Realm::Client, &token, now() + TimeDelta::seconds(seconds));
        verified.map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(at(899), Ok(()));
    assert_eq!(at(900), Err(Code::TokenExpired));
    assert_eq!(at(-60), Ok(()));
    assert_eq!(at(-61), Err(Code::TokenInvalid));
}

#[test]
fn a_token_that_is_too_long_is_not_looked_at() {
    let at_limit = "a".repeat(TOKEN_MAX_BYTES);
    assert!(matches!(refusal(&at_limit), TokenError::Malformed));
    assert!(matches!(refusal(&"a".repeat(1 << 20)), TokenError::TooLong));
}

#[test]
fn a_token_that_would_be_refused_is_not_issued() {
    let too_long_lived = AccessClaims {
        expires_at: now() + TimeDelta::seconds(86_401),
        ..user_claims()
    };
    assert!(matches!(
        rings().issue(&too_long_lived),
        Err(TokenError::Times)
    ));
    let roles = (0..2_000)
        .map(|n| format!("role {n}").parse().unwrap())
        .collect();
    let tenant = TenantId::generate();
    let too_many_roles = claims(Standing::User { tenant, roles });
    assert!(matches!(
        rings().issue(&too_many_roles),
        Err(TokenError::TooLong)
    ));
}

#[test]
fn after_a_rotation_old_tokens_are_good_until_the_old_key_goes() {
    let token = rings().issue(&user_claims()).unwrap();
    let rotated = |old: Option<SigningKey>| {
        let staff = KeyRing::new(Realm::Enterprise, key("staff-1", STAFF_SECRET));
        let users = KeyRing::new(
            Realm::Client,
            key("users-2", "another secret of the users, longer"),
        );
        let users = match old {
            Some(old) => users.also_checking(old),
            None => users,
        };
        KeyRings::new(ISSUER, staff, users).unwrap()
    };
    let during = rotated(Some(key("users-1", USER_SECRET)));
    assert!(during.verify(Realm::Client, &token, now()).is_ok());
    let newer = during.issue(&user_claims()).unwrap();
    let after = rotated(None);
    assert!(after.verify(Realm::Client, &newer, now()).is_ok());
    let old = after.verify(Realm::Client, &token, now());
    assert!(matches!(old, Err(TokenError::UnknownKey)));
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC*") {
        prop_assert!(rings().verify(Realm::Client, &text, now()).is_err());
    }

    #[test]
    fn any_three_parts_are_refused_without_a_panic(parts in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){2}") {
        prop_assert!(rings().verify(Realm::Client, &parts, now()).is_err());
    }

    #[test]
    fn any_json_under_a_right_signature_is_read_or_refused(payload in "\\PC*") {
        let token = Forged { payload, ..Forged::user() }.signed();
        prop_assert!(rings().verify(Realm::Client, &token, now()).is_err());
    }

    #[test]
    fn a_token_with_any_byte_changed_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.=-]") {
        let token = rings().issue(&user_claims()).unwrap();
        let at = at.index(token.len());
        prop_assume!(token[at..=at] != to);
        let changed = [&token[..at], &to, &token[at + 1..]].concat();
        prop_assert!(rings().verify(Realm::Client, &changed, now()).is_err());
    }

    #[test]
    fn a_token_cut_short_is_refused(at in any::<prop::sample::Index>()) {
        let token = rings().issue(&user_claims()).unwrap();
        let cut = &token[..at.index(token.len())];
        prop_assert!(rings().verify(Realm::Client, cut, now()).is_err());
    }
}
