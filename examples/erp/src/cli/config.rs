use std::fmt::Write as _;
use std::io::{self, Write};

use multitenant_core::cli::Format;
use serde::Serialize;

use crate::config::{Config, Setting, Sources};

#[derive(Serialize)]
struct Settings {
    settings: Vec<Setting>,
}

/// Prints every setting in force, and where it comes from. No secret is in it.
///
/// # Errors
/// What the system says where it cannot be written.
pub fn show_config(config: &Config, sources: &Sources, format: Format) -> io::Result<()> {
    let settings = config.in_force(sources);
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&Settings { settings })? + "\n",
        _ => table(&settings),
    };
    io::stdout().write_all(text.as_bytes())
}

fn table(settings: &[Setting]) -> String {
    let mut text = String::new();
    for setting in settings {
        let (name, source) = (setting.name, setting.source.as_str());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<24} {source:<12} {}", setting.value);
    }
    text
}
