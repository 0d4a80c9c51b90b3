//! Where the server's programs are.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder with `initdb` and `postgres`: `PG_BIN`, what `PATH` leads to, or the newest of Debian's.
pub(super) fn find() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("PG_BIN").map(PathBuf::from) {
        if is_complete(&folder) {
            return Ok(folder);
        }
        bail!("PG_BIN={} holds no initdb and postgres", folder.display());
    }
    let mut candidates = on_path().into_iter().chain(debian());
    candidates.find(|folder| is_complete(folder)).ok_or_else(|| {
        anyhow::anyhow!("no Postgres server is installed; name one by --postgres-url, or set PG_BIN to its bin folder")
    })
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

/// Folders of `PATH`, of which links lead into the server's own.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found =
        env::split_paths(&path).filter_map(|folder| folder.join("postgres").canonicalize().ok());
    found
        .filter_map(|program| Some(program.parent()?.to_owned()))
        .collect()
}

fn debian() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir(DEBIAN) else {
        return Vec::new();
    };
    let mut versions: Vec<_> = versions.flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(version_of(path)));
    versions.into_iter().map(|path| path.join("bin")).collect()
}

fn version_of(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}
