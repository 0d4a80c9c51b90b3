use sqlx::{Connection, PgConnection, PgPool};

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
/// A lock was waited for as long as allowed.
const LOCK_NOT_AVAILABLE: &str = "55P03";

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
        keep_others_out(&mut migrator, tenant).await?;
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
        if schema.has_functions() {
            let opened = self.with_our_password(step, || open_all(&pool, step));
            opened.await?;
        }
        schema
            .apply(migrator, AnyPool::Postgres(pool), step)
            .await?;
        self.restrict(migrator, step, schema).await
    }

    pub(super) async fn connect_as_migrator(
        &self,
        step: Step,
        database: &DatabaseName,
    ) -> Result<PgConnection, ProvisionerError> {
        let connect = || self.try_connect_as_migrator(step, database);
        self.with_our_password(step, connect).await
    }

    /// Where another node has set a password of its own, sets ours again and connects before any
    /// other node can do so.
    async fn with_our_password<T, Connecting>(
        &self,
        step: Step,
        connect: impl Fn() -> Connecting + Send,
    ) -> Result<T, ProvisionerError>
    where
        T: Send,
        Connecting: Future<Output = Result<T, ProvisionerError>> + Send,
    {
        match connect().await {
            Err(error) if is_code(&error, INVALID_PASSWORD) => {
                let lock_name = self.roles.migrator.as_str();
                let mut admin = self.admin.locked_apart(step, lock_name).await?;
                self.set_migrator_password(&mut admin, step).await?;
                let connected = connect().await;
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

/// Opens what a function may need, since it could not set the password again where another node sets
/// theirs meanwhile. What is open stays so until the pool is closed.
async fn open_all(pool: &PgPool, step: Step) -> Result<(), ProvisionerError> {
    let opened = tokio::try_join!(pool.acquire(), pool.acquire());
    opened.map(drop).during(step)
}

/// Lets nobody else migrate the database for as long as the connection lasts.
///
/// A node that has lost its lease stops, but the server ends a statement that it runs, and a function
/// may go on in a task of its own. So whoever comes next waits for the connection that migrates, and
/// then until every connection that a function was given has gone, each of which holds
/// the second lock in common. Advisory locks are each database's own.
async fn keep_others_out(
    migrator: &mut PgConnection,
    tenant: TenantId,
) -> Result<(), ProvisionerError> {
    const SCRIPT: &str = "BEGIN; SET LOCAL lock_timeout = '60s';
        SELECT pg_advisory_lock(hashtextextended('mt_migration', 0));
        SELECT pg_advisory_lock(hashtextextended('mt_migration function', 0));
        SELECT pg_advisory_unlock(hashtextextended('mt_migration function', 0));
        COMMIT";
    let locked = run(migrator, Step::Migrate, SCRIPT.to_owned()).await;
    locked.map_err(|error| match is_code(&error, LOCK_NOT_AVAILABLE) {
        true => ProvisionerError::BeingMigrated { tenant },
        false => error,
    })
}
