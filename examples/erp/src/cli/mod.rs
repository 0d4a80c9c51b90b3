//! What is said on the command line: what to do, and every setting as a flag.

mod config;
mod demo;
mod platform;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use multitenant_core::cli::{EXIT_CODES, Format, PlatformCommand};

use crate::config::{Flags, Sources};
use crate::enterprise::TIERS;

pub use config::show_config;
pub use demo::{DemoError, fill_demo};
pub use platform::look_after;

/// The command line, read.
#[derive(Debug, Clone)]
pub struct Cli {
    /// The settings that were given.
    pub flags: Flags,
    /// In which form commands say what came of them.
    pub format: Format,
    /// What to do.
    pub command: Command,
    /// Whether two clients are made to try things out with, before requests are served.
    pub demo: bool,
}

/// What the program is to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Serve requests.
    Serve,
    /// Show every setting.
    Config,
    /// Look after clients and staff.
    Platform(PlatformCommand),
}

#[derive(Debug, Clone, Parser)]
#[command(
    name = "erp-server",
    version,
    about = "An ERP server for many clients, each with a database of its own",
    after_help = EXIT_CODES,
    after_long_help = format!("{PRECEDENCE}\n\n{EXIT_CODES}")
)]
struct Line {
    #[command(flatten)]
    flags: Flags,
    /// Prints JSON instead of tables
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    serve: Serve,
    #[command(subcommand)]
    command: Option<Chosen>,
}

const PRECEDENCE: &str = "A flag wins over the environment, the environment over the file .env. \
    Give secrets by the environment: flags can be seen by everybody on the machine.";

#[derive(Debug, Clone, Subcommand)]
enum Chosen {
    /// Serves requests, as without any command
    Serve(Serve),
    /// Shows every setting in force and where it comes from, but no secret
    Config,
    #[command(flatten)]
    Platform(PlatformCommand),
}

#[derive(Debug, Clone, Args)]
struct Serve {
    /// Makes two clients to try things out with, where they are not there yet
    #[arg(long)]
    demo: bool,
}

impl Cli {
    /// Reads the process's own command line. Where it cannot be used, or asks for help, the
    /// process ends here.
    #[must_use]
    pub fn read() -> Self {
        Self::from(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Reads a command line that begins with the program's name.
    ///
    /// # Errors
    /// [`clap::Error`] says what is wrong with it, or holds the help that was asked for.
    pub fn from<T>(words: impl IntoIterator<Item = T>) -> Result<Self, clap::Error>
    where
        T: Into<OsString> + Clone,
    {
        let matches = grammar().try_get_matches_from(words)?;
        let line = Line::from_arg_matches(&matches)?;
        let mut demo = line.serve.demo;
        let command = match line.command {
            None => Command::Serve,
            Some(Chosen::Serve(serve)) => {
                demo |= serve.demo;
                Command::Serve
            }
            Some(_) if demo => return Err(demo_alone()),
            Some(Chosen::Config) => Command::Config,
            Some(Chosen::Platform(command)) => Command::Platform(command),
        };
        Ok(Self {
            flags: line.flags,
            format: if line.json {
                Format::Json
            } else {
                Format::Table
            },
            command,
            demo,
        })
    }

    /// Where settings come from: the flags, and each variable of the environment through
    /// `environment`. Commands that are over at once log warnings only, unless told otherwise.
    #[must_use]
    pub fn sources(&self, environment: impl Fn(&str) -> Option<OsString>) -> Sources {
        let sources = Sources::new(self.flags.clone(), environment);
        match self.command {
            Command::Platform(_) => sources.with_default("LOG_LEVEL", "warn"),
            Command::Serve | Command::Config => sources,
        }
    }
}

/// The library's commands take any tier; here there are three.
fn grammar() -> clap::Command {
    let tier = |tier: clap::Arg| tier.value_parser(TIERS);
    let create = |create: clap::Command| create.mut_arg("tier", tier);
    Line::command().mut_subcommand("tenant", |tenant| tenant.mut_subcommand("create", create))
}

fn demo_alone() -> clap::Error {
    grammar().error(ErrorKind::ArgumentConflict, "--demo goes with serve only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_command_it_serves() {
        for (line, serves_demo) in [
            ("erp-server", Some(false)),
            ("erp-server --demo", Some(true)),
            ("erp-server serve", Some(false)),
            ("erp-server serve --demo --port 1", Some(true)),
            ("erp-server --port 1 tenant list", None),
            ("erp-server tenant list --port 1 --json", None),
        ] {
            let cli = Cli::from(line.split(' ')).unwrap();
            let serves = matches!(cli.command, Command::Serve);
            assert_eq!(serves.then_some(cli.demo), serves_demo, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in [
            "erp-server --demo tenant list",
            "erp-server start",
            "erp-server tenant create acme --admin-email a@b.example --tier GOLD",
        ] {
            let refused = Cli::from(line.split(' ')).unwrap_err();
            assert_eq!(refused.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_help_tells_every_setting_and_every_exit_code() {
        let help = grammar().render_long_help().to_string();
        for variable in Flags::VARIABLES {
            assert!(help.contains(&format!("[env: {variable}]")), "{variable}");
        }
        assert!(help.contains(EXIT_CODES), "{help}");
    }
}
