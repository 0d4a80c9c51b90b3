use std::error::Error;
use std::io;

use multitenant_core::cli::{Format, PlatformCommand};

use crate::config::Config;
use crate::keys::Secrets;
use crate::platform::Platform;

/// Does a command, as one more node for as long as that takes.
///
/// # Errors
/// What kept the platform from being opened, or the command from being done.
pub async fn look_after(
    config: &Config,
    secrets: Secrets,
    command: PlatformCommand,
    format: Format,
) -> Result<(), Box<dyn Error>> {
    let platform = Platform::open(config, secrets).await?;
    let mut out = io::stdout();
    let done = command.run(platform.core(), &mut out, format).await;
    platform.shut_down().await;
    Ok(done?)
}
