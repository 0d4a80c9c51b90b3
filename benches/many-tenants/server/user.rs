//! Postgres refuses to run as root, so root lends it another user.

use std::os::unix::fs::chown;
use std::path::Path;

use anyhow::{Context, Result};
use nix::unistd::{Uid, User};
use tokio::process::Command;

/// Whom the server runs as.
pub(super) struct ServerUser(Option<User>);

impl ServerUser {
    pub(super) fn choose() -> Result<Self> {
        if !Uid::effective().is_root() {
            return Ok(Self(None));
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Self(Some(user)));
            }
        }
        anyhow::bail!(
            "root cannot run Postgres, and there is no user postgres or nobody to lend it to"
        )
    }

    /// Gives a file or folder to that user.
    pub(super) fn own(&self, path: &Path) -> Result<()> {
        let Some(user) = &self.0 else {
            return Ok(());
        };
        let (user, group) = (user.uid.as_raw(), user.gid.as_raw());
        chown(path, Some(user), Some(group))
            .with_context(|| format!("giving away {}", path.display()))
    }

    /// A command that this user runs, out of reach of a terminal's Ctrl-C.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.process_group(0).kill_on_drop(true);
        if let Some(user) = &self.0 {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }
}
