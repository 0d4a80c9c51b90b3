use std::path::Path;
use std::process::{Command, ExitCode};

/// Runs this program again with a throwaway server up, by the script that the tests use.
pub(crate) fn run_again_with_one() -> ExitCode {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/with-postgres");
    let run = std::env::current_exe().and_then(|program| {
        let mut command = Command::new(script);
        command.arg(program).args(std::env::args_os().skip(1));
        command.status()
    });
    match run {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("scripts/with-postgres could not be run: {error}; give a --postgres-url");
            ExitCode::FAILURE
        }
    }
}
