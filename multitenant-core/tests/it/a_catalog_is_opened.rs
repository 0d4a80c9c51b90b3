//! A catalog is made where there is none, by any number of processes at once, for its owner alone.

use std::os::unix::fs::{PermissionsExt, symlink};

use crate::common::catalog::tamper;
use crate::common::{PostgresPlace, SqlitePlace};
use multitenant_core::catalog::{Catalog, OpenError, Page, SqlCatalog, TenantFilter};
use secrecy::ExposeSecret;
use tempfile::TempDir;

async fn is_empty(catalog: &SqlCatalog) -> bool {
    let tenants = catalog
        .tenants(&TenantFilter::default(), Page::default())
        .await;
    tenants.unwrap().total == 0
}

on_both_engines! {
    async fn several_open_a_catalog_at_once_that_nobody_has_made(place: Place) {
        let url = place.url();
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let url = url.clone();
            nodes.spawn(async move { SqlCatalog::open(&url).await });
        }
        for catalog in nodes.join_all().await {
            assert!(is_empty(&catalog.unwrap()).await);
        }
    }

    async fn a_catalog_of_a_newer_version_is_refused(place: Place) {
        let url = place.url();
        let catalog = SqlCatalog::open(&url).await.unwrap();
        tamper(&catalog, "UPDATE mt_catalog_migrations SET version = version + 9999").await.unwrap();
        assert!(matches!(SqlCatalog::open(&url).await, Err(OpenError::Migration(_))));
    }
}

fn sqlite_url(path: &std::path::Path) -> secrecy::SecretString {
    format!("sqlite://{}", path.display()).into()
}

fn mode(path: &std::path::Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data/deep/catalog.db");
    let catalog = SqlCatalog::open(&sqlite_url(&path)).await.unwrap();
    assert!(is_empty(&catalog).await);
    for suffix in ["", "-wal", "-shm"] {
        let file = folder.path().join(format!("data/deep/catalog.db{suffix}"));
        assert_eq!(mode(&file), 0o600, "{suffix}");
    }
    assert_eq!(mode(&folder.path().join("data")), 0o700);
    assert_eq!(mode(&folder.path().join("data/deep")), 0o700);
}

#[tokio::test]
async fn a_file_that_others_could_read_is_closed_to_them() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("catalog.db");
    std::fs::write(&path, b"").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    SqlCatalog::open(&sqlite_url(&path)).await.unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn what_is_no_file_of_its_own_is_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("real.db"), b"").unwrap();
    symlink(folder.path().join("real.db"), folder.path().join("link.db")).unwrap();
    symlink(
        folder.path().join("nowhere.db"),
        folder.path().join("dangling.db"),
    )
    .unwrap();
    for name in ["link.db", "dangling.db", ""] {
        let refused = SqlCatalog::open(&sqlite_url(&folder.path().join(name))).await;
        assert!(
            matches!(refused, Err(OpenError::UnsafeFile { .. })),
            "{name:?}: {refused:?}"
        );
    }
    for url in ["sqlite::memory:", "sqlite:file:catalog.db?mode=memory"] {
        let refused = SqlCatalog::open(&url.into()).await;
        assert!(
            matches!(refused, Err(OpenError::UnsafeFile { .. })),
            "{url}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_refused_without_the_urls_password() {
    for url in [
        "mysql://user:canary@host/db",
        "nonsense",
        "postgres://user:canary@host:port/db",
    ] {
        let error = SqlCatalog::open(&url.into()).await.unwrap_err();
        assert!(matches!(error, OpenError::Scheme | OpenError::Url(_)));
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn nobody_but_its_owner_may_connect_to_a_new_database() {
    let place = PostgresPlace::new().await;
    let url = place.url();
    SqlCatalog::open(&url).await.unwrap();
    let catalog = SqlCatalog::open(&url)
        .await
        .expect("it can be opened again");
    let multitenant_core::engine::PerEngine::Postgres(pool) = catalog.pool() else {
        panic!("{}", url.expose_secret());
    };
    for right in ["CONNECT", "TEMPORARY"] {
        let open: bool =
            sqlx::query_scalar("SELECT has_database_privilege('public', current_database(), $1)")
                .bind(right)
                .fetch_one(pool)
                .await
                .unwrap();
        assert!(!open, "{right}");
    }
    place.clear().await.unwrap();
}

#[tokio::test]
async fn a_sqlite_catalog_is_durable_and_checks_its_references() {
    let place = SqlitePlace::new().await;
    let catalog = place.catalog().await;
    let multitenant_core::engine::PerEngine::Sqlite(pool) = catalog.pool() else {
        panic!("a SQLite catalog");
    };
    let read = "SELECT (SELECT journal_mode FROM pragma_journal_mode), \
         (SELECT synchronous FROM pragma_synchronous), (SELECT foreign_keys FROM pragma_foreign_keys)";
    let settings: (String, i64, i64) = sqlx::query_as(read).fetch_one(pool).await.unwrap();
    assert_eq!(settings, ("wal".to_owned(), 2, 1));
}
