use std::process::ExitCode;

use super::CliError;
use crate::Problem;
use crate::engine::provisioner::ProvisionerError;
use crate::platform::PlatformError;

/// How a command ended, as scripts see it.
///
/// ```
/// use multitenant_core::cli::{EXIT_CODES, Exit};
///
/// for exit in Exit::ALL {
///     assert!(EXIT_CODES.contains(&format!("\n  {}  ", exit.code())), "{exit:?}");
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// It is done.
    Done,
    /// It failed, or only a part of it is done.
    Failed,
    /// The command line cannot be used; `clap` ends with the same code.
    Usage,
    /// What it is about is not there.
    NotFound,
    /// The present state speaks against it.
    Conflict,
    /// The catalog or a database cannot be used now; it may be tried again.
    Unavailable,
}

/// What the codes mean, for `after_help`.
pub const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed, or done in part
  2  the command line cannot be used
  3  what it is about is not there
  4  the present state speaks against it, such as a name that is taken
  5  the catalog or a database cannot be used now; try again";

impl Exit {
    /// Every way to end there is.
    pub const ALL: [Self; 6] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NotFound,
        Self::Conflict,
        Self::Unavailable,
    ];

    /// The process's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Conflict => 4,
            Self::Unavailable => 5,
        }
    }

    /// A library's error by what it would be over HTTP.
    fn of<'e, E>(error: &'e E) -> Self
    where
        Problem: From<&'e E>,
    {
        match Problem::from(error).status() {
            404 => Self::NotFound,
            409 => Self::Conflict,
            422 => Self::Usage,
            503 => Self::Unavailable,
            _ => Self::Failed,
        }
    }
}

impl From<&CliError> for Exit {
    fn from(error: &CliError) -> Self {
        match error {
            CliError::Usage(_) | CliError::Password(_) => Self::Usage,
            CliError::NotFound { .. } => Self::NotFound,
            CliError::Catalog(error) => Self::of(error),
            CliError::Provisioning(error) => Self::of(error),
            CliError::Account(error) => Self::of(error),
            CliError::Tenant(error) => Self::of(error),
            CliError::Hashing(error) => Self::of(error),
            CliError::NotMigrated { .. } | CliError::PasswordFile { .. } | CliError::Output(_) => {
                Self::Failed
            }
        }
    }
}

impl From<&PlatformError> for Exit {
    /// How a command ends that could not begin.
    fn from(error: &PlatformError) -> Self {
        match error {
            // Tried again, they fail again.
            PlatformError::Provisioner(
                ProvisionerError::Migration { .. } | ProvisionerError::Function { .. },
            )
            | PlatformError::Keys(_)
            | PlatformError::Password(_) => Self::Failed,
            PlatformError::Open(_)
            | PlatformError::Catalog(_)
            | PlatformError::Provisioner(_)
            | PlatformError::Names(_) => Self::Unavailable,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
