use sqlx::{Connection, PgConnection};

use super::PostgresProvisioner;
use super::admin::{as_member_of, run};
use super::database::{discard_database, has_database};
use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::names::DatabaseName;
use crate::engine::provisioner::schema::Schema;
use crate::engine::provisioner::seam::Template;

const STEP: Step = Step::Template;

impl PostgresProvisioner {
    pub(super) async fn find_or_build_template(
        &self,
        schema: &Schema,
    ) -> Result<Template, ProvisionerError> {
        let template = Template::new(schema.version());
        let name = DatabaseName::of_template(&self.roles.prefix, template.version());
        if !has_database(self.admin.pool(), STEP, &name).await? {
            self.build_template(schema, &template, &name).await?;
        }
        Ok(template)
    }

    pub(super) async fn remove_template(
        &self,
        template: &Template,
    ) -> Result<(), ProvisionerError> {
        let name = DatabaseName::of_template(&self.roles.prefix, template.version());
        let mut admin = self.admin.locked(STEP, name.as_str()).await?;
        discard_database(&mut admin, STEP, &name, &[]).await
    }

    /// Builds under a name that nobody clones from, and renames when all is done. The rename runs on
    /// the connection that holds the lock: had the lock been lost to another builder, it fails.
    async fn build_template(
        &self,
        schema: &Schema,
        template: &Template,
        name: &DatabaseName,
    ) -> Result<(), ProvisionerError> {
        let lock_name = format!("template of {}", self.roles.owner);
        let mut admin = self.admin.locked_apart(STEP, &lock_name).await?;
        if !has_database(&mut admin, STEP, name).await? {
            let building = DatabaseName::of_building(&self.roles.prefix, template.version());
            self.start_building(&mut admin, &building).await?;
            self.fill(schema, &building).await?;
            finish_building(&mut admin, &building, name).await?;
        }
        admin.close().await.during(STEP)
    }

    async fn start_building(
        &self,
        admin: &mut PgConnection,
        building: &DatabaseName,
    ) -> Result<(), ProvisionerError> {
        discard_database(admin, STEP, building, &[&self.roles.migrator]).await?;
        let create = format!(
            "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'
             STRATEGY wal_log ALLOW_CONNECTIONS false",
            building.quoted(),
            self.source(admin).await?
        );
        run(admin, STEP, create).await?;
        run(admin, STEP, self.opening_script(building, None)).await
    }

    /// What is copied first: the administrator's base where there is one, else `template0`, which is
    /// empty and takes UTF-8 whatever the server was set up with. Not `template1`: it may hold
    /// anything, and cannot be copied while somebody is connected to it.
    ///
    /// A base is a superuser's, since others who may make databases could put into it what would
    /// then stand in every tenant's.
    async fn source(&self, admin: &mut PgConnection) -> Result<String, ProvisionerError> {
        let base = DatabaseName::of_base(&self.roles.prefix);
        let is_there: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_database JOIN pg_roles owner ON owner.oid = datdba
                            WHERE datname = $1 AND datistemplate AND rolsuper)",
        )
        .bind(base.as_str())
        .fetch_one(admin)
        .await
        .during(STEP)?;
        Ok(match is_there {
            true => base.quoted(),
            false => "template0".to_owned(),
        })
    }

    async fn fill(&self, schema: &Schema, building: &DatabaseName) -> Result<(), ProvisionerError> {
        let mut admin = self.admin.connect(STEP, building.as_str()).await?;
        run(&mut admin, STEP, self.schema_owner_script()).await?;
        admin.close().await.during(STEP)?;

        let mut migrator = self.connect_as_migrator(STEP, building).await?;
        run(&mut migrator, STEP, self.default_rights_script()).await?;
        self.apply(&mut migrator, STEP, schema, building).await?;
        migrator.close().await.during(STEP)
    }

    /// In a new database `public` belongs to whoever owns the database. To give it away one must be
    /// a member of who gets it.
    fn schema_owner_script(&self) -> String {
        let owner = &self.roles.owner;
        let alter = format!("ALTER SCHEMA public OWNER TO {}", owner.quoted());
        as_member_of(owner, &alter)
    }
}

async fn finish_building(
    admin: &mut PgConnection,
    building: &DatabaseName,
    name: &DatabaseName,
) -> Result<(), ProvisionerError> {
    let script = format!(
        "ALTER DATABASE {building} ALLOW_CONNECTIONS false;
         ALTER DATABASE {building} RENAME TO {name}",
        building = building.quoted(),
        name = name.quoted(),
    );
    run(admin, STEP, script).await
}
