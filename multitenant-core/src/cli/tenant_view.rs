use serde::Serialize;

use super::output::Told;
use super::table::Table;
use crate::catalog::{Listed, TenantRow};
use crate::{TenantId, Timestamp};

/// A tenant, as commands tell of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantView {
    id: TenantId,
    slug: String,
    name: String,
    status: &'static str,
    tier: String,
    business_type: Option<String>,
    segment: Option<String>,
    admin_email: Option<String>,
    server: String,
    db_name: Option<String>,
    schema_version: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<TenantRow> for TenantView {
    fn from(row: TenantRow) -> Self {
        let (db_name, schema_version) = row
            .placement
            .map(|placement| (placement.database, placement.schema_version))
            .unzip();
        Self {
            id: row.id,
            slug: row.slug.to_string(),
            name: row.name,
            status: row.status.as_str(),
            tier: row.tier,
            business_type: row.business_type,
            segment: row.segment,
            admin_email: row.admin_email,
            server: row.server.to_string(),
            db_name,
            schema_version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl TenantView {
    pub(super) fn facts(&self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("id", Some(self.id.to_string())),
            ("slug", Some(self.slug.clone())),
            ("name", Some(self.name.clone())),
            ("status", Some(self.status.to_owned())),
            ("tier", Some(self.tier.clone())),
            ("business type", self.business_type.clone()),
            ("segment", self.segment.clone()),
            ("first admin", self.admin_email.clone()),
            ("server", Some(self.server.clone())),
            ("database", self.db_name.clone()),
            ("schema", self.schema_version.clone()),
            ("created", Some(self.created_at.to_string())),
            ("changed", Some(self.updated_at.to_string())),
        ]
    }
}

impl Told for TenantView {
    fn table(&self) -> Table {
        Table::facts(self.facts())
    }
}

/// A page of the list of tenants.
#[derive(Serialize)]
pub(super) struct TenantsView {
    tenants: Vec<TenantView>,
    total: i64,
}

impl From<Listed<TenantRow>> for TenantsView {
    fn from(listed: Listed<TenantRow>) -> Self {
        Self {
            tenants: listed.items.into_iter().map(TenantView::from).collect(),
            total: listed.total,
        }
    }
}

impl Told for TenantsView {
    fn table(&self) -> Table {
        let rows = self.tenants.iter().map(|tenant| {
            [
                tenant.id.to_string(),
                tenant.slug.clone(),
                tenant.status.to_owned(),
                tenant.tier.clone(),
                tenant.name.clone(),
            ]
        });
        let table = Table::of(["id", "slug", "status", "tier", "name"], rows);
        table.with_note(format!("{} of {}", self.tenants.len(), self.total))
    }
}
