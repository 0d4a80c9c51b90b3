use super::CliError;
use super::parse::TenantName;
use crate::catalog::{Catalog, TenantRow};
use crate::platform::Platform;

pub(super) async fn find(platform: &Platform, name: &TenantName) -> Result<TenantRow, CliError> {
    let catalog = platform.catalog();
    let found = match name {
        TenantName::Id(id) => catalog.tenant(*id).await?,
        TenantName::Slug(slug) => catalog.tenant_of_slug(slug).await?,
    };
    found.ok_or_else(|| CliError::NotFound {
        what: "tenant",
        name: name.to_string(),
    })
}
