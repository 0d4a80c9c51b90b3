//! What stands in a tenant's database, to see whether it changes.

use std::collections::BTreeMap;

use super::Party;
#[cfg(feature = "_sql")]
use crate::engine::PerEngine;
#[cfg(feature = "_sql")]
use crate::tenant::AnySql;

/// The rows of each table, as texts.
pub(super) type Snapshot = BTreeMap<String, Vec<String>>;

/// The tables whose rows are no longer the same.
pub(super) fn changed(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let tables = before.keys().chain(after.keys());
    let changed = tables.filter(|table| before.get(*table) != after.get(*table));
    let changed: std::collections::BTreeSet<_> = changed.cloned().collect();
    changed.into_iter().collect()
}

/// What stands in the database of a party that handed its handle in.
#[cfg(feature = "_sql")]
pub(super) async fn of(party: &Party) -> Snapshot {
    let Some(tenant) = &party.database else {
        return Snapshot::new();
    };
    let db = tenant.any_sql();
    let db = db.unwrap_or_else(|error| panic!("{} has no database: {error}", party.slug()));
    let read = read(&db).await;
    read.unwrap_or_else(|error| panic!("the database of {} cannot be read: {error}", party.slug()))
}

/// Without an engine there is nothing to look into.
#[cfg(not(feature = "_sql"))]
pub(super) async fn of(_: &Party) -> Snapshot {
    Snapshot::new()
}

/// Each table that can be read, and an expression that shows a whole row of it.
#[cfg(feature = "_sql")]
const fn tables(db: &AnySql) -> &'static str {
    match db {
        PerEngine::Postgres(_) => {
            "SELECT format('%I.%I', schemaname, tablename), 't::text' FROM pg_tables \
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema') \
             AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
        }
        PerEngine::Sqlite(_) => {
            "SELECT '\"' || m.name || '\"', group_concat('quote(\"' || c.name || '\")', '||'',''||') \
             FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' GROUP BY m.name"
        }
    }
}

#[cfg(feature = "_sql")]
async fn read(db: &AnySql) -> sqlx::Result<Snapshot> {
    let listed = tables(db);
    let tables: Vec<(String, String)> =
        crate::on!(db, db => sqlx::query_as(listed).fetch_all(db).await)?;
    let mut snapshot = Snapshot::new();
    for (table, row) in tables {
        let rows = format!("SELECT r FROM (SELECT {row} AS r FROM {table} t) s ORDER BY r");
        let rows = sqlx::AssertSqlSafe(rows);
        let rows = crate::on!(db, db => sqlx::query_scalar(rows).fetch_all(db).await)?;
        snapshot.insert(table, rows);
    }
    Ok(snapshot)
}
