//! From inside a tenant's role: what it may do, and everything it may not.

use multitenant_core::engine::provisioner::ServerWarning;
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::world::{Tenant, World, on_postgres, schema_with};

on_postgres! {
    a_tenant_may_work_with_rows_and_add_audit_rows,
    a_tenant_can_connect_to_its_own_database_and_no_other,
    what_a_tenant_must_not_do_is_refused,
    what_postgres_only_warns_of_changes_no_right,
    audit_rows_cannot_be_changed_through_views_or_partitions,
    code_that_runs_as_the_owner_cannot_reach_beyond_the_database,
    nobody_is_let_in_by_default,
    the_migrator_is_the_owner_and_no_more,
    what_an_administrator_took_from_the_base_no_tenant_has,
    a_base_that_is_no_superusers_is_not_built_from,
}

/// A schema with what could be used to get around the rules.
const MORE: &[&str] = &[
    "CREATE VIEW audit_view AS SELECT id, action FROM mt_audit_logs",
    "CREATE VIEW audit_view_of_view AS SELECT id, action FROM audit_view",
    "CREATE TABLE parts (id int, at int) PARTITION BY RANGE (at);
     CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
    "CREATE SCHEMA side; CREATE TABLE side.things (id bigserial PRIMARY KEY, name text)",
    "CREATE FUNCTION as_owner(statement text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
     AS $$ BEGIN EXECUTE statement; END $$",
];

/// Statements that name nobody.
const REFUSED: &[&str] = &[
    "CREATE TABLE mine (id int)",
    "CREATE TEMP TABLE mine (id int)",
    "SELECT 1 AS id INTO mine",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE SEQUENCE mine",
    "CREATE TYPE mine AS (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE TABLE side.mine (id int)",
    "CREATE DATABASE mine",
    "CREATE ROLE mine",
    "CREATE EXTENSION pg_trgm",
    "CREATE LANGUAGE plperl",
    "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION as_owner()",
    "CREATE PUBLICATION mine FOR TABLE invoices",
    "CREATE INDEX ON invoices (total)",
    "CREATE RULE mine AS ON DELETE TO invoices DO INSTEAD NOTHING",
    "CREATE TRIGGER mine AFTER INSERT ON invoices EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE POLICY mine ON invoices",
    "ALTER TABLE invoices ADD COLUMN mine int",
    "ALTER TABLE mt_audit_logs DISABLE TRIGGER ALL",
    "DROP TABLE invoices",
    "TRUNCATE invoices",
    "TRUNCATE mt_audit_logs",
    "UPDATE mt_audit_logs SET action = 'forged'",
    "DELETE FROM mt_audit_logs",
    "SELECT * FROM mt_audit_logs FOR UPDATE",
    "SELECT * FROM mt_audit_logs FOR SHARE",
    "INSERT INTO mt_audit_logs VALUES (1, 'forged') ON CONFLICT (id) DO UPDATE SET action = 'forged'",
    "MERGE INTO mt_audit_logs a USING (SELECT 1 AS id) b ON a.id = b.id WHEN MATCHED THEN DELETE",
    "INSERT INTO _sqlx_migrations SELECT * FROM _sqlx_migrations",
    "UPDATE _sqlx_migrations SET checksum = ''",
    "DELETE FROM mt_migrations",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_user_mapping",
    "COPY invoices TO PROGRAM 'true'",
    "COPY invoices FROM PROGRAM 'true'",
    "COPY invoices TO '/tmp/mine'",
    "COPY invoices FROM '/etc/passwd'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "LOAD 'auto_explain'",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SELECT pg_reload_conf()",
    "SET log_statement = 'none'",
    "SET session_replication_role = 'replica'",
    "SELECT pg_create_physical_replication_slot('mine')",
    "SELECT pg_create_logical_replication_slot('mine', 'pgoutput')",
    "SECURITY LABEL ON TABLE invoices IS 'x'",
    "REASSIGN OWNED BY CURRENT_USER TO postgres",
];

async fn tenant(world: &World) -> Tenant {
    let schema = schema_with(MORE).append_only("parts");
    let template = world.provisioner().ensure_template(&schema).await.unwrap();
    world.tenant_from(&template).await
}

async fn sign_in(tenant: &Tenant) -> PgConnection {
    PgConnection::connect(tenant.url.expose_secret())
        .await
        .unwrap()
}

async fn run(connection: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(connection).await.map(|_| ())
}

fn database(tenant: &Tenant) -> String {
    format!("client_db_{}", tenant.id.as_uuid().simple())
}

fn login(world: &World, tenant: &Tenant) -> String {
    world
        .server()
        .role(&format!("t_{}", tenant.id.as_uuid().simple()))
}

async fn a_tenant_may_work_with_rows_and_add_audit_rows(world: &World) {
    let mut inside = sign_in(&tenant(world).await).await;
    let allowed = [
        "INSERT INTO invoices VALUES (1, 100); UPDATE invoices SET total = 200; DELETE FROM invoices",
        "INSERT INTO mt_audit_logs VALUES (1, 'invoice.create'); SELECT * FROM mt_audit_logs",
        "INSERT INTO parts VALUES (1, 1)",
        "INSERT INTO side.things (name) VALUES ('a sequence serves')",
        "SELECT * FROM _sqlx_migrations; SELECT * FROM mt_migrations",
    ];
    for sql in allowed {
        run(&mut inside, sql).await.unwrap();
    }
}

async fn a_tenant_can_connect_to_its_own_database_and_no_other(world: &World) {
    let (a, b) = (tenant(world).await, tenant(world).await);
    let catalog = world.server().role("catalog");
    world
        .server()
        .run(format!("CREATE DATABASE {catalog}"))
        .await;
    world
        .server()
        .run(format!("REVOKE ALL ON DATABASE {catalog} FROM PUBLIC"))
        .await;
    let version = schema_with(MORE).append_only("parts").version();
    let template = format!("{}_{version}", world.server().role("template"));

    for closed in [database(&b), catalog, template, "template0".to_owned()] {
        assert!(
            world
                .server()
                .connect_elsewhere(&a.url, &closed)
                .await
                .is_err(),
            "{closed}"
        );
    }
    let warnings = world.provisioner().prepare().await.unwrap();
    for shared in ["postgres", "template1"] {
        let database = shared.to_owned();
        if !warnings.contains(&ServerWarning::PublicMayConnect { database }) {
            assert!(
                world
                    .server()
                    .connect_elsewhere(&a.url, shared)
                    .await
                    .is_err(),
                "{shared}"
            );
        }
    }
    // A's password is not B's.
    let swapped = world.provisioner().connect_data(b.id, &a.password);
    assert!(world.connect(&swapped).await.is_err());
}

/// Statements in A's database that name roles and databases.
fn refused_by_name(world: &World, a: &Tenant, b: &Tenant) -> Vec<String> {
    let (me, mine, theirs) = (login(world, a), database(a), database(b));
    let (owner, migrator) = (
        world.server().role("owner"),
        world.server().role("migrator"),
    );
    let others = format!(
        "DO $$ BEGIN IF NOT (SELECT bool_and(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE usename <> '{me}') THEN RAISE 'refused'; END IF; END $$"
    );
    vec![
        format!("SET ROLE {owner}"),
        format!("SET ROLE {migrator}"),
        format!("SET ROLE {}", login(world, b)),
        format!("SET SESSION AUTHORIZATION {owner}"),
        format!("ALTER ROLE {me} CONNECTION LIMIT 1000"),
        format!("ALTER ROLE {me} CREATEDB"),
        format!("ALTER ROLE {me} CREATEROLE"),
        format!("ALTER ROLE {me} SUPERUSER"),
        format!("ALTER ROLE {} PASSWORD 'x'", login(world, b)),
        format!("DROP ROLE {}", login(world, b)),
        format!("GRANT {owner} TO {me}"),
        format!("GRANT {me} TO {}", login(world, b)),
        format!("ALTER DATABASE {mine} CONNECTION LIMIT 1"),
        format!("ALTER DATABASE {mine} OWNER TO {me}"),
        format!("ALTER DATABASE {mine} SET statement_timeout = 1"),
        format!("DROP DATABASE {theirs}"),
        format!("CREATE DATABASE {me} TEMPLATE {theirs}"),
        format!("CREATE SCHEMA s AUTHORIZATION {me}"),
        format!("ALTER TABLE invoices OWNER TO {me}"),
        others,
    ]
}

async fn what_a_tenant_must_not_do_is_refused(world: &World) {
    let (a, b) = (tenant(world).await, tenant(world).await);
    let mut inside = sign_in(&a).await;
    run(&mut inside, "INSERT INTO mt_audit_logs VALUES (1, 'kept')")
        .await
        .unwrap();
    let by_name = refused_by_name(world, &a, &b);
    for sql in by_name
        .iter()
        .map(String::as_str)
        .chain(REFUSED.iter().copied())
    {
        assert!(run(&mut inside, sql).await.is_err(), "was allowed: {sql}");
    }
    let kept: String = sqlx::query_scalar("SELECT action FROM mt_audit_logs")
        .fetch_one(&mut inside)
        .await
        .unwrap();
    assert_eq!(kept, "kept");
}

/// Every right on databases, schemas, tables and functions, every default right and membership.
async fn rights(world: &World, tenant: &Tenant) -> Vec<String> {
    let mut inside = sign_in(tenant).await;
    let inside_rights: Vec<String> = sqlx::query_scalar(
        "SELECT 'relation ' || oid::regclass || ' ' || relacl::text FROM pg_class WHERE relacl IS NOT NULL
         UNION ALL SELECT 'column ' || attrelid::regclass || attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
         UNION ALL SELECT 'schema ' || nspname || ' ' || nspacl::text FROM pg_namespace WHERE nspacl IS NOT NULL
         UNION ALL SELECT 'function ' || oid::regprocedure || proacl::text FROM pg_proc WHERE proacl IS NOT NULL
         UNION ALL SELECT 'default ' || defaclrole::regrole || defaclacl::text FROM pg_default_acl
         ORDER BY 1",
    )
    .fetch_all(&mut inside)
    .await
    .unwrap();
    let server_rights: Vec<String> = sqlx::query_scalar(
        "SELECT 'database ' || datname || ' ' || coalesce(datacl::text, '') || datconnlimit
         FROM pg_database WHERE starts_with(datname, $1) OR datname IN ($2, $3)
         UNION ALL SELECT 'member ' || roleid::regrole || member::regrole FROM pg_auth_members
         WHERE starts_with(member::regrole::text, $1)
         ORDER BY 1",
    )
    .bind(&world.server().prefix_text)
    .bind(database(tenant))
    .bind("template0")
    .fetch_all(&mut world.server().admin().await)
    .await
    .unwrap();
    [inside_rights, server_rights].concat()
}

async fn what_postgres_only_warns_of_changes_no_right(world: &World) {
    let a = tenant(world).await;
    let (me, mine) = (login(world, &a), database(&a));
    let app = world.server().role("app");
    let before = rights(world, &a).await;
    let mut inside = sign_in(&a).await;
    let attempts = [
        format!("GRANT CONNECT, CREATE, TEMP ON DATABASE {mine} TO PUBLIC"),
        format!(
            "REVOKE CONNECT ON DATABASE {mine} FROM {}",
            world.server().role("migrator")
        ),
        format!("GRANT ALL ON mt_audit_logs TO {me}"),
        format!("GRANT UPDATE (action) ON mt_audit_logs TO {me}"),
        "GRANT ALL ON invoices TO PUBLIC WITH GRANT OPTION".to_owned(),
        format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {app}"),
        format!("GRANT CREATE ON SCHEMA public TO {me}"),
        format!("REVOKE ALL ON mt_audit_logs FROM {app}"),
        format!("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {me}"),
        format!("GRANT SELECT ON pg_authid TO {me}"),
        format!("GRANT {app} TO PUBLIC"),
        format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT ALL ON TABLES TO {me}",
            world.server().role("owner")
        ),
    ];
    for sql in attempts {
        let _ = run(&mut inside, &sql).await;
    }
    assert_eq!(rights(world, &a).await, before);
}

async fn audit_rows_cannot_be_changed_through_views_or_partitions(world: &World) {
    let mut inside = sign_in(&tenant(world).await).await;
    run(
        &mut inside,
        "INSERT INTO mt_audit_logs VALUES (1, 'kept'); INSERT INTO parts VALUES (1, 1)",
    )
    .await
    .unwrap();
    for table in ["audit_view", "audit_view_of_view", "parts", "parts_1"] {
        for sql in [
            format!("UPDATE {table} SET id = 2"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            assert!(run(&mut inside, &sql).await.is_err(), "was allowed: {sql}");
        }
    }
}

async fn code_that_runs_as_the_owner_cannot_reach_beyond_the_database(world: &World) {
    let (a, b) = (tenant(world).await, tenant(world).await);
    let (me, theirs) = (login(world, &a), database(&b));
    let before = rights(world, &b).await;
    let mut inside = sign_in(&a).await;
    let attempts = [
        format!("GRANT CONNECT ON DATABASE {theirs} TO {me}"),
        format!("GRANT ALL ON DATABASE {theirs} TO PUBLIC"),
        format!("ALTER DATABASE {theirs} CONNECTION LIMIT 0"),
        format!("DROP DATABASE {theirs}"),
        format!("CREATE ROLE {me}_2"),
        format!("ALTER ROLE {me} CREATEROLE"),
        format!("GRANT {} TO {me}", world.server().role("owner")),
        format!("GRANT {} TO {me}", world.server().role("migrator")),
        format!("DROP ROLE {}", login(world, &b)),
        format!("CREATE DATABASE {me}"),
        "COPY invoices TO PROGRAM 'true'".to_owned(),
        "SELECT * FROM pg_authid".to_owned(),
        "CREATE EXTENSION dblink".to_owned(),
        "CREATE EXTENSION postgres_fdw".to_owned(),
    ];
    for sql in attempts {
        let as_owner = format!("SELECT as_owner($statement${sql}$statement$)");
        let _ = run(&mut inside, &as_owner).await;
    }
    assert_eq!(rights(world, &b).await, before);
    assert!(
        world
            .server()
            .connect_elsewhere(&a.url, &theirs)
            .await
            .is_err()
    );
    let extensions: Vec<String> = sqlx::query_scalar("SELECT extname::text FROM pg_extension")
        .fetch_all(&mut inside)
        .await
        .unwrap();
    assert_eq!(extensions, ["plpgsql"]);
    let powerful: bool =
        sqlx::query_scalar("SELECT rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = $1")
            .bind(&me)
            .fetch_one(&mut inside)
            .await
            .unwrap();
    assert!(!powerful);
}

async fn nobody_is_let_in_by_default(world: &World) {
    let a = tenant(world).await;
    let rights: Vec<(String, bool)> = sqlx::query_as(
        "SELECT datname::text, has_database_privilege('public', oid, 'CONNECT, TEMP, CREATE')
         FROM pg_database WHERE datname = $1 OR starts_with(datname, $2)",
    )
    .bind(database(&a))
    .bind(world.server().role("template"))
    .fetch_all(&mut world.server().admin().await)
    .await
    .unwrap();
    assert_eq!(rights.len(), 2);
    assert!(rights.iter().all(|(_, any)| !any), "{rights:?}");

    let mut inside = sign_in(&a).await;
    let (owner, any): (String, bool) = sqlx::query_as(
        "SELECT nspowner::regrole::text, has_schema_privilege('public', oid, 'CREATE, USAGE')
         FROM pg_namespace WHERE nspname = 'public'",
    )
    .fetch_one(&mut inside)
    .await
    .unwrap();
    assert_eq!((owner, any), (world.server().role("owner"), false));
    let owners: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT relowner::regrole::text FROM pg_class
         WHERE relnamespace IN ('public'::regnamespace, 'side'::regnamespace)",
    )
    .fetch_all(&mut inside)
    .await
    .unwrap();
    assert_eq!(owners, [world.server().role("owner")]);
}

async fn the_migrator_is_the_owner_and_no_more(world: &World) {
    let refused = [
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "CREATE EXTENSION dblink",
        "COPY invoices TO PROGRAM 'true'",
    ];
    let tenant = tenant(world).await;
    for sql in refused {
        let schema = schema_with(&[MORE, &[sql]].concat());
        let migrated = world.provisioner().migrate(tenant.id, &schema).await;
        assert!(migrated.is_err(), "was allowed: {sql}");
    }
}

async fn what_an_administrator_took_from_the_base_no_tenant_has(world: &World) {
    const LARGE_OBJECTS: [&str; 4] = [
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'outside of tables')",
        "SELECT lo_put(1, 0, 'outside of tables')",
    ];
    // As docs/administration-postgres.sql makes it for the default prefix.
    let base = world.server().role("base");
    let url = std::env::var("TEST_POSTGRES_SUPERUSER_URL").unwrap();
    let mut superuser = PgConnection::connect(&url).await.unwrap();
    let create =
        format!("CREATE DATABASE {base} TEMPLATE mt_base IS_TEMPLATE true ALLOW_CONNECTIONS false");
    run(&mut superuser, &create).await.unwrap();
    let built = world
        .provisioner()
        .ensure_template(&schema_with(MORE))
        .await;
    let forget = format!("ALTER DATABASE {base} IS_TEMPLATE false");
    run(&mut superuser, &forget).await.unwrap();
    let drop = format!("DROP DATABASE {base}");
    run(&mut superuser, &drop).await.unwrap();

    let tenant = world.tenant_from(&built.unwrap()).await;
    let mut inside = sign_in(&tenant).await;
    for sql in LARGE_OBJECTS {
        let refused = run(&mut inside, sql).await.unwrap_err();
        let refusal = refused.as_database_error().unwrap();
        assert_eq!(refusal.code().as_deref(), Some("42501"), "{sql}: {refused}");
    }
    run(&mut inside, "INSERT INTO invoices VALUES (1, 100)")
        .await
        .unwrap();
}

async fn a_base_that_is_no_superusers_is_not_built_from(world: &World) {
    let (server, base) = (world.server(), world.server().role("base"));
    server
        .run(format!("CREATE DATABASE {base} TEMPLATE template0"))
        .await;
    let mut inside = server
        .connect_elsewhere(&server.admin_url, &base)
        .await
        .unwrap();
    run(&mut inside, "CREATE TABLE planted (id int)")
        .await
        .unwrap();
    inside.close().await.unwrap();
    server
        .run(format!("ALTER DATABASE {base} IS_TEMPLATE true"))
        .await;
    let tenant = tenant(world).await;
    server
        .run(format!("ALTER DATABASE {base} IS_TEMPLATE false"))
        .await;
    let mut inside = sign_in(&tenant).await;
    let planted: bool = sqlx::query_scalar("SELECT to_regclass('planted') IS NOT NULL")
        .fetch_one(&mut inside)
        .await
        .unwrap();
    assert!(!planted);
}
