use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::KeyError;
use crate::limits::SIGNING_SECRET_MIN_BYTES;
use crate::secret::DataKey;

/// More than any secret file has; what is longer is not one.
const FILE_MAX_BYTES: u64 = 65_536;

/// Reads a secret that signs tokens from a file, or makes one with 256 random bits if there is
/// none. It blocks, so it belongs at the start of a program.
///
/// White space at the ends does not count. Of two processes that start at once, one makes the file
/// and both read it.
///
/// # Errors
/// [`KeyError`] if the file cannot be read or made, can be read by others, or holds under 32
/// bytes.
pub fn signing_secret_file(path: &Path) -> Result<SecretString, KeyError> {
    let text = read_or_create(path)?;
    let secret = text.expose_secret().trim();
    if secret.len() < SIGNING_SECRET_MIN_BYTES {
        return Err(KeyError::Corrupt {
            path: path.to_owned(),
            expected: "a secret of at least 32 bytes",
        });
    }
    Ok(SecretString::from(secret))
}

/// The file's text; a file that is missing is made, with 32 random bytes in base64url.
pub(super) fn read_or_create(path: &Path) -> Result<SecretString, KeyError> {
    if let Some(text) = read(path)? {
        return Ok(text);
    }
    let random = DataKey::generate()?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.expose_bytes()));
    create(path, text.as_bytes()).map_err(|source| failure(path, source))?;
    let gone = || failure(path, io::ErrorKind::NotFound.into());
    read(path)?.ok_or_else(gone)
}

/// The file's text, if there is the file.
pub(super) fn read(path: &Path) -> Result<Option<SecretString>, KeyError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|source| failure(path, source))?,
    };
    // Of the opened file, not of the path, which could be exchanged in between.
    let metadata = file.metadata().map_err(|source| failure(path, source))?;
    if is_exposed(&metadata) {
        let path = path.to_owned();
        return Err(KeyError::Exposed { path });
    }
    let mut text = String::new();
    match file.take(FILE_MAX_BYTES).read_to_string(&mut text) {
        Ok(_) => Ok(Some(SecretString::from(text))),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(KeyError::Corrupt {
            path: path.to_owned(),
            expected: "text",
        }),
        Err(source) => Err(failure(path, source)),
    }
}

/// Writes beside the place and then moves there, so that the file is never seen half written; one
/// that somebody else made meanwhile stays.
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut file = NamedTempFile::new_in(folder)?; // of mode 0600
    file.write_all(content)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
        Ok(_) => sync_folder(folder),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_exposed(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_exposed(_: &std::fs::Metadata) -> bool {
    false
}

fn failure(path: &Path, source: io::Error) -> KeyError {
    KeyError::File {
        path: path.to_owned(),
        source,
    }
}
