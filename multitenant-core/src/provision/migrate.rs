use serde_json::{Value, json};

use super::Provisioning;
use super::error::{ProvisioningError, StepName};
use super::kind::MIGRATE;
use super::work::Work;
use crate::TenantId;
use crate::catalog::{
    Catalog, CatalogError, Change, Operations, Outcome, Placement, StepStatus, TenantRow,
};
use crate::directory::TenantStatus;
use crate::engine::provisioner::SchemaVersion;

/// To which version, in the operation's input.
const SCHEMA_VERSION: &str = "schema_version";

impl Provisioning {
    /// The schema that a tenant's database has once it is migrated.
    #[must_use]
    pub fn schema_version(&self) -> SchemaVersion {
        self.inner.schema.version()
    }

    /// Brings a tenant's database to [`schema_version`](Self::schema_version), whether the tenant
    /// is served or not; returns whether anything had to be done. It goes on when the caller goes
    /// away, and after a crash. What is being made or deleted is left alone.
    ///
    /// # Errors
    /// [`ProvisioningError::Catalog`] for a tenant that is unknown or being worked on;
    /// [`ProvisioningError::Migration`] where a migration fails: those before it stay applied.
    pub async fn migrate(
        &self,
        change: &Change,
        tenant: TenantId,
    ) -> Result<bool, ProvisioningError> {
        let row = self.row(tenant).await?;
        let version = self.schema_version();
        if behind(&row, &version).is_none() {
            return Ok(false);
        }
        let input = json!({ SCHEMA_VERSION: version.as_str() });
        let operation = self.operation(&MIGRATE, input);
        let lease = self.inner.catalog.begin(change, tenant, &operation).await?;
        let (this, work) = (self.clone(), Work::new(change.clone(), lease, &MIGRATE));
        let migrated = tokio::spawn(async move { this.upgrade(&work).await });
        match migrated.await {
            Ok(migrated) => migrated.map(|()| true),
            Err(_) => Err(ProvisioningError::Interrupted),
        }
    }

    /// Migrates, and ends the operation whatever came of it.
    pub(super) async fn upgrade(&self, work: &Work) -> Result<(), ProvisioningError> {
        let catalog = &self.inner.catalog;
        let (outcome, result) = match self.under(work, self.apply(work)).await {
            Err(lost @ ProvisioningError::Catalog(CatalogError::LeaseLost(_))) => return Err(lost),
            Ok(()) => (Outcome::Succeeded, Ok(())),
            Err(error) => {
                let step = StepName::Migrate.as_str();
                let told = error.to_string();
                let failed = StepStatus::Failed;
                catalog.mark(&work.lease, step, failed, Some(&told)).await?;
                (Outcome::Failed, Err(error))
            }
        };
        catalog.finish(&work.change, &work.lease, outcome).await?;
        self.bring_into_force().await;
        result
    }

    /// Whether a migration that another node began is to the schema that this one knows.
    pub(super) fn is_to_our_schema(&self, input: &Value) -> bool {
        input[SCHEMA_VERSION] == self.schema_version().as_str()
    }

    async fn apply(&self, work: &Work) -> Result<(), ProvisioningError> {
        let row = self.row(work.tenant()).await?;
        let version = self.schema_version();
        let Some(placement) = behind(&row, &version) else {
            return Ok(());
        };
        let (catalog, provisioner) = (&self.inner.catalog, self.provisioner(&row.server)?);
        catalog.check(&work.lease).await?;
        let migrated = provisioner.migrate(row.id, &self.inner.schema).await;
        migrated.map_err(ProvisioningError::Migration)?;
        let placement = Placement {
            schema_version: version.to_string(),
            ..placement.clone()
        };
        catalog.place(&work.change, row.id, &placement).await?;
        Ok(())
    }
}

/// Where the tenant's database is, if it has another schema.
fn behind<'r>(row: &'r TenantRow, version: &SchemaVersion) -> Option<&'r Placement> {
    let is_settled = !matches!(
        row.status,
        TenantStatus::Provisioning | TenantStatus::Deleting
    );
    let placement = row.placement.as_ref().filter(|_| is_settled)?;
    (placement.schema_version != version.as_str()).then_some(placement)
}
