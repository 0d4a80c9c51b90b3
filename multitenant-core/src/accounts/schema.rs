use sqlx::migrate::Migrator;

use crate::engine::provisioner::{MigrationSet, Schema};

/// The table that counts our migrations in a tenant's database, beside an application's own.
const MIGRATIONS_TABLE: &str = "mt_migrations";

#[cfg(feature = "postgres")]
static POSTGRES: Migrator = sqlx::migrate!("migrations/tenant/postgres");
#[cfg(feature = "sqlite")]
static SQLITE: Migrator = sqlx::migrate!("migrations/tenant/sqlite");

/// The part of a tenant's schema on Postgres that holds users, roles, sessions and audit rows.
#[cfg(feature = "postgres")]
#[must_use]
pub fn postgres_schema() -> Schema {
    of(&POSTGRES)
}

/// The part of a tenant's schema on SQLite that holds users, roles, sessions and audit rows.
#[cfg(feature = "sqlite")]
#[must_use]
pub fn sqlite_schema() -> Schema {
    of(&SQLITE)
}

fn of(migrations: &'static Migrator) -> Schema {
    let copy = Migrator::with_migrations(migrations.iter().cloned().collect());
    Schema::default()
        .with(MigrationSet::with_table(
            "multitenant",
            copy,
            MIGRATIONS_TABLE,
        ))
        .append_only("mt_audit_logs")
}
