use std::io::Write;

use clap::{ArgMatches, Command, FromArgMatches, Subcommand};

use super::admin::AdminCommand;
use super::migrate::Migrate;
use super::output::{Format, Output};
use super::tenant::TenantCommand;
use super::{CliError, admin, migrate, tenant};
use crate::platform::Platform;

/// A command that looks after a platform; flatten it into your own.
///
/// What your platform knows and the library does not can be taught to it before it is parsed: the
/// tiers there are, for instance.
///
/// ```
/// use clap::{CommandFactory, FromArgMatches, Parser};
/// use multitenant_core::cli::PlatformCommand;
///
/// #[derive(Parser)]
/// struct Cli {
///     #[command(subcommand)]
///     command: PlatformCommand,
/// }
///
/// let command = Cli::command().mut_subcommand("tenant", |tenant| {
///     tenant.mut_subcommand("create", |create| {
///         create.mut_arg("tier", |tier| tier.value_parser(["BASIC", "PRO"]).default_value("BASIC"))
///     })
/// });
/// let arguments = "my-app tenant create acme --admin-email a@acme.example --tier GOLD";
/// let error = command.try_get_matches_from(arguments.split(' ')).unwrap_err();
/// assert!(error.to_string().contains("BASIC, PRO"));
/// ```
#[derive(Debug, Clone)]
pub struct PlatformCommand(Chosen);

#[derive(Debug, Clone, Subcommand)]
enum Chosen {
    /// Makes, lists, suspends, activates and deletes tenants
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Brings the catalog and every tenant's database to this version's schema
    Migrate(Migrate),
    /// Looks after the platform's staff
    #[command(subcommand)]
    Admin(AdminCommand),
}

impl PlatformCommand {
    /// Does it, and writes to `out` what came of it.
    ///
    /// # Errors
    /// [`CliError`] says what could not be done; [`Exit`](super::Exit) has a code for it.
    pub async fn run(
        self,
        platform: &Platform,
        out: &mut (dyn Write + Send),
        format: Format,
    ) -> Result<(), CliError> {
        let mut output = Output::new(out, format);
        match self.0 {
            Chosen::Tenant(command) => tenant::run(command, platform, &mut output).await,
            Chosen::Migrate(command) => migrate::run(&command, platform, &mut output).await,
            Chosen::Admin(command) => admin::run(command, platform, &mut output).await,
        }
    }
}

impl FromArgMatches for PlatformCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Chosen::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Subcommand for PlatformCommand {
    fn augment_subcommands(command: Command) -> Command {
        Chosen::augment_subcommands(command)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Chosen::augment_subcommands_for_update(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Chosen::has_subcommand(name)
    }
}
