//! What only SQLite has: files, their modes and their names.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use multitenant_core::TenantId;
use multitenant_core::engine::provisioner::{
    LoginPassword, MigrationSet, Provisioner, ProvisionerError, Schema, SqliteProvisioner,
};
use secrecy::ExposeSecret;
use sqlx::sqlite::SqlitePoolOptions;
use tempfile::TempDir;

use super::world::{migrator, schema};

fn place() -> (TempDir, PathBuf, SqliteProvisioner) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("tenants");
    let provisioner = SqliteProvisioner::open(&folder).unwrap();
    (parent, folder, provisioner)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn file_of(folder: &Path, tenant: TenantId) -> PathBuf {
    folder.join(format!("client_db_{}.db", tenant.as_uuid().simple()))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

async fn make_tenant(provisioner: &SqliteProvisioner) -> TenantId {
    let template = provisioner.ensure_template(&schema()).await.unwrap();
    let tenant = TenantId::generate();
    provisioner
        .create_database(tenant, &template)
        .await
        .unwrap();
    tenant
}

#[tokio::test]
async fn files_are_the_owners_alone_also_beside_an_open_database() {
    let (_parent, folder, provisioner) = place();
    let tenant = make_tenant(&provisioner).await;
    let password = LoginPassword::generate().unwrap();
    let url = provisioner.connect_data(tenant, &password);
    let pool = SqlitePoolOptions::new()
        .connect(url.expose_secret())
        .await
        .unwrap();
    sqlx::query("INSERT INTO invoices (id, total) VALUES (1, 1)")
        .execute(&pool)
        .await
        .unwrap();

    assert_eq!(mode(&folder), 0o700);
    let files = names(&folder);
    assert!(files.iter().any(|name| name.ends_with("-wal")), "{files:?}");
    for name in files {
        assert_eq!(mode(&folder.join(&name)), 0o600, "{name}");
    }
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(journal, "wal");
    let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(foreign_keys, 1);
    pool.close().await;
}

#[tokio::test]
async fn dropping_removes_what_stands_beside_the_file() {
    let (_parent, folder, provisioner) = place();
    let tenant = make_tenant(&provisioner).await;
    let file = file_of(&folder, tenant);
    let other = make_tenant(&provisioner).await;
    for suffix in ["-wal", "-shm", "-journal", "-unfinished-0190"] {
        fs::write(
            format!("{}{suffix}", file.display()),
            "left by a killed process",
        )
        .unwrap();
    }
    provisioner.drop_database(tenant).await.unwrap();
    let id = tenant.as_uuid().simple().to_string();
    assert!(!names(&folder).iter().any(|name| name.contains(&id)));
    assert!(!provisioner.inspect(other).await.unwrap().is_gone());
}

#[tokio::test]
async fn files_that_were_never_finished_go_at_the_next_start() {
    let (_parent, folder, provisioner) = place();
    let tenant = make_tenant(&provisioner).await;
    let unfinished = format!(
        "{}-unfinished",
        file_of(&folder, TenantId::generate()).display()
    );
    for suffix in ["", "-wal", "-shm"] {
        fs::write(format!("{unfinished}{suffix}"), "half").unwrap();
    }
    provisioner.prepare().await.unwrap();
    assert!(
        !names(&folder)
            .iter()
            .any(|name| name.contains("unfinished"))
    );
    assert!(!provisioner.inspect(tenant).await.unwrap().is_gone());
}

#[tokio::test]
async fn a_symbolic_link_in_a_files_place_is_refused_and_its_target_untouched() {
    let (parent, folder, provisioner) = place();
    let victim = make_tenant(&provisioner).await;
    let target = parent.path().join("victim.db");
    fs::rename(file_of(&folder, victim), &target).unwrap();
    let before = fs::read(&target).unwrap();

    let tenant = TenantId::generate();
    symlink(&target, file_of(&folder, tenant)).unwrap();
    let template = provisioner.ensure_template(&schema()).await.unwrap();
    let grown = Schema::default().with(MigrationSet::new(
        "x",
        migrator(&["CREATE TABLE x (i INT)"]),
    ));
    let refusals = [
        provisioner.create_database(tenant, &template).await,
        provisioner.migrate(tenant, &grown).await,
        provisioner.inspect(tenant).await.map(|_| ()),
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal, Err(ProvisionerError::UnsafeFile { .. })),
            "{refusal:?}"
        );
    }
    provisioner.drop_database(tenant).await.unwrap();
    assert_eq!(fs::read(&target).unwrap(), before);
}

#[test]
fn folders_that_are_not_ours_alone_are_refused() {
    let parent = tempfile::tempdir().unwrap();
    let open = parent.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
    let link = parent.path().join("link");
    let real = parent.path().join("real");
    SqliteProvisioner::open(&real).unwrap();
    symlink(&real, &link).unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();

    for path in [open.as_path(), &link, Path::new("file:tenants")] {
        let refused = SqliteProvisioner::open(path);
        assert!(
            matches!(refused, Err(ProvisionerError::UnsafeFile { .. })),
            "{path:?}"
        );
    }
    assert!(SqliteProvisioner::open(&file).is_err());
    assert_eq!(mode(&open), 0o755);
}

#[tokio::test]
async fn connect_data_does_not_make_a_missing_file() {
    let (_parent, folder, provisioner) = place();
    let tenant = TenantId::generate();
    let url = provisioner.connect_data(tenant, &LoginPassword::generate().unwrap());
    assert!(
        SqlitePoolOptions::new()
            .connect(url.expose_secret())
            .await
            .is_err()
    );
    assert!(!file_of(&folder, tenant).exists());
}
