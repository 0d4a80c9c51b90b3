use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;
use crate::Code;
use crate::token::{RefreshScope, RefreshToken, TokenError};

fn first(scope: RefreshScope) -> RefreshToken {
    RefreshToken::generate(&rings(), scope, SessionId::generate()).unwrap()
}

fn of_a_user() -> RefreshToken {
    first(RefreshScope::Client(TenantId::generate()))
}

fn text(token: &RefreshToken) -> String {
    token.reveal().expose_secret().to_owned()
}

#[test]
fn what_was_sent_is_known_again() {
    for token in [of_a_user(), first(RefreshScope::Enterprise)] {
        let realm = token.scope().realm();
        let presented = RefreshToken::verify(&rings(), realm, &text(&token)).unwrap();
        assert_eq!(presented.scope(), token.scope());
        assert_eq!(presented.session(), token.session());
        assert_eq!(presented.generation(), 0);
        assert_eq!(presented.hash(), token.hash());
        assert_eq!(text(&presented), text(&token));
    }
}

#[test]
fn each_token_has_one_successor_whoever_derives_it() {
    let token = of_a_user();
    let elsewhere = RefreshToken::verify(&rings(), Realm::Client, &text(&token)).unwrap();
    let successor = token.successor(&rings());
    assert_eq!(text(&successor), text(&elsewhere.successor(&rings())));
    assert_eq!(successor.generation(), 1);
    assert_eq!(successor.session(), token.session());
    assert_ne!(successor.hash(), token.hash());
    let second = RefreshToken::verify(&rings(), Realm::Client, &text(&successor)).unwrap();
    assert_eq!(second.successor(&rings()).generation(), 2);
}

#[test]
fn two_first_tokens_of_one_session_differ() {
    let session = SessionId::generate();
    let token = || RefreshToken::generate(&rings(), RefreshScope::Enterprise, session).unwrap();
    assert_ne!(token().hash(), token().hash());
}

#[test]
fn while_a_key_is_rolled_out_both_halves_of_the_nodes_say_the_same() {
    let staff = || KeyRing::new(Realm::Enterprise, key("staff-1", STAFF_SECRET));
    let (old, new) = ("users-1", "users-2");
    let ring = |current: (&str, &str), other: (&str, &str)| {
        let users = KeyRing::new(Realm::Client, key(current.0, current.1));
        let users = users.also_checking(key(other.0, other.1));
        KeyRings::new(ISSUER, staff(), users).unwrap()
    };
    let secret = "another secret of the users, longer";
    let before = ring((old, USER_SECRET), (new, secret));
    let after = ring((new, secret), (old, USER_SECRET));

    let token = of_a_user();
    let derive = |rings: &KeyRings| {
        let presented = RefreshToken::verify(rings, Realm::Client, &text(&token)).unwrap();
        presented.successor(rings)
    };
    assert_eq!(derive(&before).hash(), derive(&after).hash());
    for rings in [&before, &after] {
        for successor in [derive(&before), derive(&after)] {
            let known = RefreshToken::verify(rings, Realm::Client, &text(&successor)).unwrap();
            assert_eq!(known.hash(), successor.hash());
        }
    }
}

#[test]
fn a_genuine_token_of_the_other_realm_is_told_apart() {
    let user = RefreshToken::verify(&rings(), Realm::Enterprise, &text(&of_a_user()));
    assert_eq!(user.unwrap_err().code(), Code::WrongRealm);
    let staff = text(&first(RefreshScope::Enterprise));
    let staff = RefreshToken::verify(&rings(), Realm::Client, &staff);
    assert_eq!(staff.unwrap_err().code(), Code::WrongRealm);
}

#[test]
fn a_token_under_another_secret_is_refused() {
    let staff = KeyRing::new(Realm::Enterprise, key("staff-1", USER_SECRET));
    let users = KeyRing::new(Realm::Client, key("users-1", STAFF_SECRET));
    let swapped = KeyRings::new(ISSUER, staff, users).unwrap();
    let error = RefreshToken::verify(&swapped, Realm::Client, &text(&of_a_user())).unwrap_err();
    assert!(matches!(error, TokenError::Signature), "{error}");
}

#[test]
fn the_text_of_a_token_has_one_spelling() {
    let token = text(&of_a_user());
    for spelling in [
        format!("{token}="),
        format!(" {token}"),
        token.to_uppercase(),
        token.replace("mtr1_", ""),
        "mtr1_".to_owned(),
        String::new(),
        "a".repeat(1 << 20),
    ] {
        let refused = RefreshToken::verify(&rings(), Realm::Client, &spelling);
        assert_eq!(refused.unwrap_err().code(), Code::TokenInvalid);
    }
}

#[test]
fn a_token_prints_no_secret() {
    let token = of_a_user();
    let printed = format!("{token:?} {:?}", token.reveal());
    let secret = URL_SAFE_NO_PAD.decode(&text(&token)[5..]).unwrap();
    assert!(printed.contains("[redacted]"));
    assert!(!printed.contains(&format!("{:?}", &secret[37..40])));
    assert!(!printed.contains(&text(&token)[60..]));
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC*") {
        prop_assert!(RefreshToken::verify(&rings(), Realm::Client, &text).is_err());
        let text = format!("mtr1_{text}");
        prop_assert!(RefreshToken::verify(&rings(), Realm::Client, &text).is_err());
    }

    #[test]
    fn a_token_with_any_byte_changed_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
        let token = text(&of_a_user());
        let at = at.index(token.len());
        prop_assume!(token[at..=at] != to);
        let changed = [&token[..at], &to, &token[at + 1..]].concat();
        prop_assert!(RefreshToken::verify(&rings(), Realm::Client, &changed).is_err());
    }

    #[test]
    fn a_token_cut_short_is_refused(at in any::<prop::sample::Index>()) {
        let token = text(&of_a_user());
        let cut = &token[..at.index(token.len())];
        prop_assert!(RefreshToken::verify(&rings(), Realm::Client, cut).is_err());
    }
}
