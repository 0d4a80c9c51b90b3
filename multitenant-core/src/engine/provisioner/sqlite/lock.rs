use std::fs::{File, OpenOptions};

use tokio::sync::OwnedMutexGuard;

use super::files::file_error;
use super::folder::Folder;
use crate::engine::provisioner::error::{ProvisionError, Step};

/// The lock on a folder, held until this is dropped or the process ends.
#[expect(dead_code, reason = "dropping the fields unlocks")]
pub(super) struct FolderLock {
    file: File,
    turn: OwnedMutexGuard<()>,
}

/// Waits until no other task or process makes or removes files in the folder.
///
/// Of this process one task at a time waits for the file: the threads that wait could otherwise be
/// all there are, with none left for the holder's own work.
pub(super) async fn exclusive(folder: &Folder, step: Step) -> Result<FolderLock, ProvisionError> {
    let turn = folder.turn().await;
    let path = folder.path().join(".lock");
    let shown = path.clone();
    let locking = tokio::task::spawn_blocking(move || {
        let file = open(&path)?;
        file.lock()?;
        Ok(file)
    });
    let locked = locking.await.map_err(std::io::Error::other).flatten();
    let file = locked.map_err(|source| file_error(step, &shown, source))?;
    Ok(FolderLock { file, turn })
}

fn open(path: &std::path::Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
