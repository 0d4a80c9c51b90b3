use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt;
use sha2::{Digest, Sha256};
use sqlx::Pool;
use sqlx::migrate::{Migrate, Migration, Migrator};

use super::error::{ProvisionerError, Step};
use super::schema::hash_text;
use super::schema_levels::{Level, SetLevel};
use crate::engine::{AnyPool, SqlEngine};
use crate::on;

/// Migrations that belong together: those of a migrator, counted in one table of their own, or a
/// function that does it its own way.
#[derive(Debug, Clone)]
pub struct MigrationSet {
    name: Cow<'static, str>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Migrator(Arc<Migrator>),
    Function {
        version: Cow<'static, str>,
        run: Arc<dyn Fn(AnyPool) -> Running + Send + Sync>,
    },
}

type BoxError = Box<dyn Error + Send + Sync>;
type Running = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

impl MigrationSet {
    /// Migrations as `sqlx::migrate!()` gives them, counted in the table that it names
    /// (`_sqlx_migrations` unless a `sqlx.toml` says otherwise).
    pub fn new(name: impl Into<Cow<'static, str>>, migrator: Migrator) -> Self {
        Self {
            name: name.into(),
            way: Way::Migrator(Arc::new(migrator)),
        }
    }

    /// Migrations counted in a table of another name, so that two sets fit in one database.
    pub fn with_table(
        name: impl Into<Cow<'static, str>>,
        mut migrator: Migrator,
        table: &'static str,
    ) -> Self {
        migrator.dangerous_set_table_name(table);
        Self::new(name, migrator)
    }

    /// A function that brings a database from any state that it ever left one in to the newest,
    /// with a pool of the role that owns what is inside. It is run whenever a database is brought
    /// to the schema, so it finds out itself what is missing.
    ///
    /// `version` stands for what the function does now, as migrations' checksums would: give
    /// another whenever it does something else, or new tenants are made as before. Let it be
    /// numbers that grow ([`SchemaLevels`](super::SchemaLevels) compares them): then a node of an
    /// older version leaves a database alone that a newer one has migrated. The pool is closed when
    /// the function has returned.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")] {
    /// use multitenant_core::engine::provisioner::{MigrationSet, Schema};
    /// use sqlx::SqlitePool;
    ///
    /// async fn migrate(pool: SqlitePool) -> sqlx::Result<()> {
    ///     let table = "CREATE TABLE IF NOT EXISTS invoices (id INTEGER PRIMARY KEY)";
    ///     sqlx::query(table).execute(&pool).await?;
    ///     Ok(())
    /// }
    ///
    /// let schema = Schema::default().with(MigrationSet::function("application", "1", migrate));
    /// # }
    /// ```
    pub fn function<DB, F, Fut, E>(
        name: impl Into<Cow<'static, str>>,
        version: impl Into<Cow<'static, str>>,
        function: F,
    ) -> Self
    where
        DB: SqlEngine,
        F: Fn(Pool<DB>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let run = move |pool: AnyPool| -> Running {
            match of_engine(pool) {
                Some(pool) => {
                    let running = function(pool);
                    Box::pin(async move { running.await.map_err(Into::into) })
                }
                None => Box::pin(async { Err(WrongEngine(DB::NAME).into()) }),
            }
        };
        Self {
            name: name.into(),
            way: Way::Function {
                version: version.into(),
                run: Arc::new(run),
            },
        }
    }

    /// The table that counts what was applied, as SQL takes it, if we know of one.
    #[cfg(feature = "postgres")]
    pub(super) fn table(&self) -> Option<&str> {
        match &self.way {
            Way::Migrator(migrator) => Some(&migrator.table_name),
            Way::Function { .. } => None,
        }
    }

    #[cfg(feature = "postgres")]
    pub(super) const fn is_function(&self) -> bool {
        matches!(self.way, Way::Function { .. })
    }

    pub(super) fn level(&self) -> SetLevel {
        let set = self.name.to_string();
        let level = match &self.way {
            Way::Migrator(migrator) => {
                let versions = up_migrations(migrator).map(|migration| migration.version);
                Level::Migration(versions.max().unwrap_or_default())
            }
            Way::Function { version, .. } => Level::Function(version.to_string()),
        };
        SetLevel { set, level }
    }

    pub(super) fn hash_into(&self, hasher: &mut Sha256) {
        hash_text(hasher, self.name.as_bytes());
        match &self.way {
            Way::Migrator(migrator) => {
                hash_text(hasher, migrator.table_name.as_bytes());
                for migration in up_migrations(migrator) {
                    hasher.update(migration.version.to_be_bytes());
                    hash_text(hasher, &migration.checksum);
                }
            }
            Way::Function { version, .. } => {
                // No table has a name with a NUL.
                hash_text(hasher, "function\0");
                hash_text(hasher, version.as_bytes());
            }
        }
    }

    /// Applies what is missing.
    pub(super) async fn apply<C: Migrate>(
        &self,
        connection: &mut C,
        pool: &AnyPool,
        step: Step,
    ) -> Result<(), ProvisionerError> {
        let set = self.name.to_string();
        match &self.way {
            // `Migrator::run` asks for a bound on `&mut C` that cannot be written here.
            Way::Migrator(migrator) => migrator
                .run_direct(None, connection, false)
                .await
                .map_err(|source| ProvisionerError::Migration { step, set, source }),
            // A panic is one of the application's failures, and ends no task of ours.
            Way::Function { run, .. } => AssertUnwindSafe(run(pool.clone()))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err("it panicked".into()))
                .map_err(|source| ProvisionerError::Function { step, set, source }),
        }
    }
}

fn up_migrations(migrator: &Migrator) -> impl Iterator<Item = &Migration> {
    migrator
        .iter()
        .filter(|migration| !migration.migration_type.is_down_migration())
}

/// A function that migrates another engine than the tenants' databases run on.
#[derive(Debug, thiserror::Error)]
#[error("the function migrates {0}, but the tenants' databases run on another engine")]
struct WrongEngine(&'static str);

fn of_engine<DB: SqlEngine>(pool: AnyPool) -> Option<Pool<DB>> {
    let pool: Box<dyn Any> = on!(pool, pool => Box::new(pool));
    pool.downcast().ok().map(|pool| *pool)
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Migrator(migrator) => f.debug_tuple("Migrator").field(migrator).finish(),
            Self::Function { version, .. } => f.debug_tuple("Function").field(version).finish(),
        }
    }
}
