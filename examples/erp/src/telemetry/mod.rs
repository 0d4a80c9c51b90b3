//! What the server writes about itself, one line for each thing, to standard error.

mod lines;
mod panics;

use tracing::Dispatch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{AppEnv, Config};
use lines::Lines;

/// Starts to log: JSON in production, else text; and logs panics too. A second call changes
/// nothing.
pub fn start(config: &Config) {
    let dispatch = dispatch(&config.log_filter, config.environment, std::io::stderr);
    if tracing::dispatcher::set_global_default(dispatch).is_ok() {
        panics::log();
    }
}

/// What [`start`] sets up for the whole process, to be written to `out`.
pub fn dispatch<W>(filter: &str, environment: AppEnv, out: W) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter_of(filter))
        .with_ansi(false) // colours would be control characters
        .with_writer(Lines(out));
    match environment.is_production() {
        true => {
            let json = builder.json().flatten_event(true).with_span_list(false);
            json.finish().into()
        }
        false => builder.compact().finish().into(),
    }
}

/// Below warnings sqlx writes whole statements, and making a role has its password in one; so it
/// keeps quiet unless it is named.
fn filter_of(directives: &str) -> EnvFilter {
    let names_sqlx = directives.contains("sqlx");
    let quiet = if names_sqlx { "" } else { ",sqlx=warn" };
    EnvFilter::new(format!("{directives}{quiet}"))
}

#[cfg(test)]
mod tests;
