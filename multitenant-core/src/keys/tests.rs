use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use super::*;
use crate::TenantId;
use crate::secret::{Context, Sealed};

fn setting(byte: u8) -> String {
    URL_SAFE_NO_PAD.encode([byte; 32])
}

fn keys(text: &str) -> Result<LocalKeys, KeyError> {
    LocalKeys::from_setting("DB_ENCRYPTION_KEY", &text.into())
}

fn vault(byte: u8) -> Vault {
    Vault::new(keys(&setting(byte)).unwrap())
}

fn place() -> Context {
    Context::tenant(TenantId::generate(), "password")
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    (folder, path)
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn write(path: &std::path::Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
    #[cfg(unix)]
    set_mode(path, 0o600);
}

#[tokio::test]
async fn a_secret_opens_under_its_key_at_its_place_and_nowhere_else() {
    let place_of_a = place();
    let secret = SecretString::from("quote ' dollar $$ NUL \0 ü");
    let sealed = vault(1).seal(&place_of_a, &secret).await.unwrap();
    let sealed: Sealed = sealed.to_string().parse().unwrap();
    let opened = vault(1).open(&place_of_a, &sealed).await.unwrap();
    assert_eq!(opened.expose_secret(), secret.expose_secret());
    assert!(matches!(
        vault(1).open(&place(), &sealed).await,
        Err(KeyError::Secret(_))
    ));
    let other_key = vault(2).open(&place_of_a, &sealed).await;
    assert!(matches!(other_key, Err(KeyError::UnknownKey { .. })));
}

#[tokio::test]
async fn each_secret_has_a_data_key_of_its_own() {
    let (vault, place) = (vault(1), place());
    let one = vault.seal(&place, &"secret".into()).await.unwrap();
    let other = vault.seal(&place, &"secret".into()).await.unwrap();
    assert_ne!(one.key().bytes, other.key().bytes);
    let crossed = Sealed::new(one.key().clone(), other.ciphertext().clone());
    assert!(vault.open(&place, &crossed).await.is_err());
}

#[tokio::test]
async fn while_a_key_is_rotated_both_open_and_the_first_seals() {
    let (old, place) = (vault(1), place());
    let both = Vault::new(keys(&format!("{} {}", setting(2), setting(1))).unwrap());
    let sealed = old.seal(&place, &"secret".into()).await.unwrap();
    assert!(both.open(&place, &sealed).await.is_ok());
    assert!(old.is_current(&sealed) && !both.is_current(&sealed));
    let anew = both.seal(&place, &"secret".into()).await.unwrap();
    assert!(vault(2).open(&place, &anew).await.is_ok());
}

#[tokio::test]
async fn a_key_file_is_made_once_and_read_ever_after() {
    let (_folder, path) = folder();
    let place = place();
    let first = Vault::new(LocalKeys::from_file(&path).unwrap());
    first.prepare(false).await.unwrap();
    let sealed = first.seal(&place, &"secret".into()).await.unwrap();
    let later = Vault::new(LocalKeys::from_file(&path).unwrap());
    later.prepare(true).await.unwrap();
    assert!(later.open(&place, &sealed).await.is_ok());
    let content = fs::read_to_string(&path).unwrap();
    let from_setting = Vault::new(keys(&content).unwrap());
    assert!(from_setting.open(&place, &sealed).await.is_ok());
}

#[tokio::test]
async fn a_key_file_that_was_lost_is_named_and_no_other_made() {
    let (folder, path) = folder();
    let place = place();
    let first = Vault::new(LocalKeys::from_file(&path).unwrap());
    first.prepare(false).await.unwrap();
    let sealed = first.seal(&place, &"secret".into()).await.unwrap();
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();

    let lost = Vault::new(LocalKeys::from_file(&path).unwrap());
    for error in [
        lost.prepare(true).await.unwrap_err(),
        lost.open(&place, &sealed).await.unwrap_err(),
        lost.seal(&place, &"secret".into()).await.unwrap_err(),
    ] {
        assert!(matches!(error, KeyError::Missing { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains(&path.display().to_string()), "{message}");
        assert!(message.contains("put it back from a backup"), "{message}");
    }
    assert!(!path.exists());

    fs::rename(&elsewhere, &path).unwrap();
    let found = Vault::new(LocalKeys::from_file(&path).unwrap());
    found.prepare(true).await.unwrap();
    found.open(&place, &sealed).await.unwrap();
}

#[tokio::test]
async fn a_key_file_that_another_process_has_made_meanwhile_is_read() {
    let (_folder, path) = folder();
    let late = LocalKeys::from_file(&path).unwrap();
    let first = LocalKeys::from_file(&path).unwrap();
    first.prepare(false).await.unwrap();
    late.prepare(true).await.unwrap();
    assert_eq!(late.current(), first.current());
}

#[tokio::test]
async fn keys_of_a_setting_are_ready() {
    for anything_sealed in [true, false] {
        vault(1).prepare(anything_sealed).await.unwrap();
    }
}

/// Reads the keys of a file, which is made where it is missing.
fn made(path: &std::path::Path) -> Result<LocalKeys, KeyError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let keys = LocalKeys::from_file(path)?;
    runtime.block_on(keys.prepare(false))?;
    Ok(keys)
}

#[cfg(unix)]
#[test]
fn a_file_is_made_for_its_owner_only_and_refused_if_others_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = folder();
    made(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    for mode in [0o640, 0o604, 0o644, 0o620, 0o777] {
        set_mode(&path, mode);
        let message = LocalKeys::from_file(&path).unwrap_err().to_string();
        let fix = format!("run `chmod 600 {}`", path.display());
        assert!(message.contains(&fix), "{message}");
    }
    set_mode(&path, 0o400);
    assert!(LocalKeys::from_file(&path).is_ok());
}

#[test]
fn a_corrupt_key_file_is_named_and_left_as_it_is() {
    let (_folder, path) = folder();
    let good = setting(1);
    let table: [Vec<u8>; 8] = [
        Vec::new(),
        b"\n".to_vec(),
        b"# only a comment".to_vec(),
        b"secret".to_vec(),
        good[..42].into(),
        format!("{good}\nrubbish").into(),
        vec![0xff; 43],
        vec![b'A'; 100_000],
    ];
    for content in table {
        write(&path, &content);
        let message = LocalKeys::from_file(&path).unwrap_err().to_string();
        assert!(message.contains(&path.display().to_string()), "{message}");
        assert!(message.contains("restore it from a backup"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_file_may_hold_comments_and_padding() {
    let (_folder, path) = folder();
    let padded = URL_SAFE.encode([1; 32]);
    write(
        &path,
        format!("# the current key\n{padded}\n\n  {}\n", setting(2)),
    );
    let read = LocalKeys::from_file(&path).unwrap();
    assert_eq!(read.current(), keys(&setting(1)).unwrap().current());
}

#[test]
fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
    let (folder, _) = folder();
    let path = folder.path().join("missing").join("key");
    for error in [
        made(&path).map(|_| ()).unwrap_err(),
        signing_secret_file(&path).map(|_| ()).unwrap_err(),
        signing_secret_file(folder.path()).map(|_| ()).unwrap_err(),
    ] {
        assert!(
            error.to_string().contains(folder.path().to_str().unwrap()),
            "{error}"
        );
    }
}

#[test]
fn of_many_that_start_at_once_all_read_the_same_key() {
    let (folder, path) = folder();
    let start = |_| {
        let path = path.clone();
        std::thread::spawn(move || made(&path).unwrap().current().unwrap())
    };
    let threads: Vec<_> = (0..16).map(start).collect();
    let ids: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_signing_secret_is_made_once_and_must_be_long_enough() {
    let (_folder, path) = folder();
    let made = signing_secret_file(&path).unwrap();
    assert_eq!(made.expose_secret().len(), 43);
    assert_eq!(
        signing_secret_file(&path).unwrap().expose_secret(),
        made.expose_secret()
    );
    write(&path, "short\n");
    let message = signing_secret_file(&path).unwrap_err().to_string();
    assert!(message.contains("at least 32 bytes"), "{message}");
}

#[test]
fn a_setting_that_is_no_key_is_named_and_not_shown() {
    for value in [
        "",
        "canary",
        &"A".repeat(44),
        &format!("{}=", setting(1).replace('A', "+")),
    ] {
        let message = keys(value).unwrap_err().to_string();
        assert!(
            message.starts_with("DB_ENCRYPTION_KEY must be 32 bytes"),
            "{message}"
        );
        assert!(!message.contains("canary"));
    }
}

#[test]
fn nothing_prints_a_key() {
    let printed = format!("{:?} {:?}", keys(&setting(1)).unwrap(), vault(1));
    assert!(!printed.contains(&setting(1)[..8]), "{printed}");
}

proptest! {
    #[test]
    fn any_flipped_character_is_an_error(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9._-]") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (vault, place) = (vault(1), place());
        let text = runtime.block_on(vault.seal(&place, &"secret".into())).unwrap().to_string();
        let at = at.index(text.len());
        prop_assume!(text[at..=at] != to);
        let changed = [&text[..at], &to, &text[at + 1..]].concat();
        if let Ok(sealed) = changed.parse::<Sealed>() {
            prop_assert!(runtime.block_on(vault.open(&place, &sealed)).is_err());
        }
    }
}
