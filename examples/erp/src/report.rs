use std::error::Error;
use std::io::{self, Write};
use std::iter;
use std::process::ExitCode;

use multitenant_core::cli::{CliError, Exit};

use crate::platform::StartError;

/// Says on standard error why the program cannot go on, with what lies behind it, and gives the
/// exit code.
pub fn report(failure: &(dyn Error + 'static)) -> ExitCode {
    let causes = iter::successors(failure.source(), |&cause| cause.source());
    let causes = causes.map(|cause| format!("\n  because: {cause}"));
    let text = format!("erp-server: {failure}{}\n", causes.collect::<String>());
    // Where standard error is closed nobody can be told.
    let _ = io::stderr().write_all(text.as_bytes());
    exit(failure).into()
}

fn exit(failure: &(dyn Error + 'static)) -> Exit {
    if let Some(error) = failure.downcast_ref::<CliError>() {
        return error.into();
    }
    match failure.downcast_ref() {
        Some(StartError::Platform(error)) => error.into(),
        _ => Exit::Failed,
    }
}
