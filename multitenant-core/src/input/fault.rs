use std::fmt::Display;

use serde_path_to_error::Path;

use crate::{FieldError, Problem};

/// The problem of a value that could be read but is not what is wanted.
pub(super) fn unacceptable(path: &Path, error: &impl Display) -> Problem {
    let message = without_position(&error.to_string()).to_owned();
    let parent = path.to_string();
    let field = match missing(&message) {
        Some(missing) if parent == "." => missing.to_owned(),
        Some(missing) => format!("{parent}.{missing}"),
        None => parent,
    };
    Problem::invalid(vec![FieldError::new(field, message)])
}

/// The field that serde misses. It tells the name in its message only, and for the path the thing
/// that the field is missing in.
fn missing(message: &str) -> Option<&str> {
    let name = message.strip_prefix("missing field `")?;
    name.strip_suffix('`')
}

/// Where in the body a field stands helps nobody who is told the field.
fn without_position(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(sentence, _)| sentence)
}
