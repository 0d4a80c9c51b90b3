use std::io::{self, Write};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Writes each event as exactly one line: control characters in it are escaped as in JSON, so
/// that nothing from outside forges a line or commands a terminal. In JSON the formatter has
/// done so before, save for the few that JSON lets stand.
pub(super) struct Lines<W>(pub(super) W);

/// Takes one event with each call, as the formatter hands it over.
pub(super) struct Line<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Lines<W> {
    type Writer = Line<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Line(self.0.make_writer())
    }

    fn make_writer_for(&'w self, metadata: &Metadata<'_>) -> Self::Writer {
        Line(self.0.make_writer_for(metadata))
    }
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let body = event.strip_suffix(b"\n").unwrap_or(event);
        match std::str::from_utf8(body) {
            Ok(text) if !text.contains(char::is_control) => self.0.write_all(event)?,
            _ => self
                .0
                .write_all(escape(&String::from_utf8_lossy(body)).as_bytes())?,
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn escape(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character.is_control() {
            true => line.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => line.push(character),
        }
    }
    line.push('\n');
    line
}
