use sqlx::PgConnection;

use super::PostgresProvisioner;
use super::admin::run;
use super::scram::verifier;
use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::warning::ServerWarning;

/// The first version with `STRATEGY wal_log`, and with no `CREATE` for everybody in `public`.
const OLDEST_SERVER: i32 = 150_000;
/// The first version in which `CREATEROLE` is no way to everything.
const CREATEROLE_IS_BOUNDED: i32 = 160_000;

#[derive(sqlx::FromRow)]
struct Server {
    version: i32,
    version_text: String,
    admin: String,
    is_superuser: bool,
    creates_databases: bool,
    creates_roles: bool,
}

impl PostgresProvisioner {
    pub(super) async fn prepare_server(&self) -> Result<Vec<ServerWarning>, ProvisionerError> {
        let step = Step::Prepare;
        let mut admin = self
            .admin
            .locked(step, self.roles.migrator.as_str())
            .await?;
        let server = server(&mut admin).await?;
        server.check()?;
        self.make_roles(&mut admin).await?;
        self.check_roles(&mut admin).await?;
        let open = databases_open_to_all(&mut admin).await?;
        let open = open
            .into_iter()
            .map(|database| ServerWarning::PublicMayConnect { database });
        Ok(server.warning().into_iter().chain(open).collect())
    }

    /// Makes the shared roles where they are missing, and gives them what they need.
    async fn make_roles(&self, admin: &mut PgConnection) -> Result<(), ProvisionerError> {
        let (owner, app) = (&self.roles.owner, &self.roles.app);
        let migrator = &self.roles.migrator;
        let missing = [owner, app, migrator].map(|role| {
            let (name, quoted) = (role.literal(), role.quoted());
            format!(
                "IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
                     CREATE ROLE {quoted};
                 END IF;"
            )
        });
        let script = format!(
            "DO $$ BEGIN {missing} END $$;
             ALTER ROLE {owner} NOLOGIN;
             ALTER ROLE {app} NOLOGIN;
             ALTER ROLE {migrator} LOGIN INHERIT PASSWORD '{verifier}';
             GRANT {owner} TO {migrator};
             ALTER ROLE {migrator} SET role = {owner_name}",
            missing = missing.concat(),
            owner = owner.quoted(),
            owner_name = owner.literal(),
            app = app.quoted(),
            migrator = migrator.quoted(),
            verifier = verifier(&self.migrator_password)?,
        );
        run(admin, Step::Prepare, script).await
    }

    /// Refuses shared roles that somebody gave more than we do: every tenant would have it.
    async fn check_roles(&self, admin: &mut PgConnection) -> Result<(), ProvisionerError> {
        let too_powerful: Option<String> = sqlx::query_scalar(
            "SELECT role.rolname::text FROM pg_roles role
             WHERE role.rolname IN ($1, $2, $3)
               AND (role.rolsuper OR role.rolcreatedb OR role.rolcreaterole
                    OR role.rolreplication OR role.rolbypassrls
                    OR EXISTS (SELECT FROM pg_auth_members JOIN pg_roles granted ON granted.oid = roleid
                               WHERE member = role.oid
                                 AND (role.rolname, granted.rolname) <> ($3::name, $1::name)))",
        )
        .bind(self.roles.owner.as_str())
        .bind(self.roles.app.as_str())
        .bind(self.roles.migrator.as_str())
        .fetch_optional(admin)
        .await
        .during(Step::Prepare)?;
        match too_powerful {
            Some(role) => Err(ProvisionerError::RoleTooPowerful { role }),
            None => Ok(()),
        }
    }
}

async fn server(admin: &mut PgConnection) -> Result<Server, ProvisionerError> {
    sqlx::query_as(
        "SELECT current_setting('server_version_num')::int AS version,
                current_setting('server_version') AS version_text,
                rolname::text AS admin, rolsuper AS is_superuser,
                rolcreatedb AS creates_databases, rolcreaterole AS creates_roles
         FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(admin)
    .await
    .during(Step::Prepare)
}

/// Databases to which every login of the server may connect.
pub(super) async fn databases_open_to_all(
    admin: &mut PgConnection,
) -> Result<Vec<String>, ProvisionerError> {
    sqlx::query_scalar(
        "SELECT datname::text FROM pg_database
         WHERE datallowconn AND has_database_privilege('public', oid, 'CONNECT')
         ORDER BY datname",
    )
    .fetch_all(admin)
    .await
    .during(Step::Prepare)
}

impl Server {
    fn check(&self) -> Result<(), ProvisionerError> {
        if self.version < OLDEST_SERVER {
            return Err(ProvisionerError::ServerTooOld {
                found: self.version_text.clone(),
            });
        }
        let lacking = [
            (self.creates_databases, "CREATEDB"),
            (self.creates_roles, "CREATEROLE"),
        ];
        match lacking.into_iter().find(|(has, _)| !has) {
            Some((_, attribute)) if !self.is_superuser => Err(ProvisionerError::AdminLacks {
                role: self.admin.clone(),
                attribute,
            }),
            _ => Ok(()),
        }
    }

    fn warning(&self) -> Option<ServerWarning> {
        if self.is_superuser {
            Some(ServerWarning::AdminIsSuperuser)
        } else if self.version < CREATEROLE_IS_BOUNDED {
            Some(ServerWarning::AdminIsNearlySuperuser)
        } else {
            None
        }
    }
}
