//! What the catalog keeps of a tenant's secret is worth nothing elsewhere, and one that cannot be
//! opened stands in the way of its own tenant only.

use std::sync::Arc;

use crate::common::catalog::{active, change, reserve};
use multitenant_core::catalog::{
    Catalog, CatalogDirectory, ConnectUrls, Page, Placement, SecretVault, SqlCatalog, TenantFilter,
    TenantRow,
};
use multitenant_core::directory::{Directory, DirectoryError, TenantStatus};
use multitenant_core::engine::ConnectData;
use multitenant_core::events::{LogReader, Position};
use multitenant_core::keys::{LocalKeys, Vault};
use multitenant_core::{ServerId, TenantId, on};
use secrecy::{ExposeSecret, SecretString};

/// Shows the secret in the URL as a provisioner's would.
struct Urls;

impl ConnectUrls for Urls {
    fn connect_data(
        &self,
        _: TenantId,
        placement: &Placement,
        secret: Option<SecretString>,
    ) -> Result<ConnectData, DirectoryError> {
        let secret = secret.unwrap_or_default();
        let url = format!("{}:{}", placement.database, secret.expose_secret());
        Ok(ConnectData::new(placement.server.clone(), url))
    }
}

fn vault() -> Vault {
    let key = "DpOK8NIOuSOQlTq07Vs33tXyERHwfr_xDXKg8jYgYrI".into();
    Vault::new(LocalKeys::from_setting("DB_ENCRYPTION_KEY", &key).unwrap())
}

fn directory(catalog: &SqlCatalog) -> CatalogDirectory {
    CatalogDirectory::new(Arc::new(catalog.clone()), Arc::new(vault()), Arc::new(Urls))
}

/// An active tenant whose database has a password.
async fn placed(catalog: &SqlCatalog, slug: &str) -> TenantRow {
    let tenant = active(catalog, slug).await;
    let secret = SecretString::from(format!("password of {slug}"));
    let sealed = SecretVault::seal(&vault(), tenant.id, &secret)
        .await
        .unwrap();
    assert!(!sealed.as_str().contains("password"));
    let placement = Placement {
        server: ServerId::main(),
        database: format!("client_db_{slug}"),
        role: Some(format!("role_{slug}")),
        secret: Some(sealed),
        schema_version: "1".to_owned(),
    };
    catalog
        .place(&change(), tenant.id, &placement)
        .await
        .unwrap()
}

async fn url(directory: &CatalogDirectory, tenant: TenantId) -> Result<String, DirectoryError> {
    let record = directory.find(tenant).await?.unwrap();
    Ok(record.connect.url.expose_secret().to_owned())
}

/// Puts a text in the place of a tenant's secret, as somebody who has got at the database would.
async fn overwrite(catalog: &SqlCatalog, tenant: TenantId, secret: &str) {
    on!(catalog.pool(), pool => sqlx::query("UPDATE mt_tenants SET secret = $2 WHERE id = $1")
        .bind(tenant)
        .bind(secret)
        .execute(pool)
        .await
        .map(drop))
    .unwrap();
}

fn secret_of(tenant: &TenantRow) -> String {
    let secret = tenant
        .placement
        .as_ref()
        .and_then(|placement| placement.secret.as_ref());
    secret.unwrap().as_str().to_owned()
}

on_both_engines! {
    async fn a_tenant_is_found_with_its_connect_data_in_the_clear(place: Place) {
        let catalog = place.catalog().await;
        let tenant = placed(&catalog, "acme").await;
        let directory = directory(&catalog);
        let record = directory.find(tenant.id).await.unwrap().unwrap();
        assert_eq!((record.id, &record.slug, record.status), (tenant.id, &tenant.slug, TenantStatus::Active));
        assert_eq!(record.connect.url.expose_secret(), "client_db_acme:password of acme");
        assert_eq!(directory.names().await.unwrap().names, [(tenant.id, tenant.slug.clone())]);
        assert_eq!(directory.changes_since(Position::START).await.unwrap().len(), 3);
        for printed in [format!("{record:?}"), format!("{tenant:?}")] {
            assert!(!printed.contains("password of") && !printed.contains("v1."), "{printed}");
        }
    }

    async fn a_tenant_that_has_no_database_yet_is_not_found(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, _lease) = reserve(&catalog, "acme").await;
        let directory = directory(&catalog);
        assert!(directory.find(tenant.id).await.unwrap().is_none());
        assert!(directory.find(TenantId::generate()).await.unwrap().is_none());
        assert_eq!(directory.names().await.unwrap().names.len(), 1);
    }

    async fn swapped_secrets_open_for_neither_tenant_and_the_others_go_on(place: Place) {
        let catalog = place.catalog().await;
        let (one, two, three) =
            (placed(&catalog, "one").await, placed(&catalog, "two").await, placed(&catalog, "three").await);
        overwrite(&catalog, one.id, &secret_of(&two)).await;
        overwrite(&catalog, two.id, &secret_of(&one)).await;
        let directory = directory(&catalog);
        assert!(url(&directory, one.id).await.is_err());
        assert!(url(&directory, two.id).await.is_err());
        assert_eq!(url(&directory, three.id).await.unwrap(), "client_db_three:password of three");
        overwrite(&catalog, one.id, &secret_of(&one)).await;
        assert_eq!(url(&directory, one.id).await.unwrap(), "client_db_one:password of one");
    }

    async fn a_damaged_secret_is_an_error_and_its_row_can_be_read(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, other) = (placed(&catalog, "one").await, placed(&catalog, "two").await);
        let directory = directory(&catalog);
        let whole = secret_of(&tenant);
        let (rest, last) = whole.split_at(whole.len() - 1);
        let flipped = format!("{rest}{}", if last == "A" { "Q" } else { "A" });
        for damaged in ["", "v1.", "v9.a.b.c", &whole[..whole.len() - 4], &flipped, "тайна"] {
            overwrite(&catalog, tenant.id, damaged).await;
            assert!(url(&directory, tenant.id).await.is_err(), "{damaged}");
            assert!(url(&directory, other.id).await.is_ok());
            let listed = catalog.tenants(&TenantFilter::default(), Page::default()).await.unwrap();
            assert_eq!(listed.items.len(), 2);
        }
    }
}
