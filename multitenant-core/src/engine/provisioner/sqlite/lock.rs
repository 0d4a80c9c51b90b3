use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::fault::file_error;
use crate::engine::provisioner::error::{ProvisionerError, Step};

/// A lock that the tasks of all processes of the machine share, by the name of a file.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    turns: Arc<Mutex<()>>,
}

/// A lock that is held, until this is dropped or the process ends.
#[expect(dead_code, reason = "dropping the fields unlocks")]
pub(super) struct Held {
    file: File,
    turn: OwnedMutexGuard<()>,
}

impl Lock {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            turns: Arc::default(),
        }
    }

    /// Waits until no other task or process holds the lock.
    ///
    /// Of this process one task at a time waits for the file: the threads that wait could otherwise
    /// be all there are, with none left for the holder's own work.
    pub(super) async fn hold(&self, step: Step) -> Result<Held, ProvisionerError> {
        let turn = Arc::clone(&self.turns).lock_owned().await;
        let path = self.path.clone();
        let locking = tokio::task::spawn_blocking(move || {
            let file = open(&path)?;
            file.lock()?;
            Ok(file)
        });
        let locked = locking.await.map_err(std::io::Error::other).flatten();
        let file = locked.map_err(|source| file_error(step, &self.path, source))?;
        Ok(Held { file, turn })
    }
}

pub(super) fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
