//! Commands that a binary mounts beside its own: what they do, say and exit with.

use std::time::Duration;

use clap::Parser;
use multitenant_core::catalog::{
    Actor, AuditFilter, Catalog, NewOperation, Operations, Outcome, Page,
};
use multitenant_core::cli::{CliError, Exit, Format, PlatformCommand};
use multitenant_core::password::Password;
use multitenant_core::platform::{Platform, PlatformBuilder};
use multitenant_core::{Code, NodeId, TenantId, on};
use serde_json::{Value, json};
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::common::platform::Running;
use multitenant_core::auth::sign_in::{Door, Origin, SignInError};
use multitenant_core::gate::Access;
use multitenant_core::rbac::EnterpriseAction;
use multitenant_core::testing::{TestRequest, eventually};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: PlatformCommand,
}

fn parse(line: &str) -> PlatformCommand {
    let words = std::iter::once("test").chain(line.split(' '));
    Cli::try_parse_from(words)
        .unwrap_or_else(|error| panic!("{error}"))
        .command
}

async fn said(platform: &Platform, line: &str, format: Format) -> (Result<(), CliError>, String) {
    let mut out = Vec::new();
    let done = parse(line).run(platform, &mut out, format).await;
    (done, String::from_utf8(out).unwrap())
}

/// What a command that succeeds says to scripts.
async fn json_of(platform: &Platform, line: &str) -> Value {
    let (done, said) = said(platform, line, Format::Json).await;
    done.unwrap_or_else(|error| panic!("{line}: {error}"));
    serde_json::from_str(&said).unwrap()
}

async fn exit(platform: &Platform, line: &str) -> Exit {
    match said(platform, line, Format::Table).await.0 {
        Ok(()) => Exit::Done,
        Err(error) => Exit::from(&error),
    }
}

/// The migrations of an application, one statement each.
fn application(builder: PlatformBuilder, statements: &[&'static str]) -> PlatformBuilder {
    let migrations = (1..).zip(statements).map(|(version, statement)| {
        let (kind, statement) = (MigrationType::Simple, statement.into_sql_str());
        Migration::new(version, "test".into(), kind, statement, false)
    });
    builder.schema(Migrator::with_migrations(migrations.collect()))
}

const NOTES: &str = "CREATE TABLE notes (text TEXT NOT NULL)";
const UNIQUE: &str = "CREATE UNIQUE INDEX notes_text ON notes (text)";

async fn write_twice(platform: &Platform, tenant: TenantId) {
    let db = platform.tenant(tenant).await.unwrap().any_sql().unwrap();
    for _ in 0..2 {
        on!(&db, db => sqlx::query("INSERT INTO notes (text) VALUES ('same')")
            .execute(db).await.map(drop).unwrap());
    }
}

async fn staff_sign_in(platform: &Platform, password: &str) -> Result<TestRequest, SignInError> {
    let (sign_in, password) = (platform.sign_in(), password.to_owned().into());
    let signed_in = sign_in.sign_in(Door::Staff, "root@example.com", password, Origin::default());
    Ok(TestRequest::default().token(&signed_in.await?.access_token))
}

on_both_engines! {
    async fn a_tenant_is_made_shown_suspended_and_deleted(place: Place) {
        let world = Running::start(place.platform()).await;
        let platform = &world.platform;
        let made = json_of(platform, "tenant create acme --admin-email ann@acme.example --tier PRO").await;
        let id: TenantId = made["tenant"]["id"].as_str().unwrap().parse().unwrap();
        let temporary = made["admin"]["temporaryPassword"].as_str().unwrap();
        assert!(world.sign_in_as(id, "ann@acme.example", temporary).await.is_ok());

        let shown = json_of(platform, "tenant show acme").await;
        assert_eq!(shown, made["tenant"]);
        assert_eq!((&shown["status"], &shown["tier"]), (&json!("ACTIVE"), &json!("PRO")));
        assert_eq!(json_of(platform, &format!("tenant show {id}")).await, shown);
        let listed = json_of(platform, "tenant list --search ACM --status ACTIVE").await;
        assert_eq!(listed, json!({"tenants": [shown], "total": 1}));

        let suspended = json_of(platform, "tenant suspend acme --reason unpaid").await;
        assert_eq!(suspended["status"], "SUSPENDED");
        assert_eq!(exit(platform, "tenant suspend acme").await, Exit::Done, "it is already");
        assert_eq!(json_of(platform, "tenant activate acme").await["status"], "ACTIVE");

        let filter = AuditFilter { tenant: Some(id), ..AuditFilter::default() };
        let audit = platform.catalog().audit_logs(&filter, Page::default()).await.unwrap().items;
        assert!(audit.iter().all(|row| matches!(row.actor, Actor::Operator(_))), "{audit:#?}");
        let reasons: Vec<_> = audit.iter().filter_map(|row| row.reason.as_deref()).collect();
        assert_eq!(reasons, ["unpaid"]);

        assert_eq!(exit(platform, "tenant delete acme --confirm acne").await, Exit::Usage);
        assert_eq!(exit(platform, "tenant delete acme --confirm acme").await, Exit::Done);
        assert!(!place.has_database(id).await);
        world.stop().await;
    }

    async fn what_cannot_be_done_has_an_exit_code_of_its_own(place: Place) {
        let world = Running::start(place.platform()).await;
        let platform = &world.platform;
        for slug in ["acme", "globex"] {
            world.create(slug).await.unwrap();
        }
        json_of(platform, "tenant domain add acme shop.acme.test").await;
        let nobody = TenantId::generate();
        let table = [
            ("tenant create acme --admin-email a@b.example".to_owned(), Exit::Conflict),
            ("tenant show nobody".to_owned(), Exit::NotFound),
            (format!("tenant show {nobody}"), Exit::NotFound),
            ("tenant suspend nobody".to_owned(), Exit::NotFound),
            ("tenant domain list nobody".to_owned(), Exit::NotFound),
            ("tenant domain add globex shop.acme.test".to_owned(), Exit::Conflict),
            ("tenant domain remove globex shop.acme.test".to_owned(), Exit::NotFound),
            ("admin deactivate nobody@example.com".to_owned(), Exit::NotFound),
            ("admin create a@b.example --role ADMIN --password-file /nowhere/at/all".to_owned(), Exit::Failed),
        ];
        for (line, expected) in table {
            assert_eq!(exit(platform, &line).await, expected, "{line}");
        }
        world.stop().await;
    }

    async fn a_domain_comes_and_goes(place: Place) {
        let world = Running::start(place.platform()).await;
        let platform = &world.platform;
        world.create("acme").await.unwrap();
        let added = json_of(platform, "tenant domain add acme Shop.Acme.test").await;
        assert_eq!(added, json!({"domains": ["shop.acme.test"], "total": 1}));
        assert_eq!(json_of(platform, "tenant domain list acme").await, added);
        let left = json_of(platform, "tenant domain remove acme shop.acme.test").await;
        assert_eq!(left["total"], 0);
        world.stop().await;
    }

    async fn the_staff_are_made_listed_and_let_in_no_longer(place: Place) {
        let world = Running::start(place.platform()).await;
        let platform = &world.platform;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "a password of my own\n").unwrap();
        let line = format!("admin create root@example.com --role ADMIN --password-file {}", file.display());
        let root = json_of(platform, &line).await;
        assert_eq!((&root["mustChangePassword"], &root["temporaryPassword"]), (&json!(false), &Value::Null));
        let request = staff_sign_in(platform, "a password of my own").await.unwrap();
        let access = Access::staff(EnterpriseAction::Administer);
        assert_eq!(world.code(&request, access).await, None);
        assert_eq!(exit(platform, &line).await, Exit::Conflict);
        assert_eq!(exit(platform, "admin deactivate root@example.com").await, Exit::Conflict, "nobody would be left");

        let second = json_of(platform, "admin create eve@example.com --role ADMIN --name Eve").await;
        assert_eq!(second["mustChangePassword"], true);
        assert!(Password::new(second["temporaryPassword"].as_str().unwrap().into()).is_ok());
        let gone = json_of(platform, "admin deactivate root@example.com").await;
        assert_eq!(gone["isActive"], false);
        assert_eq!(world.code(&request, access).await, Some(Code::TokenRevoked));
        assert!(staff_sign_in(platform, "a password of my own").await.is_err());
        let listed = json_of(platform, "admin list").await;
        let emails: Vec<_> = listed["admins"].as_array().unwrap().iter().map(|admin| admin["email"].as_str().unwrap()).collect();
        assert_eq!(emails, ["eve@example.com", "root@example.com"]);
        assert_eq!(exit(platform, "admin activate root@example.com").await, Exit::Done);
        assert!(staff_sign_in(platform, "a password of my own").await.is_ok());
        world.stop().await;
    }

    async fn every_tenant_that_is_behind_is_migrated_and_one_that_fails_stops_no_other(place: Place) {
        let before = Running::start(application(place.platform(), &[NOTES])).await;
        let mut tenants = Vec::new();
        for slug in ["acme", "globex", "initech"] {
            tenants.push(before.create(slug).await.unwrap().tenant.id);
        }
        write_twice(&before.platform, tenants[1]).await;
        let same = json_of(&before.platform, "migrate").await;
        assert_eq!((&same["migrated"], &same["unchanged"]), (&json!(0), &json!(3)));
        assert_eq!(exit(&before.platform, "tenant suspend initech").await, Exit::Done);
        before.platform.shut_down(Duration::from_secs(5)).await;

        let after = Running::start(application(place.platform(), &[NOTES, UNIQUE])).await;
        let (done, said) = said(&after.platform, "migrate --concurrency 2", Format::Json).await;
        assert_eq!(Exit::from(&done.unwrap_err()), Exit::Failed);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&said["migrated"], &said["unchanged"]), (&json!(2), &json!(0)));
        assert_eq!((&said["failed"][0]["slug"], said["failed"].as_array().unwrap().len()), (&json!("globex"), 1));
        let shown = json_of(&after.platform, "tenant show initech").await;
        assert_eq!((&shown["schemaVersion"], &shown["status"]), (&said["schemaVersion"], &json!("SUSPENDED")));
        assert_ne!(shown["schemaVersion"], same["schemaVersion"]);

        // Nothing is left under way of the one that failed: mended, it follows.
        let db = after.platform.tenant(tenants[1]).await.unwrap().any_sql().unwrap();
        on!(&db, db => sqlx::query("DELETE FROM notes").execute(db).await.map(drop).unwrap());
        let rest = json_of(&after.platform, "migrate").await;
        assert_eq!((&rest["migrated"], &rest["unchanged"]), (&json!(1), &json!(2)));
        after.stop().await;
    }

    async fn a_migration_whose_node_died_goes_on_at_a_node_of_the_same_version(place: Place) {
        let before = Running::start(application(place.platform(), &[NOTES])).await;
        let tenant = before.create("acme").await.unwrap().tenant.id;
        before.platform.shut_down(Duration::from_secs(5)).await;

        let after = Running::start(application(place.platform(), &[NOTES, UNIQUE])).await;
        let provisioning = after.platform.provisioning();
        let version = provisioning.schema_version().to_string();
        for (schema_version, ended) in [("another", 0), (version.as_str(), 1)] {
            let operation = NewOperation {
                kind: "tenant.migrate",
                steps: &["migrate"],
                input: json!({"schema_version": schema_version}),
                node: NodeId::generate(),
                lease: Duration::ZERO,
            };
            let lease = after.platform.catalog().begin(&after.change(), tenant, &operation).await.unwrap();
            eventually("the lease has run out and the operation is ended or left", async || {
                let _ = provisioning.recover().await;
                let operation = after.platform.catalog().operation(lease.operation()).await.unwrap().unwrap();
                operation.status.is_under_way() == (ended == 0)
            }).await;
            let shown = json_of(&after.platform, "tenant show acme").await;
            assert_eq!(shown["schemaVersion"] == version.as_str(), ended == 1);
            if ended == 0 {
                let lost = after.platform.catalog().finish(&after.change(), &lease, Outcome::Failed).await;
                assert!(lost.is_ok(), "nobody else has taken it: {lost:?}");
            }
        }
        after.stop().await;
    }
}

#[test]
fn a_command_line_that_cannot_be_used_is_refused_before_anything_is_done() {
    for line in [
        "tenant create",
        "tenant create acme",
        "tenant create Acme_1 --admin-email a@b.example",
        "tenant create acme --admin-email nobody",
        "tenant list --status active",
        "tenant list --page 0",
        "tenant list --limit 201",
        "tenant delete acme",
        "tenant domain add acme https://shop.test",
        "admin create a@b.example",
        "admin create a@b.example --role ROOT",
        "admin create a@b.example --role ADMIN --password hunter2hunter2",
        "migrate --concurrency 0",
    ] {
        let words = std::iter::once("test").chain(line.split(' '));
        let refused = Cli::try_parse_from(words).err();
        assert_eq!(
            refused.map(|error| error.exit_code()),
            Some(i32::from(Exit::Usage.code())),
            "{line}"
        );
    }
}
