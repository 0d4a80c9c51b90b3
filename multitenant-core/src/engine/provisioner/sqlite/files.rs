//! Single files: made with mode 0600, under another name until they are whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::fault::file_error;
use super::lock::Held;
use crate::engine::provisioner::error::{ProvisionerError, Step};

/// What SQLite keeps beside a database. Its files have the database's mode.
const COMPANIONS: &[&str] = &["-wal", "-shm", "-journal"];
/// Ends the name of a file that is not yet whole.
pub(super) const UNFINISHED: &str = "-unfinished";

/// Whether there is a file; anything else under that name is refused.
pub(super) fn is_there(step: Step, path: &Path) -> Result<bool, ProvisionerError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(_) => Err(ProvisionerError::UnsafeFile {
            path: path.to_owned(),
            reason: "a tenant's database is a regular file, never a symbolic link or a folder",
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(file_error(step, path, source)),
    }
}

/// A name under which to make a file, new each time: SQLite's thread may still be at work on an
/// earlier one whose caller has gone away.
pub(super) fn unfinished(file: &Path) -> PathBuf {
    with_suffix(file, &format!("{UNFINISHED}-{}", Uuid::now_v7().simple()))
}

/// Makes an empty file that is the owner's alone.
pub(super) fn make_empty(step: Step, path: &Path) -> Result<File, ProvisionerError> {
    let made = private().open(path);
    made.map_err(|source| file_error(step, path, source))
}

/// Copies a database that nobody has open.
pub(super) fn copy(source: &Path, file: &Path) -> io::Result<()> {
    let building = unfinished(file);
    let mut copy = private().open(&building)?;
    io::copy(&mut File::open(source)?, &mut copy)?;
    finish(&building, file)
}

/// Gives a whole file its name, lastingly.
pub(super) fn finish(building: &Path, file: &Path) -> io::Result<()> {
    File::open(building)?.sync_all()?;
    fs::rename(building, file)?;
    sync_folder_of(file)
}

/// Removes a database and what stands beside it, as far as there is any, also what a killed process
/// has left unfinished of it. The database goes last: while it is there, the tenant is found and
/// removed again. Only under the folder's lock.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    remove_unfinished(file)?;
    for suffix in COMPANIONS {
        remove_one(&with_suffix(file, suffix))?;
    }
    remove_one(file)
}

/// Runs file work apart from the runtime's own threads. It goes on when its caller goes away, so it
/// takes the folder's lock with it.
pub(super) async fn blocking<F>(
    step: Step,
    lock: Held,
    path: PathBuf,
    work: F,
) -> Result<(), ProvisionerError>
where
    F: FnOnce(&Path) -> io::Result<()> + Send + 'static,
{
    let shown = path.clone();
    let locked_work = move || {
        let done = work(&path);
        drop(lock);
        done
    };
    let done = tokio::task::spawn_blocking(locked_work).await;
    done.map_err(io::Error::other)
        .flatten()
        .map_err(|source| file_error(step, &shown, source))
}

fn remove_unfinished(file: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Ok(());
    };
    let unfinished = format!("{}{UNFINISHED}", name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&unfinished) {
            remove_one(&entry.path())?;
        }
    }
    Ok(())
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

fn remove_one(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `create_new` follows no symbolic link.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn sync_folder_of(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
