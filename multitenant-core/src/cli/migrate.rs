use clap::Args;
use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::CliError;
use super::error::with_causes;
use super::operator::Why;
use super::output::{Output, Told};
use super::table::Table;
use crate::TenantId;
use crate::catalog::{Catalog, Change, Page, TenantFilter, TenantRow};
use crate::limits::PAGE_MAX;
use crate::platform::Platform;
use crate::provision::ProvisioningError;

/// Migrates every tenant. The catalog and the template of new databases are migrated by whoever
/// starts, and so before this begins.
#[derive(Debug, Clone, Args)]
pub(super) struct Migrate {
    /// How many tenants' databases at once
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    #[command(flatten)]
    why: Why,
}

/// What came of migrating every tenant.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Migrated {
    schema_version: String,
    migrated: usize,
    /// Those that had nothing to be done, or are being made or deleted.
    unchanged: usize,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    id: TenantId,
    slug: String,
    error: String,
}

impl Told for Migrated {
    fn table(&self) -> Table {
        let note = format!(
            "schema {}: {} migrated, {} unchanged, {} failed",
            self.schema_version,
            self.migrated,
            self.unchanged,
            self.failed.len()
        );
        let failed = self.failed.iter();
        let rows = failed.map(|one| [one.id.to_string(), one.slug.clone(), one.error.clone()]);
        let table = match self.failed.is_empty() {
            true => Table::default(),
            false => Table::of(["id", "slug", "error"], rows),
        };
        table.with_note(note)
    }
}

pub(super) async fn run(
    command: &Migrate,
    platform: &Platform,
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    let change = command.why.change();
    let tenants = all_tenants(platform).await?;
    let migrating = tenants
        .into_iter()
        .map(|row| migrate(platform, &change, row));
    let mut migrating = stream::iter(migrating).buffer_unordered(command.concurrency.into());
    let mut told = Migrated {
        schema_version: platform.provisioning().schema_version().to_string(),
        migrated: 0,
        unchanged: 0,
        failed: Vec::new(),
    };
    while let Some((row, done)) = migrating.next().await {
        match done {
            Ok(true) => told.migrated += 1,
            Ok(false) => told.unchanged += 1,
            Err(error) => told.failed.push(Failed {
                id: row.id,
                slug: row.slug.to_string(),
                error: with_causes(&error),
            }),
        }
    }
    output.tell(&told)?;
    match told.failed.len() {
        0 => Ok(()),
        failed => Err(CliError::NotMigrated { failed }),
    }
}

async fn migrate(
    platform: &Platform,
    change: &Change,
    row: TenantRow,
) -> (TenantRow, Result<bool, ProvisioningError>) {
    let done = platform.provisioning().migrate(change, row.id).await;
    (row, done)
}

/// Those that are made meanwhile have this schema.
async fn all_tenants(platform: &Platform) -> Result<Vec<TenantRow>, CliError> {
    let (mut tenants, all) = (Vec::new(), TenantFilter::default());
    for number in 1.. {
        let page = Page::new(number, PAGE_MAX);
        let page = page.map_err(|error| CliError::Usage(error.to_string()))?;
        let listed = platform.catalog().tenants(&all, page).await?.items;
        if listed.is_empty() {
            break;
        }
        tenants.extend(listed);
    }
    Ok(tenants)
}
