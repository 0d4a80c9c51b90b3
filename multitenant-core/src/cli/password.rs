use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::CliError;
use crate::limits::PASSWORD_MAX_BYTES;
use crate::password::Password;

/// What is said of every temporary password.
pub(super) const SHOWN_ONCE: &str =
    "The temporary password is shown this once and must be changed at the first sign-in.";

/// Where a password comes from. Never from the command line, which everybody on the machine sees.
#[derive(Debug, Clone, Args)]
pub(super) struct PasswordSource {
    /// Takes the password from the first line of this file, - for standard input; without it a
    /// temporary one is made and shown this once
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordSource {
    /// The password that was given, if one was. It blocks while somebody types.
    pub(super) fn read(&self) -> Result<Option<Password>, CliError> {
        let Some(file) = &self.password_file else {
            return Ok(None);
        };
        let text = first_line(file).map_err(|source| CliError::PasswordFile {
            file: file.display().to_string(),
            source,
        })?;
        Ok(Some(Password::new(text)?))
    }
}

fn first_line(file: &Path) -> io::Result<SecretString> {
    match file.as_os_str() == "-" {
        true => read(io::stdin().lock()),
        false => read(File::open(file)?),
    }
}

/// No more than a password can have and the end of its line, so that one too long is noticed.
fn read(source: impl Read) -> io::Result<SecretString> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSWORD_MAX_BYTES + 2));
    let most = u64::try_from(PASSWORD_MAX_BYTES + 2).unwrap_or(u64::MAX);
    source.take(most).read_to_end(&mut bytes)?;
    let text = std::str::from_utf8(&bytes).map_err(io::Error::other)?;
    Ok(text.lines().next().unwrap_or_default().into())
}
