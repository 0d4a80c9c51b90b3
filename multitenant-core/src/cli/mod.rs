//! Commands that look after a platform: `tenant`, `migrate` and `admin`, to mount in a binary of
//! one's own beside its own commands.
//!
//! ```
//! use std::process::ExitCode;
//!
//! use clap::{Parser, Subcommand};
//! use multitenant_core::cli::{EXIT_CODES, Exit, Format, PlatformCommand};
//! use multitenant_core::platform::Platform;
//!
//! #[derive(Parser)]
//! #[command(after_help = EXIT_CODES)]
//! struct Cli {
//!     /// Prints JSON
//!     #[arg(long, global = true)]
//!     json: bool,
//!     #[command(subcommand)]
//!     command: Command,
//! }
//!
//! #[derive(Subcommand)]
//! enum Command {
//!     /// Serves requests
//!     Serve,
//!     #[command(flatten)]
//!     Platform(PlatformCommand),
//! }
//!
//! async fn act(cli: Cli, platform: &Platform) -> ExitCode {
//!     match cli.command {
//!         Command::Serve => { /* … */ }
//!         Command::Platform(command) => {
//!             let format = if cli.json { Format::Json } else { Format::Table };
//!             if let Err(error) = command.run(platform, &mut std::io::stdout(), format).await {
//!                 eprintln!("{error}");
//!                 return Exit::from(&error).into();
//!             }
//!         }
//!     }
//!     Exit::Done.into()
//! }
//!
//! let cli = Cli::try_parse_from(["my-app", "tenant", "suspend", "acme", "--reason", "unpaid"]);
//! assert!(matches!(cli, Ok(Cli { command: Command::Platform(_), .. })));
//! # let _ = act;
//! ```
//!
//! A binary that has no commands of its own leaves all that to [`PlatformProcess`].
//!
//! The binary runs as one more node for as long as the command takes, beside whatever serves: what
//! it changes is in force there within a second. In the audit log stands the
//! [operator](crate::catalog::Actor::Operator), the account under which it ran.

mod admin;
mod command;
mod domain;
mod error;
mod exit;
mod lookup;
mod migrate;
mod operator;
mod output;
mod paging;
mod parse;
mod password;
mod process;
mod table;
mod tenant;
mod tenant_view;

pub use command::PlatformCommand;
pub use error::CliError;
pub use exit::{EXIT_CODES, Exit};
pub use output::Format;
pub use process::PlatformProcess;
