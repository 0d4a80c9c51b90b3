use std::io;
use std::path::Path;

use crate::engine::provisioner::error::{ProvisionerError, Step};

/// A file that could not be used, and in which step.
pub(super) fn file_error(step: Step, path: &Path, source: io::Error) -> ProvisionerError {
    ProvisionerError::File {
        step,
        path: path.to_owned(),
        source,
    }
}
