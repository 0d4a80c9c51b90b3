use proptest::prelude::*;

use super::*;
use crate::TenantId;

fn key() -> DataKey {
    DataKey::generate().unwrap()
}

fn place() -> Context {
    Context::tenant(TenantId::generate(), "password")
}

fn stored(ciphertext: Ciphertext) -> Sealed {
    let key_id = KeyId::new("key-1").unwrap();
    let bytes = vec![7; 60];
    Sealed::new(WrappedKey { key_id, bytes }, ciphertext)
}

#[test]
fn a_secret_opens_only_where_it_belongs() {
    let (a, b) = (TenantId::generate(), TenantId::generate());
    let key = key();
    let here = Context::tenant(a, "password");
    let sealed = seal(&key, &here, b"secret").unwrap();
    assert_eq!(open(&key, &here, &sealed).unwrap().as_slice(), b"secret");
    for elsewhere in [
        Context::tenant(b, "password"),
        Context::tenant(a, "url"),
        Context::tenant(a, "passwor"),
        Context::tenant(a, ""),
        Context::platform("password"),
        Context::key(&KeyId::new("password").unwrap()),
    ] {
        let opened = open(&key, &elsewhere, &sealed);
        assert!(
            matches!(opened, Err(SecretError::Tampered)),
            "{elsewhere:?}"
        );
    }
}

#[test]
fn a_secret_opens_only_under_its_key() {
    let place = place();
    let sealed = seal(&key(), &place, b"secret").unwrap();
    assert!(matches!(
        open(&key(), &place, &sealed),
        Err(SecretError::Tampered)
    ));
}

#[test]
fn one_secret_sealed_twice_looks_different() {
    let (key, place) = (key(), place());
    let sealed = || seal(&key, &place, b"secret").unwrap();
    assert_ne!(sealed(), sealed());
}

#[test]
fn what_is_not_in_our_form_is_refused_and_a_later_form_is_named() {
    let good = stored(seal(&key(), &place(), b"secret").unwrap()).to_string();
    let long_id = "k".repeat(201);
    for text in [
        "",
        "v1",
        "v1...",
        "v1.key-1.BwcH",
        "v1.key-1.BwcH.AAAA",
        "1.key-1.BwcH.AAAA",
        "vx.key-1.BwcH.AAAA",
        &format!("{good}="),
        &format!("{good}.AAAA"),
        &format!(" {good}"),
        &good.replace("key-1", "key 1"),
        &good.replace("key-1", ""),
        &good.replace("key-1", &long_id),
    ] {
        let parsed = text.parse::<Sealed>();
        assert!(matches!(parsed, Err(SecretError::Malformed)), "{text}");
    }
    let later = good.replacen("v1", "v2", 1).parse::<Sealed>();
    assert!(matches!(later, Err(SecretError::Version)));
}

#[test]
fn a_key_may_be_named_by_an_arn() {
    let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    assert!(KeyId::new(arn).is_ok());
}

#[test]
fn a_data_key_prints_no_secret() {
    assert_eq!(format!("{:?}", key()), "DataKey([redacted])");
}

proptest! {
    #[test]
    fn any_secret_survives_being_sealed_stored_and_opened(plain in any::<Vec<u8>>()) {
        let (key, place) = (key(), place());
        let text = stored(seal(&key, &place, &plain).unwrap()).to_string();
        let read: Sealed = text.parse().unwrap();
        prop_assert_eq!(read.to_string(), text);
        let opened = open(&key, &place, read.ciphertext()).unwrap();
        prop_assert_eq!(opened.as_slice(), plain);
    }

    #[test]
    fn any_flipped_bit_is_noticed(bit in any::<prop::sample::Index>()) {
        let (key, place) = (key(), place());
        let sealed = seal(&key, &place, b"a secret").unwrap();
        let mut bytes = sealed.as_bytes().to_vec();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = open(&key, &place, &bytes.try_into().unwrap());
        prop_assert!(matches!(opened, Err(SecretError::Tampered)));
    }

    #[test]
    fn a_secret_cut_short_is_noticed(length in any::<prop::sample::Index>()) {
        let (key, place) = (key(), place());
        let sealed = seal(&key, &place, b"a secret").unwrap();
        let cut = sealed.as_bytes()[..length.index(sealed.as_bytes().len())].to_vec();
        let opened = Ciphertext::try_from(cut).and_then(|cut| open(&key, &place, &cut));
        prop_assert!(opened.is_err());
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "(v[0-9]\\.)?\\PC{0,60}") {
        if let Ok(sealed) = text.parse::<Sealed>() {
            prop_assert_eq!(sealed.to_string(), text);
        }
    }
}
