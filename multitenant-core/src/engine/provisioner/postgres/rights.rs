use sqlx::PgConnection;

use super::PostgresProvisioner;
use super::admin::run;
use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::schema::Schema;

/// A table, and what would let rows in it be changed another way: partitions and heirs have rights
/// of their own, and a view reads and writes with its owner's.
const WITH_DEPENDENTS: &str = "
    WITH RECURSIVE edge (parent, child) AS (
        SELECT inhparent, inhrelid FROM pg_inherits
        UNION ALL
        SELECT dependency.refobjid, rule.ev_class
        FROM pg_depend dependency JOIN pg_rewrite rule ON rule.oid = dependency.objid
        WHERE dependency.classid = 'pg_rewrite'::regclass
          AND dependency.refclassid = 'pg_class'::regclass
    ), closed (relation) AS (
        SELECT to_regclass($1)::oid WHERE to_regclass($1) IS NOT NULL
        UNION
        SELECT edge.child FROM edge JOIN closed ON edge.parent = closed.relation
    )
    SELECT relation::regclass::text FROM closed";

impl PostgresProvisioner {
    /// What the owner gives the group on everything that it will ever make. Cloned with a template.
    pub(super) fn default_rights_script(&self) -> String {
        let app = self.roles.app.quoted();
        format!(
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;
             GRANT USAGE ON SCHEMA public TO {app};
             ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {app};
             ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
             ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO {app}"
        )
    }

    /// Takes back what the group must not have: to change append-only tables, and to write what
    /// counts the migrations. Run after each migration, also one with nothing to do.
    pub(super) async fn restrict(
        &self,
        migrator: &mut PgConnection,
        step: Step,
        schema: &Schema,
    ) -> Result<(), ProvisionerError> {
        let app = self.roles.app.quoted();
        let mut script = String::new();
        for table in schema.append_only_tables() {
            for relation in relations(migrator, step, table).await? {
                script +=
                    &format!("REVOKE UPDATE, DELETE, TRUNCATE ON {relation} FROM {app}, PUBLIC;");
            }
        }
        for table in schema.migration_tables() {
            for relation in relations(migrator, step, table).await? {
                script += &format!(
                    "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {relation} FROM {app}, PUBLIC;"
                );
            }
        }
        run(migrator, step, script).await
    }
}

/// The table and its dependents, as the server spells them.
async fn relations(
    migrator: &mut PgConnection,
    step: Step,
    table: &str,
) -> Result<Vec<String>, ProvisionerError> {
    let relations: Vec<String> = sqlx::query_scalar(WITH_DEPENDENTS)
        .bind(table)
        .fetch_all(migrator)
        .await
        .during(step)?;
    if relations.is_empty() {
        return Err(ProvisionerError::AppendOnlyMissing {
            table: table.to_owned(),
        });
    }
    Ok(relations)
}
