//! All nodes of a platform have the same keys.

use super::PlatformError;
use crate::Realm;
use crate::catalog::{Actor, Catalog, Change, Page, SqlCatalog, TenantFilter, open_secret};
use crate::keys::{KeyError, Vault};
use crate::secret::Sealed;
use crate::token::KeyRings;

/// The check of the keys that seal secrets.
const SEALING: &str = "sealing";

/// Readies the vault's keys. Whoever starts first on a catalog says by a check value which they are,
/// having opened a secret with them where one is stored already;
/// a node that cannot open it does not start, since it could open no tenant's secret either, and
/// nobody else what it seals.
///
/// Where keys are exchanged, the check is sealed anew under the current one, once nothing that is
/// stored needs another: from then on a node starts without that.
pub(super) async fn prepare_vault(
    catalog: &SqlCatalog,
    vault: &Vault,
) -> Result<(), PlatformError> {
    let known = catalog.key_check(SEALING).await?;
    let (all, page) = (TenantFilter::default(), Page::default());
    let anything_sealed = known.is_some() || catalog.tenants(&all, page).await?.total > 0;
    vault.prepare(anything_sealed).await?;
    let check = match known {
        Some(check) => check,
        None => {
            open_one(catalog, vault).await?;
            let own = vault.seal_check().await?.to_string();
            let change = Change::by(Actor::System);
            catalog.add_key_check(&change, SEALING, &own).await?
        }
    };
    let check: Sealed = check.parse().map_err(KeyError::from)?;
    vault.check(&check).await?;
    if !vault.is_current(&check) && !needs_older(catalog, vault).await? {
        let (change, anew) = (Change::by(Actor::System), vault.seal_check().await?);
        let anew = anew.to_string();
        catalog.replace_key_check(&change, SEALING, &anew).await?;
    }
    Ok(())
}

/// Opens a secret that is stored, if there is any. One that was damaged is passed over: it stands in
/// the way of its own tenant only.
async fn open_one(catalog: &SqlCatalog, vault: &Vault) -> Result<(), PlatformError> {
    let mut failed = None;
    for (tenant, sealed) in catalog.some_secrets().await? {
        match open_secret(vault, tenant, &sealed).await {
            Ok(_) => return Ok(()),
            Err(error) => failed = failed.or(Some(vault.blame(error))),
        }
    }
    match failed {
        None => Ok(()),
        Some(other @ KeyError::OtherKey { .. }) => Err(other.into()),
        Some(error) => Err(KeyError::NothingOpens(Box::new(error)).into()),
    }
}

/// Whether a tenant's secret is still sealed under an older key.
async fn needs_older(catalog: &SqlCatalog, vault: &Vault) -> Result<bool, PlatformError> {
    let Some(current) = vault.current_key() else {
        return Ok(true);
    };
    for (tenant, sealed) in catalog.some_secrets_not_under(&current).await? {
        if open_secret(vault, tenant, &sealed).await.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says so where tokens were signed until now under a key that this node does not know. It starts
/// nonetheless: to exchange a key that others may have seen, at once, is a right of its owner.
pub(super) async fn compare_signing_keys(
    catalog: &SqlCatalog,
    rings: &KeyRings,
) -> Result<(), PlatformError> {
    for realm in [Realm::Enterprise, Realm::Client] {
        let (ring, change) = (rings.ring(realm), Change::by(Actor::System));
        let (name, ours) = (format!("tokens.{realm}"), ring.current().id());
        let known = catalog.add_key_check(&change, &name, ours).await?;
        if !ring.knows(&known) {
            tracing::warn!(
                %realm, before = known, now = ours,
                "tokens are signed under another key than before: if other nodes run, each refuses \
                 the other's tokens until all have the same secret; else everybody signs in anew"
            );
        }
        if known != ours {
            catalog.replace_key_check(&change, &name, ours).await?;
        }
    }
    Ok(())
}
