use std::collections::BTreeMap;

use sqlx::PgExecutor;

use super::PostgresProvisioner;
use crate::TenantId;
use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::footprint::{DatabaseState, Footprint, Login};
use crate::engine::provisioner::names::{DatabaseName, DatabaseRole};

impl PostgresProvisioner {
    pub(super) async fn look_up(
        &self,
        admin: impl PgExecutor<'_>,
        tenant: TenantId,
    ) -> Result<Footprint, ProvisionerError> {
        let (open, may_sign_in): (Option<bool>, Option<bool>) = sqlx::query_as(
            "SELECT (SELECT datallowconn FROM pg_database WHERE datname = $1),
                    (SELECT rolcanlogin FROM pg_roles WHERE rolname = $2)",
        )
        .bind(DatabaseName::of_tenant(tenant).as_str())
        .bind(self.login(tenant).as_str())
        .fetch_one(admin)
        .await
        .during(Step::Inspect)?;
        Ok(Footprint {
            tenant,
            database: open.map(database_state),
            login: may_sign_in.map(login_state),
        })
    }

    /// A database is ours if its login is, or if our owner has rights on it: another platform on
    /// this server names its databases alike. A database is never made before its login.
    pub(super) async fn look_up_all(&self) -> Result<Vec<Footprint>, ProvisionerError> {
        let mut found = BTreeMap::new();
        for (tenant, login) in self.logins().await? {
            let entry = found.entry(tenant).or_insert(Footprint::none(tenant));
            entry.login = Some(login);
        }
        for (tenant, database, is_ours) in self.databases().await? {
            if is_ours || found.contains_key(&tenant) {
                let entry = found.entry(tenant).or_insert(Footprint::none(tenant));
                entry.database = Some(database);
            }
        }
        Ok(found.into_values().collect())
    }

    async fn logins(&self) -> Result<Vec<(TenantId, Login)>, ProvisionerError> {
        let prefix = &self.roles.prefix;
        let rows: Vec<(String, bool)> = sqlx::query_as(
            "SELECT rolname::text, rolcanlogin FROM pg_roles WHERE starts_with(rolname, $1)",
        )
        .bind(DatabaseRole::tenant_prefix(prefix))
        .fetch_all(self.admin.pool())
        .await
        .during(Step::Inspect)?;
        let logins = rows.into_iter().filter_map(|(name, may_sign_in)| {
            let tenant = DatabaseRole::tenant_behind(prefix, &name)?;
            Some((tenant, login_state(may_sign_in)))
        });
        Ok(logins.collect())
    }

    async fn databases(&self) -> Result<Vec<(TenantId, DatabaseState, bool)>, ProvisionerError> {
        let rows: Vec<(String, bool, bool)> = sqlx::query_as(
            "SELECT datname::text, datallowconn,
                    EXISTS (SELECT FROM aclexplode(datacl) JOIN pg_roles ON oid = grantee
                            WHERE rolname = $2)
             FROM pg_database WHERE starts_with(datname, $1)",
        )
        .bind(DatabaseName::TENANT_PREFIX)
        .bind(self.roles.owner.as_str())
        .fetch_all(self.admin.pool())
        .await
        .during(Step::Inspect)?;
        let databases = rows.into_iter().filter_map(|(name, open, is_ours)| {
            Some((
                DatabaseName::tenant_of(&name)?,
                database_state(open),
                is_ours,
            ))
        });
        Ok(databases.collect())
    }
}

fn database_state(open: bool) -> DatabaseState {
    if open {
        DatabaseState::Open
    } else {
        DatabaseState::Closed
    }
}

fn login_state(may_sign_in: bool) -> Login {
    if may_sign_in {
        Login::Allowed
    } else {
        Login::Refused
    }
}
