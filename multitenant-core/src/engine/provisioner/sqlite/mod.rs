//! Tenants in SQLite files, one each, in a folder that is the platform's alone.

mod attendance;
mod fault;
mod files;
mod folder;
mod lock;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use self::folder::Folder;
use super::attendance::Attendance;
use super::error::{During, ProvisionerError, Step};
use super::footprint::{DatabaseState, Footprint, Login};
use super::names::{DatabaseName, RolePrefix};
use super::password::LoginPassword;
use super::schema::Schema;
use super::seam::{Provisioner, Template};
use super::warning::ServerWarning;
use crate::engine::AnyPool;
use crate::{NodeId, TenantId};

/// Makes, migrates and drops tenants' databases as SQLite files (WAL, mode 0600) in one folder
/// (mode 0700). Several processes of one machine may share it.
///
/// SQLite has no logins: whoever may read the file has the tenant, so the methods on logins do
/// nothing.
#[derive(Debug)]
pub struct SqliteProvisioner {
    folder: Folder,
}

impl SqliteProvisioner {
    /// Takes a folder, and makes it where it is missing.
    ///
    /// # Errors
    /// [`ProvisionerError::UnsafeFile`] where the folder is a symbolic link, is open to others, or
    /// has a name that SQLite would take for a URI.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, ProvisionerError> {
        Ok(Self {
            folder: Folder::open(folder.as_ref())?,
        })
    }

    fn file_of(&self, tenant: TenantId) -> PathBuf {
        self.folder.file(&DatabaseName::of_tenant(tenant))
    }

    fn template_file(&self, template: &Template) -> PathBuf {
        let name = DatabaseName::of_template(&RolePrefix::default(), template.version());
        self.folder.file(&name)
    }

    /// Builds under another name and renames when all is done.
    async fn build_template(&self, schema: &Schema, file: PathBuf) -> Result<(), ProvisionerError> {
        let lock = self.folder.files.hold(Step::Template).await?;
        if files::is_there(Step::Template, &file)? {
            return Ok(());
        }
        let building = files::unfinished(&file);
        files::make_empty(Step::Template, &building)?;
        let mut connection = connect(Step::Template, &building).await?;
        let pool = pool(&building);
        schema.apply(&mut connection, pool, Step::Template).await?;
        // Closing the last connection moves what the WAL holds into the file.
        connection.close().await.during(Step::Template)?;
        let finish = move |file: &Path| files::finish(&building, file);
        files::blocking(Step::Template, lock, file, finish).await
    }
}

/// To a file that is there; a missing one is not made.
async fn connect(step: Step, file: &Path) -> Result<SqliteConnection, ProvisionerError> {
    options(file).connect().await.during(step)
}

/// The same, for an application's own function: nothing is open before it is used.
fn pool(file: &Path) -> AnyPool {
    let pool = SqlitePoolOptions::new()
        .max_connections(2)
        .idle_timeout(None)
        .max_lifetime(None);
    AnyPool::Sqlite(pool.connect_lazy_with(options(file)))
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
}

async fn migrate(file: &Path, schema: &Schema) -> Result<(), ProvisionerError> {
    let mut connection = connect(Step::Migrate, file).await?;
    schema
        .apply(&mut connection, pool(file), Step::Migrate)
        .await?;
    connection.close().await.during(Step::Migrate)
}

#[async_trait]
impl Provisioner for SqliteProvisioner {
    /// Removes what a killed process left half made.
    async fn prepare(&self) -> Result<Vec<ServerWarning>, ProvisionerError> {
        let _lock = self.folder.files.hold(Step::Prepare).await?;
        self.folder.remove_unfinished(Step::Prepare)?;
        self.folder.remove_node_files(Step::Prepare)?;
        Ok(Vec::new())
    }

    async fn ensure_template(&self, schema: &Schema) -> Result<Template, ProvisionerError> {
        let template = Template::new(schema.version());
        let file = self.template_file(&template);
        if !files::is_there(Step::Template, &file)? {
            self.build_template(schema, file).await?;
        }
        Ok(template)
    }

    async fn drop_template(&self, template: &Template) -> Result<(), ProvisionerError> {
        let lock = self.folder.files.hold(Step::Template).await?;
        let file = self.template_file(template);
        files::blocking(Step::Template, lock, file, files::remove).await
    }

    async fn create_login(&self, _: TenantId, _: &LoginPassword) -> Result<(), ProvisionerError> {
        Ok(())
    }

    async fn create_database(
        &self,
        tenant: TenantId,
        template: &Template,
    ) -> Result<(), ProvisionerError> {
        let lock = self.folder.files.hold(Step::CreateDatabase).await?;
        let (file, source) = (self.file_of(tenant), self.template_file(template));
        if files::is_there(Step::CreateDatabase, &file)? {
            return Ok(());
        }
        if !files::is_there(Step::CreateDatabase, &source)? {
            return Err(ProvisionerError::TemplateMissing {
                version: template.version().to_string(),
            });
        }
        let copy = move |file: &Path| files::copy(&source, file);
        files::blocking(Step::CreateDatabase, lock, file, copy).await
    }

    async fn migrate(&self, tenant: TenantId, schema: &Schema) -> Result<(), ProvisionerError> {
        let file = self.file_of(tenant);
        if !files::is_there(Step::Migrate, &file)? {
            return Err(ProvisionerError::DatabaseMissing { tenant });
        }
        let lock = self.folder.migrations.hold(Step::Migrate).await?;
        // In a task of its own: SQLite's thread goes on when the caller goes away, and whoever
        // tries again must not meet it half-way.
        let (schema, path) = (schema.clone(), file.clone());
        let migrating = tokio::spawn(async move {
            let done = migrate(&path, &schema).await;
            drop(lock);
            done
        });
        let failed = |source| fault::file_error(Step::Migrate, &file, source);
        migrating
            .await
            .map_err(|error| failed(std::io::Error::other(error)))?
    }

    async fn set_login(&self, _: TenantId, _: Login) -> Result<(), ProvisionerError> {
        Ok(())
    }

    async fn end_sessions(&self, _: TenantId) -> Result<(), ProvisionerError> {
        Ok(())
    }

    async fn drop_database(&self, tenant: TenantId) -> Result<(), ProvisionerError> {
        let lock = self.folder.files.hold(Step::DropDatabase).await?;
        let file = self.file_of(tenant);
        files::blocking(Step::DropDatabase, lock, file, files::remove).await
    }

    async fn drop_login(&self, tenant: TenantId) -> Result<(), ProvisionerError> {
        match self.inspect(tenant).await?.database {
            Some(_) => Err(ProvisionerError::DatabaseRemains { tenant }),
            None => Ok(()),
        }
    }

    async fn inspect(&self, tenant: TenantId) -> Result<Footprint, ProvisionerError> {
        let there = files::is_there(Step::Inspect, &self.file_of(tenant))?;
        Ok(Footprint {
            database: there.then_some(DatabaseState::Open),
            ..Footprint::none(tenant)
        })
    }

    async fn list(&self) -> Result<Vec<Footprint>, ProvisionerError> {
        let tenants = self.folder.tenants(Step::Inspect)?;
        let footprints = tenants.into_iter().map(|tenant| Footprint {
            database: Some(DatabaseState::Open),
            ..Footprint::none(tenant)
        });
        Ok(footprints.collect())
    }

    async fn attend(&self, node: NodeId) -> Result<Box<dyn Attendance>, ProvisionerError> {
        self.show(node).await
    }

    async fn attending(&self, among: &[NodeId]) -> Result<Vec<NodeId>, ProvisionerError> {
        self.shown(among)
    }

    async fn room(&self) -> Result<Option<u32>, ProvisionerError> {
        Ok(None)
    }

    fn connect_data(&self, tenant: TenantId, _: &LoginPassword) -> SecretString {
        SecretString::from(self.folder.url(&self.file_of(tenant)))
    }
}
