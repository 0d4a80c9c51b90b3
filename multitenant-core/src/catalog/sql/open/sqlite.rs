use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use sqlx::{Sqlite, SqlitePool};

use super::{OpenError, options, with_our_table};
use crate::engine::SqlEngine;

pub(super) async fn open(url: &str) -> Result<SqlitePool, OpenError> {
    let connect = Sqlite::options(url).map_err(OpenError::Url)?;
    prepare(connect.get_filename())?;
    let pool = options::<Sqlite>().connect_with(connect).await?;
    migrate(&pool).await?;
    Ok(pool)
}

/// sqlx takes no lock on SQLite: of two processes that migrate at once one would fail. The write
/// lock is taken first, and the migrations' own transactions are savepoints within.
async fn migrate(pool: &SqlitePool) -> Result<(), OpenError> {
    let migrator = with_our_table(sqlx::migrate!("migrations/catalog/sqlite"));
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    migrator.run_direct(None, &mut *tx, false).await?;
    Ok(tx.commit().await?)
}

/// Makes folder and file where they are missing, for the owner alone.
fn prepare(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    if path.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        return Err(refused(path, "it is a URI or in memory; name a file"));
    }
    if let Some(folder) = path.parent() {
        create_folder(folder).map_err(failed)?;
    }
    create_file(path).map_err(failed)?;
    check(path, &fs::symlink_metadata(path).map_err(failed)?)?;
    restrict(path).map_err(failed)
}

fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    builder.recursive(true).create(folder)
}

fn create_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    match options.write(true).create_new(true).open(path) {
        // What is there is checked next, whatever it is.
        Err(_) if fs::symlink_metadata(path).is_ok() => Ok(()),
        made => made.map(drop),
    }
}

/// For a file that was there before, perhaps made by a careless copy.
fn restrict(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn check(path: &Path, file: &fs::Metadata) -> Result<(), OpenError> {
    if file.is_symlink() {
        return Err(refused(path, "it is a symbolic link; name the file itself"));
    }
    if !file.is_file() {
        return Err(refused(path, "it is no file"));
    }
    Ok(())
}

fn refused(path: &Path, reason: &'static str) -> OpenError {
    OpenError::UnsafeFile {
        path: path.to_owned(),
        reason,
    }
}
