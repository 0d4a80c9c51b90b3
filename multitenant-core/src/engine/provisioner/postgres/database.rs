use sqlx::{PgConnection, PgExecutor};

use super::PostgresProvisioner;
use super::admin::{is_code, run};
use super::sessions::end_sessions_in;
use crate::TenantId;
use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::names::{DatabaseName, DatabaseRole};
use crate::engine::provisioner::seam::Template;

/// Somebody is connected to the database.
const OBJECT_IN_USE: &str = "55006";
/// A session that was starting while the database was closed may show up once.
const DROP_ATTEMPTS: usize = 3;
/// There is no such database.
const INVALID_CATALOG_NAME: &str = "3D000";

impl PostgresProvisioner {
    pub(super) async fn clone_template(
        &self,
        tenant: TenantId,
        template: &Template,
    ) -> Result<(), ProvisionerError> {
        let step = Step::CreateDatabase;
        let mut admin = self.locked(step, tenant).await?;
        let footprint = self.look_up(&mut *admin, tenant).await?;
        if footprint.login.is_none() {
            return Err(ProvisionerError::LoginMissing { tenant });
        }
        let database = DatabaseName::of_tenant(tenant);
        if footprint.database.is_none() {
            self.clone_closed(&mut admin, &database, template).await?;
        }
        let open = self.opening_script(&database, Some(&self.login(tenant)));
        run(&mut admin, step, open).await
    }

    /// Closed from its first moment: a new database lets everybody in.
    async fn clone_closed(
        &self,
        admin: &mut PgConnection,
        database: &DatabaseName,
        template: &Template,
    ) -> Result<(), ProvisionerError> {
        let script = format!(
            "CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log ALLOW_CONNECTIONS false",
            database.quoted(),
            DatabaseName::of_template(&self.roles.prefix, template.version()).quoted(),
        );
        let created = run(admin, Step::CreateDatabase, script).await;
        created.map_err(|error| {
            if is_code(&error, INVALID_CATALOG_NAME) {
                ProvisionerError::TemplateMissing {
                    version: template.version().to_string(),
                }
            } else {
                error
            }
        })
    }

    /// Settles who may connect, then opens; the database's own rights are not cloned.
    pub(super) fn opening_script(
        &self,
        database: &DatabaseName,
        login: Option<&DatabaseRole>,
    ) -> String {
        let database = database.quoted();
        let connecting: Vec<_> = [Some(&self.roles.migrator), login]
            .into_iter()
            .flatten()
            .map(DatabaseRole::quoted)
            .collect();
        format!(
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC;
             GRANT CONNECT ON DATABASE {database} TO {connecting};
             GRANT CREATE, TEMPORARY ON DATABASE {database} TO {owner};
             ALTER DATABASE {database} ALLOW_CONNECTIONS true",
            connecting = connecting.join(", "),
            owner = self.roles.owner.quoted(),
        )
    }

    pub(super) async fn remove_database(&self, tenant: TenantId) -> Result<(), ProvisionerError> {
        let (step, login) = (Step::DropDatabase, self.login(tenant));
        let database = DatabaseName::of_tenant(tenant);
        let shut = format!(
            "DO $$ BEGIN
                 IF EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
                     ALTER ROLE {login} NOLOGIN;
                 END IF;
             END $$",
            name = login.literal(),
            login = login.quoted(),
        );
        let mut admin = self.locked(step, tenant).await?;
        run(&mut admin, step, shut).await?;
        let users = [&login, &self.roles.migrator];
        discard_database(&mut admin, step, &database, &users).await
    }
}

/// Closes a database, ends the sessions in it of the admin and of these roles, and drops it, if
/// there is one.
///
/// Not `WITH (FORCE)`: that fails where an autovacuum worker is in the database, which an admin
/// without superuser may not end. The plain command ends the worker by itself, and waits up to five
/// seconds for sessions that are about to go.
pub(super) async fn discard_database(
    admin: &mut PgConnection,
    step: Step,
    database: &DatabaseName,
    users: &[&DatabaseRole],
) -> Result<(), ProvisionerError> {
    if !has_database(&mut *admin, step, database).await? {
        return Ok(());
    }
    let quoted = database.quoted();
    let close = format!("ALTER DATABASE {quoted} ALLOW_CONNECTIONS false");
    run(admin, step, close).await?;
    let drop = format!("DROP DATABASE IF EXISTS {quoted}");
    for _ in 1..DROP_ATTEMPTS {
        end_sessions_in(admin, step, database, users).await?;
        match run(admin, step, drop.clone()).await {
            Err(error) if is_code(&error, OBJECT_IN_USE) => {}
            other => return other,
        }
    }
    run(admin, step, drop).await
}

pub(super) async fn has_database(
    admin: impl PgExecutor<'_>,
    step: Step,
    name: &DatabaseName,
) -> Result<bool, ProvisionerError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name.as_str())
        .fetch_one(admin)
        .await
        .during(step)
}
