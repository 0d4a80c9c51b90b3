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

/// What sqlx counts migrations in, unless it is told otherwise.
const SQLX_TABLE: &str = "_sqlx_migrations";

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

    /// Takes back what the group must not have: to change append-only tables, and to write what is
    /// only to be read, such as what counts the migrations. Run after each migration, also one with
    /// nothing to do.
    pub(super) async fn restrict(
        &self,
        migrator: &mut PgConnection,
        step: Step,
        schema: &Schema,
    ) -> Result<(), ProvisionerError> {
        const CHANGE: &str = "UPDATE, DELETE, TRUNCATE";
        const WRITE: &str = "INSERT, UPDATE, DELETE, TRUNCATE";
        let mut closed: Vec<(String, &str)> = Vec::new();
        for table in schema.append_only_tables() {
            let relations = declared(migrator, step, table).await?;
            closed.extend(relations.into_iter().map(|relation| (relation, CHANGE)));
        }
        for table in schema.read_only_tables() {
            let relations = declared(migrator, step, table).await?;
            closed.extend(relations.into_iter().map(|relation| (relation, WRITE)));
        }
        // A function may run sqlx's migrations itself.
        let counts = relations(migrator, step, SQLX_TABLE).await?;
        closed.extend(counts.into_iter().map(|relation| (relation, WRITE)));
        run(migrator, step, self.revoking_script(&closed)).await
    }

    fn revoking_script(&self, closed: &[(String, &str)]) -> String {
        let app = self.roles.app.quoted();
        let revoke = |(relation, rights): &(String, &str)| {
            format!("REVOKE {rights} ON {relation} FROM {app}, PUBLIC;")
        };
        closed.iter().map(revoke).collect()
    }
}

/// The table and its dependents, as the server spells them; empty where there is no such table.
async fn relations(
    migrator: &mut PgConnection,
    step: Step,
    table: &str,
) -> Result<Vec<String>, ProvisionerError> {
    let relations = sqlx::query_scalar(WITH_DEPENDENTS).bind(table);
    relations.fetch_all(migrator).await.during(step)
}

/// The same of a table that the schema declares, and that must be there therefore.
async fn declared(
    migrator: &mut PgConnection,
    step: Step,
    table: &str,
) -> Result<Vec<String>, ProvisionerError> {
    match relations(migrator, step, table).await? {
        none if none.is_empty() => Err(ProvisionerError::TableMissing {
            table: table.to_owned(),
        }),
        relations => Ok(relations),
    }
}
