use std::error::Error;
use std::io::{self, Write};
use std::iter;
use std::process::ExitCode;

/// Says on standard error why the server cannot go on, with what lies behind it, and gives the
/// exit code.
pub fn report(failure: &(dyn Error + 'static)) -> ExitCode {
    let causes = iter::successors(failure.source(), |&cause| cause.source());
    let causes = causes.map(|cause| format!("\n  because: {cause}"));
    let text = format!("erp-server: {failure}{}\n", causes.collect::<String>());
    // Where standard error is closed nobody can be told.
    let _ = io::stderr().write_all(text.as_bytes());
    ExitCode::FAILURE
}
