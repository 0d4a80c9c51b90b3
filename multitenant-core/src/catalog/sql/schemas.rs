//! What the versions of the tenants' schema stand for.

use serde_json::Value;
use sqlx::types::Json;

use crate::catalog::{AuditEntry, CatalogError, Change};
use crate::on;

use super::SqlCatalog;

impl SqlCatalog {
    /// Writes down what a version of the tenants' schema stands for, unless that is known. It never
    /// changes, since another schema has another version.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn add_schema(
        &self,
        change: &Change,
        version: &str,
        levels: &Value,
    ) -> Result<(), CatalogError> {
        const ADD: &str = "INSERT INTO mt_schemas (version, levels, created_at) \
             VALUES ($1, $2, $3) ON CONFLICT (version) DO NOTHING";
        if self.schema_levels(version).await?.is_some() {
            return Ok(());
        }
        let mut write = self.write(change).await?;
        let now = write.now();
        let added = on!(write.sql(), sql => sqlx::query(ADD)
            .bind(version)
            .bind(Json(levels))
            .bind(now)
            .execute(&mut **sql)
            .await?
            .rows_affected());
        if added == 0 {
            return Ok(());
        }
        let entry = AuditEntry::new("schema.add", "schema", version);
        write.audit(entry.with_details(levels.clone())).await?;
        write.commit().await
    }

    /// What a version of the tenants' schema stands for, where a node has said so.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn schema_levels(&self, version: &str) -> Result<Option<Value>, CatalogError> {
        const READ: &str = "SELECT levels FROM mt_schemas WHERE version = $1";
        let levels: Option<Json<Value>> = on!(self.pool(), pool =>
            sqlx::query_scalar(READ).bind(version).fetch_optional(pool).await?);
        Ok(levels.map(|levels| levels.0))
    }
}
