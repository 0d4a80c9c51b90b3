use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::migrate::Migrate;

use super::error::{ProvisionerError, Step};
use super::migration_set::MigrationSet;
use super::schema_levels::SchemaLevels;
use crate::engine::AnyPool;
use crate::on;

/// How long a function's connections may take to close.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);

/// What a tenant's database holds: sets of migrations, applied in order.
///
/// ```
/// use multitenant_core::engine::provisioner::{MigrationSet, Schema};
/// # let migrations = || sqlx::migrate::Migrator::with_migrations(Vec::new());
/// let schema = Schema::default()
///     .with(MigrationSet::with_table("library", migrations(), "mt_migrations"))
///     .with(MigrationSet::new("application", migrations()))
///     .append_only("mt_audit_logs");
/// assert_eq!(schema.version(), schema.clone().version());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Schema {
    sets: Vec<MigrationSet>,
    append_only: Vec<Cow<'static, str>>,
    read_only: Vec<Cow<'static, str>>,
}

impl Schema {
    /// Adds a set, applied after those added before.
    #[must_use]
    pub fn with(mut self, set: MigrationSet) -> Self {
        self.sets.push(set);
        self
    }

    /// Declares a table whose rows a tenant's login may add and read, and neither change nor
    /// delete. What depends on the table (partitions, views) is closed with it. A foreign key that
    /// cascades into the table, a rule or a trigger acts as the owner: do not make one there.
    ///
    /// Has no effect on SQLite, where a tenant's handle has the file itself.
    #[must_use]
    pub fn append_only(mut self, table: impl Into<Cow<'static, str>>) -> Self {
        self.append_only.push(table.into());
        self
    }

    /// Declares a table that a tenant's login may read and not write, such as the one in which a
    /// function counts what it has applied. The tables of migrators are so anyhow, sqlx's own
    /// `_sqlx_migrations` also where a function fills it.
    ///
    /// Has no effect on SQLite, where a tenant's handle has the file itself.
    #[must_use]
    pub fn read_only(mut self, table: impl Into<Cow<'static, str>>) -> Self {
        self.read_only.push(table.into());
        self
    }

    /// Names this schema: equal for equal migrations in equal order, and different once any
    /// migration differs, or the version of a function.
    #[must_use]
    pub fn version(&self) -> SchemaVersion {
        let mut hasher = Sha256::new();
        for set in &self.sets {
            set.hash_into(&mut hasher);
        }
        hash_text(&mut hasher, "append only");
        for table in &self.append_only {
            hash_text(&mut hasher, table.as_bytes());
        }
        for table in &self.read_only {
            hash_text(&mut hasher, "read only");
            hash_text(&mut hasher, table.as_bytes());
        }
        let digest = hasher.finalize();
        SchemaVersion(digest.iter().take(8).map(|b| format!("{b:02x}")).collect())
    }

    /// How far its sets have come.
    #[must_use]
    pub fn levels(&self) -> SchemaLevels {
        SchemaLevels(self.sets.iter().map(MigrationSet::level).collect())
    }

    /// Applies what is missing, set by set; `pool` is for the functions among them.
    pub(super) async fn apply<C: Migrate>(
        &self,
        connection: &mut C,
        pool: AnyPool,
        step: Step,
    ) -> Result<(), ProvisionerError> {
        let mut applied = Ok(());
        for set in &self.sets {
            applied = set.apply(connection, &pool, step).await;
            if applied.is_err() {
                break;
            }
        }
        // A function may have kept a connection, which would hold up whatever comes next.
        let closing = async { on!(&pool, pool => pool.close().await) };
        let closed = tokio::time::timeout(CLOSE_DEADLINE, closing);
        if closed.await.is_err() {
            tracing::warn!("a function that migrates has kept a connection; it must return all");
        }
        applied
    }

    #[cfg(feature = "postgres")]
    pub(super) fn has_functions(&self) -> bool {
        self.sets.iter().any(MigrationSet::is_function)
    }

    #[cfg(feature = "postgres")]
    pub(super) fn append_only_tables(&self) -> impl Iterator<Item = &str> {
        self.append_only.iter().map(AsRef::as_ref)
    }

    #[cfg(feature = "postgres")]
    pub(super) fn read_only_tables(&self) -> impl Iterator<Item = &str> {
        let counted = self.sets.iter().filter_map(MigrationSet::table);
        counted.chain(self.read_only.iter().map(AsRef::as_ref))
    }
}

/// The name of one state of a [`Schema`]: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemaVersion(String);

impl SchemaVersion {
    /// The version as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// With its length before it, so that two texts cannot be taken for one.
pub(super) fn hash_text(hasher: &mut Sha256, text: impl AsRef<[u8]>) {
    let bytes = text.as_ref();
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use sqlx::SqlSafeStr;
    use sqlx::migrate::{Migration, MigrationType, Migrator};

    use super::*;

    fn set(table: &'static str, statements: &[&'static str]) -> MigrationSet {
        let migrations = (1..).zip(statements).map(|(version, sql)| {
            let sql = sql.into_sql_str();
            Migration::new(version, "test".into(), MigrationType::Simple, sql, false)
        });
        MigrationSet::with_table(
            "test",
            Migrator::with_migrations(migrations.collect()),
            table,
        )
    }

    fn function(name: &'static str, version: &'static str) -> MigrationSet {
        #[cfg(feature = "postgres")]
        use sqlx::PgPool as Pool;
        #[cfg(not(feature = "postgres"))]
        use sqlx::SqlitePool as Pool;
        MigrationSet::function(name, version, async |_: Pool| Ok::<_, sqlx::Error>(()))
    }

    #[test]
    fn equal_schemas_have_equal_versions() {
        let schema = || Schema::default().with(set("m", &["CREATE TABLE a (x int)"]));
        assert_eq!(schema().version(), schema().version());
        assert_eq!(schema().version().as_str().len(), 16);
    }

    #[test]
    fn any_difference_is_another_version() {
        let (a, b) = ("CREATE TABLE a (x int)", "CREATE TABLE b (x int)");
        let schemas = [
            Schema::default(),
            Schema::default().with(set("m", &[a])),
            Schema::default().with(set("m", &[b])),
            Schema::default().with(set("n", &[a])),
            Schema::default().with(set("m", &[a, b])),
            Schema::default().with(set("m", &[b, a])),
            Schema::default().with(set("m", &[a])).with(set("n", &[b])),
            Schema::default().with(set("n", &[b])).with(set("m", &[a])),
            Schema::default().with(set("m", &[a])).append_only("a"),
            Schema::default().with(set("m", &[a])).read_only("a"),
            Schema::default().with(function("test", "1")),
            Schema::default().with(function("test", "2")),
            Schema::default().with(function("other", "1")),
        ];
        let versions: std::collections::HashSet<_> = schemas.iter().map(Schema::version).collect();
        assert_eq!(versions.len(), schemas.len());
    }
}
