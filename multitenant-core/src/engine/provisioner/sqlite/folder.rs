use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use url::Url;

use super::attendance::is_locked;
use super::fault::file_error;
use super::files::UNFINISHED;
use super::lock::Lock;
use crate::engine::provisioner::error::{ProvisionerError, Step};
use crate::engine::provisioner::names::DatabaseName;
use crate::{NodeId, TenantId};

const EXTENSION: &str = "db";
/// What the names of files that nodes lock begin with.
const NODE: &str = ".node-";

/// A folder that is the platform's alone (mode 0700), by its absolute path.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    url: Url,
    /// Held while files are made or removed.
    pub(super) files: Lock,
    /// Held while a tenant is migrated, so that a slow migration delays no new tenant.
    pub(super) migrations: Lock,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, ProvisionerError> {
        if path.to_string_lossy().starts_with("file:") {
            return Err(unsafe_folder(path, "name a folder, not a file: URI"));
        }
        make(path).map_err(|source| file_error(Step::Prepare, path, source))?;
        check(path)?;
        let path =
            fs::canonicalize(path).map_err(|source| file_error(Step::Prepare, path, source))?;
        if path.to_str().is_none() {
            return Err(unsafe_folder(
                &path,
                "its name must be UTF-8 for SQLite to open files there",
            ));
        }
        match Url::from_file_path(&path) {
            Ok(url) => Ok(Self {
                files: Lock::new(path.join(".lock")),
                migrations: Lock::new(path.join(".lock-migrations")),
                path,
                url,
            }),
            Err(()) => Err(unsafe_folder(&path, "its path cannot be written as a URL")),
        }
    }

    pub(super) fn file(&self, name: &DatabaseName) -> PathBuf {
        self.path.join(name.as_str()).with_extension(EXTENSION)
    }

    pub(super) fn node_file(&self, node: NodeId) -> PathBuf {
        self.path.join(format!("{NODE}{node}"))
    }

    /// Removes files of nodes that have ended. Only under the folder's lock.
    pub(super) fn remove_node_files(&self, step: Step) -> Result<(), ProvisionerError> {
        for name in self.names(step)? {
            let path = self.path.join(&name);
            if name.starts_with(NODE) && !is_locked(&path)? {
                fs::remove_file(&path).map_err(|source| file_error(step, &path, source))?;
            }
        }
        Ok(())
    }

    /// The URL by which sqlx opens a file of this folder; it does not make a missing one.
    pub(super) fn url(&self, file: &Path) -> String {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        format!("sqlite://{}/{name}?mode=rw", self.url.path())
    }

    /// The tenants that have a file here, ordered.
    pub(super) fn tenants(&self, step: Step) -> Result<Vec<TenantId>, ProvisionerError> {
        let mut tenants: Vec<_> = self
            .names(step)?
            .iter()
            .filter_map(|name| DatabaseName::tenant_of(name.strip_suffix(".db")?))
            .collect();
        tenants.sort_unstable();
        Ok(tenants)
    }

    /// Removes files that were never finished. Only under the folder's lock.
    pub(super) fn remove_unfinished(&self, step: Step) -> Result<(), ProvisionerError> {
        for name in self.names(step)? {
            if name.contains(UNFINISHED) {
                let path = self.path.join(name);
                fs::remove_file(&path).map_err(|source| file_error(step, &path, source))?;
            }
        }
        Ok(())
    }

    fn names(&self, step: Step) -> Result<Vec<String>, ProvisionerError> {
        let read = || -> io::Result<Vec<String>> {
            fs::read_dir(&self.path)?
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect()
        };
        read().map_err(|source| file_error(step, &self.path, source))
    }
}

fn make(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// A folder that others can reach is refused, not changed: it may be one that was named by mistake.
fn check(path: &Path) -> Result<(), ProvisionerError> {
    let metadata =
        fs::symlink_metadata(path).map_err(|source| file_error(Step::Prepare, path, source))?;
    if !metadata.is_dir() {
        return Err(unsafe_folder(
            path,
            "tenants' files are kept in a folder of its own, not behind a symbolic link",
        ));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(unsafe_folder(
            path,
            "others can reach into it; close it with chmod 700, or name another folder",
        ));
    }
    Ok(())
}

fn unsafe_folder(path: &Path, reason: &'static str) -> ProvisionerError {
    ProvisionerError::UnsafeFile {
        path: path.to_owned(),
        reason,
    }
}
