//! What only Postgres has: logins, sessions and several platforms on one server.

use multitenant_core::TenantId;
use multitenant_core::engine::provisioner::{
    Footprint, Login, LoginPassword, PostgresProvisioner, Provisioner, ProvisionerError, Schema,
    ServerWarning,
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::world::{World, on_postgres, schema, schema_with};

on_postgres! {
    a_refused_login_cannot_connect_until_it_is_allowed_again,
    open_sessions_outlive_the_refusal_and_end_when_told,
    a_new_password_replaces_the_old_one,
    a_database_goes_also_while_its_sessions_are_open,
    a_login_goes_also_when_it_left_large_objects_elsewhere,
    a_database_is_not_made_before_its_login,
    a_database_half_made_is_finished,
    a_database_half_made_or_half_dropped_is_listed,
    a_building_database_left_by_a_killed_process_is_built_anew,
    nodes_that_set_the_migrators_password_in_turn_still_migrate,
    a_database_open_to_everybody_is_warned_of,
    shared_roles_with_more_than_we_gave_are_refused,
    two_platforms_on_one_server_do_not_see_each_other,
    a_login_has_at_most_the_connections_it_may,
    migrations_give_up_on_a_lock_that_is_held,
    an_append_only_table_that_does_not_exist_is_an_error,
    nodes_prepare_at_the_same_time,
}

async fn a_refused_login_cannot_connect_until_it_is_allowed_again(world: &World) {
    let tenant = world.tenant().await;
    let provisioner = world.provisioner();
    provisioner
        .set_login(tenant.id, Login::Refused)
        .await
        .unwrap();
    assert!(world.connect(&tenant.url).await.is_err());
    assert_eq!(
        provisioner.inspect(tenant.id).await.unwrap().login,
        Some(Login::Refused)
    );
    provisioner
        .set_login(tenant.id, Login::Allowed)
        .await
        .unwrap();
    assert!(world.connect(&tenant.url).await.is_ok());
}

async fn open_sessions_outlive_the_refusal_and_end_when_told(world: &World) {
    let (tenant, other) = (world.tenant().await, world.tenant().await);
    let provisioner = world.provisioner();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(connect(&tenant.url).await);
    }
    let mut bystander = connect(&other.url).await;

    provisioner
        .set_login(tenant.id, Login::Refused)
        .await
        .unwrap();
    assert!(sessions[0].ping().await.is_ok());
    provisioner.end_sessions(tenant.id).await.unwrap();
    for session in &mut sessions {
        assert!(session.ping().await.is_err());
    }
    assert!(bystander.ping().await.is_ok());
    assert_eq!(admin_memberships(world).await, 0);
}

async fn a_new_password_replaces_the_old_one(world: &World) {
    let tenant = world.tenant().await;
    let password = LoginPassword::generate().unwrap();
    world
        .provisioner()
        .create_login(tenant.id, &password)
        .await
        .unwrap();
    assert!(world.connect(&tenant.url).await.is_err());
    let url = world.provisioner().connect_data(tenant.id, &password);
    assert!(world.connect(&url).await.is_ok());
}

async fn a_database_goes_also_while_its_sessions_are_open(world: &World) {
    let tenant = world.tenant().await;
    let mut session = connect(&tenant.url).await;
    let migrator = SecretString::from("canary-canary-canary");
    let password = LoginPassword::try_from(migrator).unwrap();
    let node = world
        .server()
        .provisioner()
        .with_migrator_password(password.clone());
    node.prepare().await.unwrap();
    let mut migrating = connect_as_migrator(world, &tenant.id, &password).await;

    world.provisioner().drop_database(tenant.id).await.unwrap();
    assert!(session.ping().await.is_err());
    assert!(migrating.ping().await.is_err());
    assert_eq!(admin_memberships(world).await, 0);
}

async fn a_login_goes_also_when_it_left_large_objects_elsewhere(world: &World) {
    let tenant = world.tenant().await;
    let open = world.server().role("open");
    world
        .server()
        .run(format!("CREATE DATABASE {open} TEMPLATE template0"))
        .await;
    let mut session = world
        .server()
        .connect_elsewhere(&tenant.url, &open)
        .await
        .unwrap();
    sqlx::query("SELECT lo_create(0)")
        .execute(&mut session)
        .await
        .unwrap();

    let provisioner = world.provisioner();
    provisioner.drop_database(tenant.id).await.unwrap();
    provisioner.drop_login(tenant.id).await.unwrap();
    assert!(provisioner.inspect(tenant.id).await.unwrap().is_gone());
    assert_eq!(admin_memberships(world).await, 0);
}

async fn a_database_is_not_made_before_its_login(world: &World) {
    let template = world.template().await;
    let refused = world
        .provisioner()
        .create_database(TenantId::generate(), &template)
        .await;
    assert!(matches!(
        refused,
        Err(ProvisionerError::LoginMissing { .. })
    ));
}

/// As a process leaves it that is killed right after `CREATE DATABASE`.
async fn half_made(world: &World) -> (TenantId, LoginPassword) {
    let template = world.template().await;
    let (tenant, password) = (TenantId::generate(), LoginPassword::generate().unwrap());
    world
        .provisioner()
        .create_login(tenant, &password)
        .await
        .unwrap();
    world
        .server()
        .run(format!(
            "CREATE DATABASE client_db_{} TEMPLATE {}_{} ALLOW_CONNECTIONS false",
            tenant.as_uuid().simple(),
            world.server().role("template"),
            template.version()
        ))
        .await;
    (tenant, password)
}

async fn a_database_half_made_is_finished(world: &World) {
    let (tenant, password) = half_made(world).await;
    let template = world.template().await;
    world
        .provisioner()
        .create_database(tenant, &template)
        .await
        .unwrap();
    let url = world.provisioner().connect_data(tenant, &password);
    assert!(world.connect(&url).await.is_ok());
}

async fn a_database_half_made_or_half_dropped_is_listed(world: &World) {
    let (tenant, _) = half_made(world).await;
    let listed = world.provisioner().list().await.unwrap();
    assert_eq!(listed, [world.provisioner().inspect(tenant).await.unwrap()]);
    world.provisioner().drop_database(tenant).await.unwrap();
    let left = Footprint {
        login: Some(Login::Refused),
        ..Footprint::none(tenant)
    };
    assert_eq!(world.provisioner().list().await.unwrap(), [left]);
}

async fn a_building_database_left_by_a_killed_process_is_built_anew(world: &World) {
    let building = format!("{}_{}", world.server().role("building"), schema().version());
    world
        .server()
        .run(format!("CREATE DATABASE {building}"))
        .await;
    world.tenant().await;
}

async fn nodes_that_set_the_migrators_password_in_turn_still_migrate(world: &World) {
    let tenant = world.tenant().await;
    let other = world.another_node();
    for _ in 0..2 {
        other.prepare().await.unwrap();
        world
            .provisioner()
            .migrate(tenant.id, &schema())
            .await
            .unwrap();
        other.migrate(tenant.id, &schema()).await.unwrap();
    }
}

async fn a_database_open_to_everybody_is_warned_of(world: &World) {
    let open = world.server().role("open");
    world.server().run(format!("CREATE DATABASE {open}")).await;
    let warnings = world.provisioner().prepare().await.unwrap();
    let expected = ServerWarning::PublicMayConnect {
        database: open.clone(),
    };
    assert!(warnings.contains(&expected), "{warnings:?}");

    world
        .server()
        .run(format!("REVOKE CONNECT ON DATABASE {open} FROM PUBLIC"))
        .await;
    assert!(
        !world
            .provisioner()
            .prepare()
            .await
            .unwrap()
            .contains(&expected)
    );
}

async fn shared_roles_with_more_than_we_gave_are_refused(world: &World) {
    let app = world.server().role("app");
    world
        .server()
        .run(format!("ALTER ROLE {app} CREATEDB"))
        .await;
    let refused = world.provisioner().prepare().await;
    assert!(matches!(&refused, Err(ProvisionerError::RoleTooPowerful { role }) if *role == app));
    world
        .server()
        .run(format!("ALTER ROLE {app} NOCREATEDB"))
        .await;
    world
        .server()
        .run(format!("GRANT {} TO {app}", world.server().role("owner")))
        .await;
    let refused = world.provisioner().prepare().await;
    assert!(matches!(&refused, Err(ProvisionerError::RoleTooPowerful { role }) if *role == app));
}

async fn two_platforms_on_one_server_do_not_see_each_other(world: &World) {
    let tenant = world.tenant().await;
    crate::provisioner::world::with_postgres(async |other: &World| {
        let theirs = other.tenant().await;
        let ids = async |world: &World| -> Vec<_> {
            let listed = world.provisioner().list().await.unwrap();
            listed.iter().map(|footprint| footprint.tenant).collect()
        };
        assert_eq!(ids(world).await, [tenant.id]);
        assert_eq!(ids(other).await, [theirs.id]);
        let database = format!("client_db_{}", theirs.id.as_uuid().simple());
        assert!(
            world
                .server()
                .connect_elsewhere(&tenant.url, &database)
                .await
                .is_err()
        );
    })
    .await;
}

async fn a_login_has_at_most_the_connections_it_may(world: &World) {
    let tenant = world.tenant().await;
    let provisioner = world.server().provisioner().with_connections_per_login(1);
    provisioner
        .create_login(tenant.id, &tenant.password)
        .await
        .unwrap();
    let first = connect(&tenant.url).await;
    // Not by a pool, which would wait for a place.
    let second = PgConnection::connect(tenant.url.expose_secret()).await;
    assert!(second.is_err());
    drop(first);
}

async fn migrations_give_up_on_a_lock_that_is_held(world: &World) {
    let tenant = world.tenant().await;
    let mut holder = connect(&tenant.url).await;
    let mut held = holder.begin().await.unwrap();
    sqlx::query("SELECT * FROM invoices")
        .execute(&mut *held)
        .await
        .unwrap();

    let timeout = std::time::Duration::from_millis(50);
    let provisioner = world.server().provisioner().with_lock_timeout(timeout);
    let grown = schema_with(&["ALTER TABLE invoices ADD COLUMN note TEXT"]);
    let failed = provisioner.migrate(tenant.id, &grown).await;
    assert!(
        matches!(failed, Err(ProvisionerError::Migration { .. })),
        "{failed:?}"
    );
    held.rollback().await.unwrap();
    provisioner.migrate(tenant.id, &grown).await.unwrap();
}

async fn an_append_only_table_that_does_not_exist_is_an_error(world: &World) {
    let wrong = Schema::default().append_only("audit_log_with_a_typo");
    let refused = world.provisioner().ensure_template(&wrong).await;
    assert!(matches!(
        refused,
        Err(ProvisionerError::TableMissing { .. })
    ));
}

async fn nodes_prepare_at_the_same_time(world: &World) {
    let server = world.server();
    for role in ["migrator", "app", "owner"] {
        server.run(format!("DROP ROLE {}", server.role(role))).await;
    }
    let nodes: Vec<_> = (0..4).map(|_| server.provisioner()).collect();
    let prepared = nodes.iter().map(PostgresProvisioner::prepare);
    futures_util::future::try_join_all(prepared).await.unwrap();
}

async fn connect(url: &SecretString) -> PgConnection {
    PgConnection::connect(url.expose_secret()).await.unwrap()
}

async fn connect_as_migrator(
    world: &World,
    tenant: &TenantId,
    password: &LoginPassword,
) -> PgConnection {
    let admin = world.server().admin_url.expose_secret();
    let options: sqlx::postgres::PgConnectOptions = admin.parse().unwrap();
    let options = options
        .username(&world.server().role("migrator"))
        .password(password.expose_secret())
        .database(&format!("client_db_{}", tenant.as_uuid().simple()));
    PgConnection::connect_with(&options).await.unwrap()
}

/// Memberships by which the admin would have a tenant's or the owner's rights. The one that
/// Postgres 16 gives every role's creator lets it administer and nothing else.
async fn admin_memberships(world: &World) -> i64 {
    let with_rights = if server_version(world).await < 160_000 {
        "true"
    } else {
        "inherit_option OR set_option"
    };
    let count = format!(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles granted ON granted.oid = m.roleid
         WHERE member = current_user::regrole AND starts_with(granted.rolname, $1) AND ({with_rights})"
    );
    sqlx::query_scalar(AssertSqlSafe(count))
        .bind(&world.server().prefix_text)
        .fetch_one(&mut world.server().admin().await)
        .await
        .unwrap()
}

async fn server_version(world: &World) -> i32 {
    sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(&mut world.server().admin().await)
        .await
        .unwrap()
}
