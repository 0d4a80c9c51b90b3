use sqlx::{Connection, PgConnection};

use super::PostgresProvisioner;
use super::admin::{is_code, run};
use super::scram::verifier;
use crate::TenantId;
use crate::engine::AnyPool;
use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::names::DatabaseName;
use crate::engine::provisioner::schema::Schema;

/// The password is wrong.
const INVALID_PASSWORD: &str = "28P01";
/// There is no such database.
const INVALID_CATALOG_NAME: &str = "3D000";

impl PostgresProvisioner {
    pub(super) async fn migrate_tenant(
        &self,
        tenant: TenantId,
        schema: &Schema,
    ) -> Result<(), ProvisionerError> {
        let database = DatabaseName::of_tenant(tenant);
        let connected = self.connect_as_migrator(Step::Migrate, &database).await;
        let mut migrator = connected.map_err(|error| {
            if is_code(&error, INVALID_CATALOG_NAME) {
                ProvisionerError::DatabaseMissing { tenant }
            } else {
                error
            }
        })?;
        self.apply(&mut migrator, Step::Migrate, schema, &database)
            .await?;
        migrator.close().await.during(Step::Migrate)
    }

    /// Applies the schema, then takes back what its tables gave too much.
    pub(super) async fn apply(
        &self,
        migrator: &mut PgConnection,
        step: Step,
        schema: &Schema,
        database: &DatabaseName,
    ) -> Result<(), ProvisionerError> {
        let login = (&self.roles.migrator, &self.migrator_password);
        let pool = self.admin.pool_as(database, login, self.lock_timeout);
        schema
            .apply(migrator, AnyPool::Postgres(pool), step)
            .await?;
        self.restrict(migrator, step, schema).await
    }

    /// Where another node has set a password of its own, sets ours again and connects before any
    /// other node can do so.
    pub(super) async fn connect_as_migrator(
        &self,
        step: Step,
        database: &DatabaseName,
    ) -> Result<PgConnection, ProvisionerError> {
        match self.try_connect_as_migrator(step, database).await {
            Err(error) if is_code(&error, INVALID_PASSWORD) => {
                let lock_name = self.roles.migrator.as_str();
                let mut admin = self.admin.locked_apart(step, lock_name).await?;
                self.set_migrator_password(&mut admin, step).await?;
                let connected = self.try_connect_as_migrator(step, database).await;
                admin.close().await.during(step)?;
                connected
            }
            other => other,
        }
    }

    async fn try_connect_as_migrator(
        &self,
        step: Step,
        database: &DatabaseName,
    ) -> Result<PgConnection, ProvisionerError> {
        let login = (&self.roles.migrator, &self.migrator_password);
        self.admin
            .connect_as(step, database, login, self.lock_timeout)
            .await
    }

    async fn set_migrator_password(
        &self,
        admin: &mut PgConnection,
        step: Step,
    ) -> Result<(), ProvisionerError> {
        let script = format!(
            "ALTER ROLE {} PASSWORD '{}'",
            self.roles.migrator.quoted(),
            verifier(&self.migrator_password)?
        );
        run(admin, step, script).await
    }
}
