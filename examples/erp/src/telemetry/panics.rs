use std::panic::{self, PanicHookInfo};

/// Logs panics as one line each, where the default would write several of its own kind.
pub(super) fn log() {
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, message = message(panic), "a panic: this is a bug");
    }));
}

fn message<'p>(panic: &'p PanicHookInfo<'_>) -> &'p str {
    panic
        .payload_as_str()
        .unwrap_or("of another kind than text")
}
