use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use super::command::PlatformCommand;
use super::error::with_causes;
use super::exit::{EXIT_CODES, Exit};
use super::output::Format;
use crate::platform::{Platform, PlatformBuilder};

/// How long work in flight may take when the process ends.
const GRACE: Duration = Duration::from_secs(5);

/// The process of a binary that has these commands and no others: with one it does that, prints what
/// came of it for people and ends with its [`Exit`] code; without one it serves.
///
/// ```no_run
/// use multitenant_core::cli::PlatformProcess;
/// use multitenant_core::platform::Platform;
/// use multitenant_core::rbac::access::REGISTRY;
///
/// # async fn serve(_: Platform) {}
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut process = PlatformProcess::from_arguments();
/// let platform = process.start(Platform::from_env(REGISTRY)?).await;
/// tokio::select! {
///     () = serve(platform) => {}
///     () = PlatformProcess::asked_to_end() => {}
/// }
/// process.end().await;
/// # Ok(())
/// # }
/// ```
#[must_use = "it does the command that it was started with"]
pub struct PlatformProcess {
    command: Option<PlatformCommand>,
    platform: Option<Platform>,
}

/// The command line.
#[derive(Parser)]
#[command(after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<PlatformCommand>,
}

impl PlatformProcess {
    /// Reads the command line. On one that cannot be used, or that asks for help, the process ends
    /// with what is to be said.
    pub fn from_arguments() -> Self {
        let Arguments { command } = Arguments::parse();
        let platform = None;
        Self { command, platform }
    }

    /// For a mode without a platform, such as one customer on a server of their own: where there is a
    /// command, the process says that there is nothing for it to do, and ends.
    pub fn refuse_commands(&self) {
        if self.command.is_some() {
            let why = "there is no platform here for a command to look after";
            end_with(Exit::Usage, Some(why.into()));
        }
    }

    /// Starts the platform. Returns to serve; with a command it is done, and the process ends. So it
    /// does where the platform cannot be started.
    pub async fn start(&mut self, platform: PlatformBuilder) -> Platform {
        let platform = match platform.start().await {
            Ok(platform) => platform,
            Err(error) => end_with(Exit::from(&error), Some(error.into())),
        };
        if let Some(command) = self.command.take() {
            let mut out = io::stdout();
            let done = command.run(&platform, &mut out, Format::Table).await;
            platform.shut_down(GRACE).await;
            match done {
                Ok(()) => end_with(Exit::Done, None),
                Err(error) => end_with(Exit::from(&error), Some(error.into())),
            }
        }
        self.platform = Some(platform.clone());
        platform
    }

    /// Waits until the process is asked to end, by SIGTERM or Ctrl-C; for ever where the system lets
    /// nobody listen for that.
    pub async fn asked_to_end() {
        let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
        let [Ok(mut terminate), Ok(mut interrupt)] = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }

    /// Shuts the platform down, if there is one, once nothing is served any more: what is in flight
    /// has five seconds.
    pub async fn end(self) {
        if let Some(platform) = self.platform {
            platform.shut_down(GRACE).await;
        }
    }
}

fn end_with(exit: Exit, error: Option<Box<dyn Error>>) -> ! {
    if let Some(error) = error {
        // There is nobody to tell where even this cannot be written.
        let _ = writeln!(io::stderr(), "error: {}", with_causes(&*error));
    }
    std::process::exit(exit.code().into())
}
