use std::io::{self, Write};

use serde::Serialize;

use super::CliError;
use super::table::Table;

/// In which form a command says what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// Tables, for people.
    #[default]
    Table,
    /// One JSON document, for scripts: names in camelCase, as over HTTP.
    Json,
}

/// What can be told in both forms.
pub(super) trait Told: Serialize {
    fn table(&self) -> Table;
}

/// Where a command says what came of it.
pub(super) struct Output<'o> {
    out: &'o mut (dyn Write + Send),
    format: Format,
}

impl<'o> Output<'o> {
    pub(super) fn new(out: &'o mut (dyn Write + Send), format: Format) -> Self {
        Self { out, format }
    }

    pub(super) fn tell(&mut self, told: &impl Told) -> Result<(), CliError> {
        let text = match self.format {
            Format::Table => told.table().to_string(),
            Format::Json => json(told).map_err(CliError::Output)?,
        };
        match self.out.write_all(text.as_bytes()) {
            // Whoever reads has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(CliError::Output),
        }
    }
}

fn json(told: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(told)? + "\n")
}
