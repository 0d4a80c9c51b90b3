use clap::{Args, Subcommand};
use serde::Serialize;

use super::CliError;
use super::lookup::find;
use super::operator::Why;
use super::output::{Output, Told};
use super::parse::TenantName;
use super::table::Table;
use crate::Domain;
use crate::catalog::Catalog;
use crate::platform::Platform;

/// What is done with the domains of a tenant's own.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum DomainCommand {
    /// Gives a tenant a domain; have its owner prove first that it is theirs
    Add(OneDomain),
    /// Lists a tenant's domains
    List {
        /// The tenant's id or slug
        tenant: TenantName,
    },
    /// Takes a domain away from a tenant
    Remove(OneDomain),
}

#[derive(Debug, Clone, Args)]
pub(super) struct OneDomain {
    /// The tenant's id or slug
    tenant: TenantName,
    /// A host that names the tenant, such as shop.acme.example
    domain: Domain,
    #[command(flatten)]
    why: Why,
}

#[derive(Serialize)]
struct Domains {
    domains: Vec<String>,
    total: usize,
}

impl Told for Domains {
    fn table(&self) -> Table {
        Table::of(["domain"], self.domains.iter().map(|name| [name.clone()]))
    }
}

pub(super) async fn run(
    command: DomainCommand,
    platform: &Platform,
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    let tenant = match &command {
        DomainCommand::Add(one) => add(one, platform).await?,
        DomainCommand::List { tenant } => find(platform, tenant).await?.id,
        DomainCommand::Remove(one) => remove(one, platform).await?,
    };
    let domains = platform.catalog().domains(tenant).await?;
    let domains: Vec<_> = domains.iter().map(ToString::to_string).collect();
    let total = domains.len();
    output.tell(&Domains { domains, total })
}

async fn add(one: &OneDomain, platform: &Platform) -> Result<crate::TenantId, CliError> {
    let tenant = find(platform, &one.tenant).await?.id;
    let (change, catalog) = (one.why.change(), platform.catalog());
    catalog.add_domain(&change, tenant, &one.domain).await?;
    Ok(tenant)
}

async fn remove(one: &OneDomain, platform: &Platform) -> Result<crate::TenantId, CliError> {
    let tenant = find(platform, &one.tenant).await?.id;
    let (change, catalog) = (one.why.change(), platform.catalog());
    match catalog.remove_domain(&change, tenant, &one.domain).await? {
        true => Ok(tenant),
        false => Err(CliError::NotFound {
            what: "domain of this tenant",
            name: one.domain.to_string(),
        }),
    }
}
