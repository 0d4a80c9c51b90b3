use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::migrate::{Migrate, Migrator};

use super::error::{ProvisionerError, Step};

/// Migrations that belong together and are counted in one table of their own.
#[derive(Debug, Clone)]
pub struct MigrationSet {
    name: Cow<'static, str>,
    migrator: Arc<Migrator>,
}

impl MigrationSet {
    /// Migrations as `sqlx::migrate!()` gives them, counted in the table that it names
    /// (`_sqlx_migrations` unless a `sqlx.toml` says otherwise).
    pub fn new(name: impl Into<Cow<'static, str>>, migrator: Migrator) -> Self {
        Self {
            name: name.into(),
            migrator: Arc::new(migrator),
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

    /// The table that counts what was applied, as SQL takes it.
    pub(super) fn table(&self) -> &str {
        &self.migrator.table_name
    }

    fn hash_into(&self, hasher: &mut Sha256) {
        hash_text(hasher, self.name.as_bytes());
        hash_text(hasher, self.table());
        for migration in self.up_migrations() {
            hasher.update(migration.version.to_be_bytes());
            hash_text(hasher, &migration.checksum);
        }
    }

    fn up_migrations(&self) -> impl Iterator<Item = &sqlx::migrate::Migration> {
        self.migrator
            .iter()
            .filter(|migration| !migration.migration_type.is_down_migration())
    }
}

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

    /// Names this schema: equal for equal migrations in equal order, and different once any
    /// migration differs.
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
        let digest = hasher.finalize();
        SchemaVersion(digest.iter().take(8).map(|b| format!("{b:02x}")).collect())
    }

    /// Applies what is missing, set by set.
    pub(super) async fn apply<C: Migrate>(
        &self,
        connection: &mut C,
        step: Step,
    ) -> Result<(), ProvisionerError> {
        for set in &self.sets {
            // `Migrator::run` asks for a bound on `&mut C` that cannot be written here.
            let applied = set.migrator.run_direct(None, connection, false).await;
            applied.map_err(|source| ProvisionerError::Migration {
                step,
                set: set.name.to_string(),
                source,
            })?;
        }
        Ok(())
    }

    #[cfg(feature = "postgres")]
    pub(super) fn append_only_tables(&self) -> impl Iterator<Item = &str> {
        self.append_only.iter().map(AsRef::as_ref)
    }

    #[cfg(feature = "postgres")]
    pub(super) fn migration_tables(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().map(MigrationSet::table)
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
fn hash_text(hasher: &mut Sha256, text: impl AsRef<[u8]>) {
    let bytes = text.as_ref();
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use sqlx::SqlSafeStr;
    use sqlx::migrate::{Migration, MigrationType};

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
        ];
        let versions: std::collections::HashSet<_> = schemas.iter().map(Schema::version).collect();
        assert_eq!(versions.len(), schemas.len());
    }
}
