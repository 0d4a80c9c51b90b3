//! By what a node sees that it holds the keys of those before it.

use serde_json::json;

use crate::catalog::{AuditEntry, CatalogError, Change};
use crate::on;

use super::{SqlCatalog, Write};

const READ: &str = "SELECT value FROM mt_key_checks WHERE name = $1";

impl SqlCatalog {
    /// What was written down of a key that all nodes must have: a value sealed under it, or its id.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn key_check(&self, name: &str) -> Result<Option<String>, CatalogError> {
        Ok(on!(self.pool(), pool =>
            sqlx::query_scalar(READ).bind(name).fetch_optional(pool).await?))
    }

    /// Writes down what is to be known of a key, unless somebody was faster; returns what stands
    /// there. Of nodes that start at once, all get the same answer.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn add_key_check(
        &self,
        change: &Change,
        name: &str,
        value: &str,
    ) -> Result<String, CatalogError> {
        const ADD: &str = "INSERT INTO mt_key_checks (name, value, created_at) \
             VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
        let mut write = self.write(change).await?;
        if put(&mut write, ADD, name, value).await? == 1 {
            return commit(write, "key.add", name, value).await;
        }
        Ok(on!(write.sql(), sql =>
            sqlx::query_scalar(READ).bind(name).fetch_one(&mut **sql).await?))
    }

    /// Writes down something else of a key that was exchanged.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn replace_key_check(
        &self,
        change: &Change,
        name: &str,
        value: &str,
    ) -> Result<(), CatalogError> {
        const REPLACE: &str = "INSERT INTO mt_key_checks (name, value, created_at) \
             VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET value = $2, created_at = $3";
        let mut write = self.write(change).await?;
        put(&mut write, REPLACE, name, value).await?;
        commit(write, "key.replace", name, value).await.map(drop)
    }
}

async fn put(
    write: &mut Write<'_>,
    text: &'static str,
    name: &str,
    value: &str,
) -> Result<u64, CatalogError> {
    let now = write.now();
    Ok(on!(write.sql(), sql => sqlx::query(text)
        .bind(name)
        .bind(value)
        .bind(now)
        .execute(&mut **sql)
        .await?
        .rows_affected()))
}

async fn commit(
    mut write: Write<'_>,
    action: &'static str,
    name: &str,
    value: &str,
) -> Result<String, CatalogError> {
    let entry = AuditEntry::new(action, "key", name);
    write
        .audit(entry.with_details(json!({ "value": value })))
        .await?;
    write.commit().await?;
    Ok(value.to_owned())
}
