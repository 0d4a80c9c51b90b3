use sqlx::{Connection, PgConnection};

use super::PostgresProvisioner;
use super::admin::{as_member_of, is_code, run};
use super::preparation::databases_open_to_all;
use super::scram::verifier;
use super::sessions::end_sessions;
use crate::TenantId;
use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::footprint::Login;
use crate::engine::provisioner::names::DatabaseRole;
use crate::engine::provisioner::password::LoginPassword;

/// Something still belongs to the role.
const DEPENDENT_OBJECTS: &str = "2BP01";

impl PostgresProvisioner {
    pub(super) async fn make_login(
        &self,
        tenant: TenantId,
        password: &LoginPassword,
    ) -> Result<(), ProvisionerError> {
        let login = self.login(tenant);
        let limit = self.connections_per_login.map_or(-1, i32::from);
        let script = format!(
            "DO $$ BEGIN
                 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
                     CREATE ROLE {login};
                 END IF;
             END $$;
             GRANT {app} TO {login};
             ALTER ROLE {login} LOGIN INHERIT NOCREATEDB NOCREATEROLE
                 CONNECTION LIMIT {limit} PASSWORD '{verifier}'",
            name = login.literal(),
            login = login.quoted(),
            app = self.roles.app.quoted(),
            verifier = verifier(password)?,
        );
        let mut admin = self.locked(Step::CreateLogin, tenant).await?;
        run(&mut admin, Step::CreateLogin, script).await
    }

    pub(super) async fn switch_login(
        &self,
        tenant: TenantId,
        login: Login,
    ) -> Result<(), ProvisionerError> {
        let mut admin = self.locked(Step::SetLogin, tenant).await?;
        switch(&mut admin, Step::SetLogin, &self.login(tenant), login).await
    }

    pub(super) async fn end_all_sessions(&self, tenant: TenantId) -> Result<(), ProvisionerError> {
        let mut admin = self.locked(Step::EndSessions, tenant).await?;
        end_sessions(&mut admin, Step::EndSessions, tenant, &self.login(tenant)).await
    }

    pub(super) async fn remove_login(&self, tenant: TenantId) -> Result<(), ProvisionerError> {
        let (step, login) = (Step::DropLogin, self.login(tenant));
        let mut admin = self.locked(step, tenant).await?;
        let footprint = self.look_up(&mut *admin, tenant).await?;
        if footprint.database.is_some() {
            return Err(ProvisionerError::DatabaseRemains { tenant });
        }
        if footprint.login.is_none() {
            return Ok(());
        }
        switch(&mut admin, step, &login, Login::Refused).await?;
        end_sessions(&mut admin, step, tenant, &login).await?;
        match drop_role(&mut admin, &login).await {
            Err(error) if is_code(&error, DEPENDENT_OBJECTS) => {
                self.drop_owned(&mut admin, &login).await?;
                drop_role(&mut admin, &login).await
            }
            other => other,
        }
    }

    /// Drops what the login may have left (large objects) where everybody may connect.
    async fn drop_owned(
        &self,
        admin: &mut PgConnection,
        login: &DatabaseRole,
    ) -> Result<(), ProvisionerError> {
        let drop = format!("DROP OWNED BY {}", login.quoted());
        for database in databases_open_to_all(admin).await? {
            let mut there = self.admin.connect(Step::DropLogin, &database).await?;
            run(&mut there, Step::DropLogin, as_member_of(login, &drop)).await?;
            there.close().await.during(Step::DropLogin)?;
        }
        Ok(())
    }
}

async fn switch(
    admin: &mut PgConnection,
    step: Step,
    name: &DatabaseRole,
    login: Login,
) -> Result<(), ProvisionerError> {
    let attribute = match login {
        Login::Allowed => "LOGIN",
        Login::Refused => "NOLOGIN",
    };
    let script = format!("ALTER ROLE {} {attribute}", name.quoted());
    run(admin, step, script).await
}

async fn drop_role(admin: &mut PgConnection, login: &DatabaseRole) -> Result<(), ProvisionerError> {
    let script = format!("DROP ROLE IF EXISTS {}", login.quoted());
    run(admin, Step::DropLogin, script).await
}
