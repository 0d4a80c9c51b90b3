use std::fmt::Display;

use serde_path_to_error::Path;

use crate::{FieldError, Problem};

/// The problem of a value that could be read but is not what is wanted.
pub(super) fn unacceptable(path: &Path, error: &impl Display) -> Problem {
    let message = without_position(&error.to_string()).to_owned();
    let parent = path.to_string();
    let field = match named(&message) {
        Some(name) if parent == "." => name.to_owned(),
        Some(name) => format!("{parent}.{name}"),
        None => parent,
    };
    Problem::invalid(vec![FieldError::new(field, message)])
}

/// The field that is missing, or is there twice. serde tells its name in the message only, and for
/// the path the thing that it belongs to.
fn named(message: &str) -> Option<&str> {
    let opened = ["missing field `", "duplicate field `"];
    let name = opened.iter().find_map(|text| message.strip_prefix(text))?;
    name.strip_suffix('`')
}

/// Where in the body a field stands helps nobody who is told the field.
fn without_position(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(sentence, _)| sentence)
}
