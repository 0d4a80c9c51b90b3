use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};

use super::CliError;
use super::domain::{self, DomainCommand};
use super::lookup::find;
use super::operator::Why;
use super::output::{Output, Told};
use super::paging::Paging;
use super::parse::{TenantName, name};
use super::password::SHOWN_ONCE;
use super::table::Table;
use super::tenant_view::{TenantView, TenantsView};
use crate::catalog::{Catalog, NewTenant, TenantFilter};
use crate::directory::TenantStatus;
use crate::platform::Platform;
use crate::provision::TenantRequest;
use crate::{Email, Slug};

/// What is done with tenants.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum TenantCommand {
    /// Makes a tenant with a database of its own and shows its first admin's temporary password
    Create(Create),
    /// Lists tenants, the newest first
    List(List),
    /// Shows a tenant
    Show {
        /// Its id or slug
        tenant: TenantName,
    },
    /// Serves a tenant no longer; what was issued to it works again once it is activated
    Suspend(One),
    /// Serves a tenant again
    Activate(One),
    /// Deletes a tenant with its database, at once and for good; its audit rows stay
    Delete(Delete),
    /// Looks after the domains of a tenant's own
    #[command(subcommand)]
    Domain(DomainCommand),
}

#[derive(Debug, Clone, Args)]
pub(super) struct Create {
    /// What names it in hosts and headers
    slug: Slug,
    /// What it is called [default: the slug]
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// What its first admin signs in with
    #[arg(long, value_name = "EMAIL")]
    admin_email: Email,
    /// What its first admin is called
    #[arg(long, value_name = "NAME", value_parser = name, default_value = "Administrator")]
    admin_name: String,
    /// What it pays for
    #[arg(long, default_value = "BASIC")]
    tier: String,
    /// What kind of business it is
    #[arg(long, value_name = "TEXT", value_parser = name)]
    business_type: Option<String>,
    /// To which part of the market it belongs
    #[arg(long, value_name = "TEXT", value_parser = name)]
    segment: Option<String>,
    #[command(flatten)]
    why: Why,
}

#[derive(Debug, Clone, Args)]
pub(super) struct List {
    /// Those whose name, slug or admin's address contains this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Those that are PROVISIONING, ACTIVE, SUSPENDED, ARCHIVED or DELETING
    #[arg(long)]
    status: Option<TenantStatus>,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Debug, Clone, Args)]
pub(super) struct One {
    /// Its id or slug
    tenant: TenantName,
    #[command(flatten)]
    why: Why,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Delete {
    #[command(flatten)]
    one: One,
    /// Its slug once more
    #[arg(long, value_name = "SLUG")]
    confirm: Slug,
}

/// A tenant that was made. Its first admin's temporary password is shown this once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    tenant: TenantView,
    admin: Value,
}

impl Told for Created {
    fn table(&self) -> Table {
        let mut facts = self.tenant.facts();
        let password = self.admin["temporaryPassword"].as_str();
        facts.push(("temporary password", password.map(str::to_owned)));
        Table::facts(facts).with_note(SHOWN_ONCE)
    }
}

pub(super) async fn run(
    command: TenantCommand,
    platform: &Platform,
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    match command {
        TenantCommand::Create(new) => output.tell(&create(new, platform).await?),
        TenantCommand::List(list) => output.tell(&page_of(list, platform).await?),
        TenantCommand::Show { tenant } => {
            let row = find(platform, &tenant).await?;
            output.tell(&TenantView::from(row))
        }
        TenantCommand::Suspend(one) => {
            let row = set_status(&one, platform, TenantStatus::Suspended).await?;
            output.tell(&row)
        }
        TenantCommand::Activate(one) => {
            let row = set_status(&one, platform, TenantStatus::Active).await?;
            output.tell(&row)
        }
        TenantCommand::Delete(delete) => output.tell(&remove(&delete, platform).await?),
        TenantCommand::Domain(command) => domain::run(command, platform, output).await,
    }
}

async fn create(new: Create, platform: &Platform) -> Result<Created, CliError> {
    let called = new.name.unwrap_or_else(|| new.slug.to_string());
    let request = TenantRequest {
        tenant: NewTenant {
            business_type: new.business_type,
            segment: new.segment,
            admin_email: Some(new.admin_email.to_string()),
            ..NewTenant::new(new.slug, called, new.tier)
        },
        admin_email: new.admin_email,
        admin_name: new.admin_name,
    };
    let (change, provisioning) = (new.why.change(), platform.provisioning());
    let created = provisioning.create(&change, &request, None).await?;
    let password = created.temporary_password;
    let password = password.as_ref().map(|password| password.reveal());
    let email = request.admin_email.as_str();
    Ok(Created {
        admin: json!({ "email": email, "temporaryPassword": password }),
        tenant: created.tenant.into(),
    })
}

async fn page_of(list: List, platform: &Platform) -> Result<TenantsView, CliError> {
    let page = list.paging.read()?;
    let filter = TenantFilter {
        search: list.search,
        status: list.status,
    };
    Ok(platform.catalog().tenants(&filter, page).await?.into())
}

async fn set_status(
    one: &One,
    platform: &Platform,
    status: TenantStatus,
) -> Result<TenantView, CliError> {
    let tenant = find(platform, &one.tenant).await?.id;
    let (change, catalog) = (one.why.change(), platform.catalog());
    Ok(catalog.set_status(&change, tenant, status).await?.into())
}

/// What a tenant was that is gone.
#[derive(Serialize)]
struct Deleted {
    deleted: TenantView,
}

impl Told for Deleted {
    fn table(&self) -> Table {
        let [id, slug, ..] = &self.deleted.facts()[..] else {
            return Table::default();
        };
        Table::facts([id.clone(), slug.clone()]).with_note("It is deleted.")
    }
}

async fn remove(delete: &Delete, platform: &Platform) -> Result<Deleted, CliError> {
    let row = find(platform, &delete.one.tenant).await?;
    if row.slug != delete.confirm {
        let told = format!("repeat the tenant's slug: --confirm {}", row.slug);
        return Err(CliError::Usage(told));
    }
    let (change, provisioning) = (delete.one.why.change(), platform.provisioning());
    provisioning.delete(&change, row.id).await?;
    Ok(Deleted {
        deleted: row.into(),
    })
}
