use std::time::Duration;

use serde_json::{Value, json};

use super::Provisioning;
use super::error::{ProvisioningError, StepName};
use super::kind::MIGRATE;
use super::work::Work;
use crate::catalog::{Actor, CatalogError, Change, Operations, Outcome, StepStatus, TenantRow};
use crate::directory::TenantStatus;
use crate::engine::provisioner::{SchemaLevels, SchemaVersion};
use crate::{OperationId, TenantId};

/// To which version, in the operation's input.
const SCHEMA_VERSION: &str = "schema_version";

/// How long after its lease a migration to another version is left to the nodes of that version.
/// Each of them would take it over within seconds. So this is time for all of them to be away at
/// once and to come back, in a restart that goes wrong for a while: supervisors try again within
/// five minutes. Meanwhile the tenant is served; only other operations on it wait.
pub(super) const NOBODY_ELSE: Duration = Duration::from_secs(10 * 60);

impl Provisioning {
    /// The schema that a tenant's database has once it is migrated.
    #[must_use]
    pub fn schema_version(&self) -> SchemaVersion {
        self.inner.schema.version()
    }

    /// Writes down how far this node's schema has come, so that others see which is the newer. A
    /// [`Platform`](crate::platform::Platform) does so when it starts.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn declare_schema(&self) -> Result<(), CatalogError> {
        let (catalog, change) = (&self.inner.catalog, Change::by(Actor::System));
        let version = self.schema_version();
        let levels = json!(self.inner.schema.levels());
        catalog.add_schema(&change, version.as_str(), &levels).await
    }

    /// Brings a tenant's database to [`schema_version`](Self::schema_version), whether the tenant
    /// is served or not; returns whether anything had to be done. It goes on when the caller goes
    /// away, and after a crash. What is being made or deleted is left alone, and so is a database
    /// that a newer version has migrated: it never leads back.
    ///
    /// # Errors
    /// [`ProvisioningError::Catalog`] for a tenant that is unknown or being worked on;
    /// [`ProvisioningError::SchemaNewer`] for one that this version is too old for;
    /// [`ProvisioningError::Migration`] where a migration fails: those before it stay applied.
    pub async fn migrate(
        &self,
        change: &Change,
        tenant: TenantId,
    ) -> Result<bool, ProvisioningError> {
        if self.behind(tenant).await?.is_none() {
            return Ok(false);
        }
        self.declare_schema().await?;
        let input = json!({ SCHEMA_VERSION: self.schema_version().as_str() });
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
        let result = match self.under(work, self.apply(work)).await {
            Err(lost @ ProvisioningError::Catalog(CatalogError::LeaseLost(_))) => return Err(lost),
            Ok(is_applied) => {
                self.succeed(work, is_applied).await?;
                Ok(())
            }
            Err(error) => {
                self.fail(work, &error.to_string()).await?;
                Err(error)
            }
        };
        self.bring_into_force().await;
        result
    }

    async fn succeed(&self, work: &Work, is_applied: bool) -> Result<(), CatalogError> {
        let (catalog, Work { change, lease, .. }) = (&self.inner.catalog, work);
        if !is_applied {
            return catalog.finish(change, lease, Outcome::Succeeded).await;
        }
        let version = self.schema_version();
        let migrated = catalog.migrated(change, lease, version.as_str());
        migrated.await.map(drop)
    }

    /// Ends a migration that did not come to its end, and says why.
    async fn fail(&self, work: &Work, why: &str) -> Result<(), CatalogError> {
        let (catalog, step) = (&self.inner.catalog, StepName::Migrate.as_str());
        let failed = StepStatus::Failed;
        catalog.mark(&work.lease, step, failed, Some(why)).await?;
        let outcome = Outcome::Failed;
        catalog.finish(&work.change, &work.lease, outcome).await
    }

    /// Whether a migration that another node began is to the schema that this one knows.
    pub(super) fn is_to_our_schema(&self, input: &Value) -> bool {
        input[SCHEMA_VERSION] == self.schema_version().as_str()
    }

    /// Ends a migration to a version that no node has any more, once it has waited for one for
    /// [long enough](NOBODY_ELSE); else the tenant would be busy for ever. What was applied in its
    /// database stays.
    pub(super) async fn give_up(
        &self,
        operation: OperationId,
        input: &Value,
    ) -> Result<(), ProvisioningError> {
        let (catalog, lease) = (&self.inner.catalog, self.inner.lease);
        let taking = catalog.take_over_silent(operation, self.inner.node, lease, NOBODY_ELSE);
        let lease = taking.await?;
        let version = input[SCHEMA_VERSION].as_str().unwrap_or("unknown");
        let why = format!(
            "no node has the schema version {version} any more, for {} minutes; what it had \
             applied stays: start a node of that version, or migrate with a newer one",
            NOBODY_ELSE.as_secs() / 60
        );
        tracing::warn!(tenant = %lease.tenant(), "a migration is given up: {why}");
        let change = Change::by(Actor::System).because(super::recover::ABANDONED);
        Ok(self.fail(&Work::new(change, lease, &MIGRATE), &why).await?)
    }

    /// Tells whether anything had to be done.
    async fn apply(&self, work: &Work) -> Result<bool, ProvisioningError> {
        let Some(row) = self.behind(work.tenant()).await? else {
            return Ok(false);
        };
        let provisioner = self.provisioner(&row.server)?;
        self.inner.catalog.check(&work.lease).await?;
        let migrated = provisioner.migrate(row.id, &self.inner.schema).await;
        migrated.map_err(ProvisioningError::Migration)?;
        Ok(true)
    }

    /// The tenant, if its database has another schema than ours, and no newer one.
    async fn behind(&self, tenant: TenantId) -> Result<Option<TenantRow>, ProvisioningError> {
        let row = self.row(tenant).await?;
        let ours = self.schema_version();
        let Some(theirs) = schema_of(&row).filter(|theirs| *theirs != ours.as_str()) else {
            return Ok(None);
        };
        if self.is_newer(theirs).await? {
            return Err(ProvisioningError::SchemaNewer {
                tenant,
                theirs: theirs.to_owned(),
                ours,
            });
        }
        Ok(Some(row))
    }

    /// Whether a schema has come further than ours. One of which nobody has said how far is not.
    async fn is_newer(&self, version: &str) -> Result<bool, ProvisioningError> {
        let levels = self.inner.catalog.schema_levels(version).await?;
        let theirs = levels.map(serde_json::from_value::<SchemaLevels>);
        let ours = self.inner.schema.levels();
        Ok(matches!(theirs, Some(Ok(theirs)) if ours.is_older_than(&theirs)))
    }
}

/// The schema of the tenant's database, if it has one that stays.
fn schema_of(row: &TenantRow) -> Option<&str> {
    let is_settled = !matches!(
        row.status,
        TenantStatus::Provisioning | TenantStatus::Deleting
    );
    let placement = row.placement.as_ref().filter(|_| is_settled)?;
    Some(&placement.schema_version)
}
