//! A file by the node's id, which is locked for as long as the process lives.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use async_trait::async_trait;

use super::SqliteProvisioner;
use super::fault::file_error;
use super::lock::open;
use crate::NodeId;
use crate::engine::provisioner::attendance::Attendance;
use crate::engine::provisioner::error::{ProvisionerError, Step};

struct LockedFile {
    #[expect(dead_code, reason = "dropping it unlocks")]
    file: File,
}

#[async_trait]
impl Attendance for LockedFile {
    async fn is_shown(&mut self) -> bool {
        true
    }
}

impl SqliteProvisioner {
    pub(super) async fn show(&self, node: NodeId) -> Result<Box<dyn Attendance>, ProvisionerError> {
        // Held so that nobody takes the file for one that is left over.
        let _files = self.folder.files.hold(Step::Attend).await?;
        let path = self.folder.node_file(node);
        let locked = open(&path).and_then(|file| file.lock().map(|()| file));
        let file = locked.map_err(|source| file_error(Step::Attend, &path, source))?;
        Ok(Box::new(LockedFile { file }))
    }

    pub(super) fn shown(&self, among: &[NodeId]) -> Result<Vec<NodeId>, ProvisionerError> {
        let mut shown = Vec::new();
        for node in among {
            if is_locked(&self.folder.node_file(*node))? {
                shown.push(*node);
            }
        }
        Ok(shown)
    }
}

/// Whether a process holds the file. Whoever looks does not hold it against others who look.
pub(super) fn is_locked(path: &Path) -> Result<bool, ProvisionerError> {
    let failed = |source| file_error(Step::Attend, path, source);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
