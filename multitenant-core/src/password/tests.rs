use std::collections::HashSet;

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

const RIGHT: &str = "correct horse battery";

fn cheap() -> PasswordHasher {
    PasswordHasher::new(HashingCost::FOR_TESTS).unwrap()
}

fn hashed(hasher: &PasswordHasher, text: &str) -> PasswordHash {
    hasher.hash(&Password::new(text.into()).unwrap()).unwrap()
}

#[test]
fn a_password_is_as_long_as_the_rules_say() {
    let table = [
        (String::new(), Some(InvalidPassword::TooShort)),
        ("a".repeat(11), Some(InvalidPassword::TooShort)),
        ("a".repeat(12), None),
        ("ü".repeat(6), None),
        ("a".repeat(1_024), None),
        ("a".repeat(1_025), Some(InvalidPassword::TooLong)),
    ];
    for (text, expected) in table {
        let length = text.len();
        assert_eq!(Password::new(text.into()).err(), expected, "{length} bytes");
    }
}

#[test]
fn only_the_right_password_is_right() {
    let hash = hashed(&cheap(), RIGHT);
    let table = [
        (RIGHT.to_owned(), true),
        (format!("{RIGHT} "), false),
        (format!("{RIGHT}\0"), false),
        (RIGHT.to_uppercase(), false),
        (String::new(), false),
        ("a".repeat(1_000_000), false),
    ];
    for (attempt, expected) in table {
        let verified = cheap().verify(&attempt.as_str().into(), &hash).unwrap();
        assert_eq!(verified, expected, "{attempt:.30}");
    }
}

#[test]
fn a_hash_survives_being_stored_and_two_of_one_password_differ() {
    let (one, other) = (hashed(&cheap(), RIGHT), hashed(&cheap(), RIGHT));
    assert_ne!(one, other);
    let stored: PasswordHash = one.to_phc_string().parse().unwrap();
    assert_eq!(stored, one);
    assert!(cheap().verify(&RIGHT.into(), &stored).unwrap());
}

#[test]
fn by_default_hashes_have_the_costs_that_owasp_recommends() {
    let hasher = PasswordHasher::new(HashingCost::OWASP).unwrap();
    let stored = hashed(&hasher, RIGHT).to_phc_string();
    assert!(
        stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored}"
    );
    assert!(
        hasher
            .verify(&RIGHT.into(), &stored.parse().unwrap())
            .unwrap()
    );
}

#[test]
fn nobody_costs_what_somebody_costs_and_never_signs_in() {
    let hasher = cheap();
    assert!(!hasher.verify_nobody(&RIGHT.into()).unwrap());
    assert_eq!(hasher.nobody_cost(), HashingCost::FOR_TESTS);
}

#[test]
fn a_hash_of_another_cost_is_still_checked_and_should_be_made_anew() {
    let dearer = HashingCost {
        memory_kib: 64,
        passes: 2,
        lanes: 2,
    };
    let dearer = PasswordHasher::new(dearer).unwrap();
    let hash = hashed(&cheap(), RIGHT);
    assert!(dearer.verify(&RIGHT.into(), &hash).unwrap());
    assert!(dearer.needs_rehash(&hash));
    assert!(!cheap().needs_rehash(&hash));
}

#[test]
fn costs_have_bounds() {
    let cost = |memory_kib, passes, lanes| {
        let cost = HashingCost {
            memory_kib,
            passes,
            lanes,
        };
        PasswordHasher::new(cost).is_ok()
    };
    assert!(cost(8, 1, 1));
    for refused in [
        cost(7, 1, 1),
        cost(8, 0, 1),
        cost(8, 1, 0),
        cost(8, 1, 2),
        cost(u32::MAX, 1, 1),
        cost(8, u32::MAX, 1),
        cost(u32::MAX, 1, u32::MAX),
    ] {
        assert!(!refused);
    }
}

#[test]
fn what_is_stored_and_is_no_hash_is_an_error_and_no_panic() {
    let good = hashed(&cheap(), RIGHT).to_phc_string();
    let (head, _) = good.rsplit_once('$').unwrap();
    for stored in [
        "",
        "secret",
        "$2b$12$abcdefghijklmnopqrstuv",
        head,
        "$argon2id$v=19$m=8,t=1,p=1",
        &good.replace("argon2id", "argon2i"),
        &good.replace("m=8", "m=4294967295"),
        &good.replace("t=1", "t=4000000000"),
        &good.replace("p=1", "p=0"),
    ] {
        assert!(stored.parse::<PasswordHash>().is_err(), "{stored}");
    }
}

#[test]
fn temporary_passwords_are_valid_random_and_easy_to_copy() {
    let mut seen = HashSet::new();
    for _ in 0..100 {
        let temporary = TemporaryPassword::generate().unwrap();
        let text = temporary.reveal().to_owned();
        let groups: Vec<_> = text.split('-').collect();
        assert!(
            groups.len() == 5 && groups.iter().all(|group| group.len() == 5),
            "{text}"
        );
        assert!(
            text.bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
        );
        assert!(Password::new(SecretString::from(text.as_str())).is_ok());
        assert!(seen.insert(text));
    }
    let temporary = TemporaryPassword::generate().unwrap();
    let hash = cheap().hash(temporary.as_password()).unwrap();
    assert!(cheap().verify(&temporary.reveal().into(), &hash).unwrap());
}

#[test]
fn nothing_prints_a_secret() {
    let canary = "canary-canary-canary";
    let password = Password::new(canary.into()).unwrap();
    let hash = cheap().hash(&password).unwrap();
    let temporary = TemporaryPassword::generate().unwrap();
    let printed = format!("{password:?} {hash:?} {temporary:?}");
    assert!(
        !printed.contains("canary") && !printed.contains("argon2"),
        "{printed}"
    );
    assert!(!printed.contains(temporary.reveal()));
}

proptest! {
    #[test]
    fn any_stored_text_is_refused_without_a_panic(text in "\\PC{0,80}") {
        prop_assert!(text.parse::<PasswordHash>().is_err());
    }

    #[test]
    fn any_password_is_right_for_itself_and_no_other(text in "\\PC{12,60}", other in "\\PC{12,60}") {
        let hash = hashed(&cheap(), &text);
        prop_assert!(cheap().verify(&text.as_str().into(), &hash).unwrap());
        prop_assert_eq!(cheap().verify(&other.as_str().into(), &hash).unwrap(), text == other);
    }
}
