//! What is said of the libraries as a whole, held against their files.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adapters_stay_thin;
mod docs_name_every_feature;

use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap().to_owned()
}
