//! On which server a new tenant is placed.

use super::Provisioning;
use super::error::ProvisioningError;
use crate::ServerId;
use crate::catalog::{Catalog, NewTenant, ServerRow};

/// Chooses the server of a new tenant that names none. One that names its server is placed there,
/// also where the server takes no others: so a customer can have a server alone.
///
/// A policy of one's own, which places by what a tenant pays for:
///
/// ```
/// use multitenant_core::ServerId;
/// use multitenant_core::catalog::{NewTenant, ServerRow};
/// use multitenant_core::provision::{FewestTenants, PlacementPolicy};
///
/// struct ByTier;
///
/// impl PlacementPolicy for ByTier {
///     fn choose(&self, tenant: &NewTenant, servers: &[ServerRow]) -> Option<ServerId> {
///         let is_fast = |server: &&ServerRow| server.id.as_str().starts_with("fast");
///         let wants_fast = tenant.tier == "ENTERPRISE";
///         let fitting = servers.iter().filter(|server| is_fast(server) == wants_fast);
///         FewestTenants.choose(tenant, &fitting.cloned().collect::<Vec<_>>())
///     }
/// }
/// ```
pub trait PlacementPolicy: Send + Sync + 'static {
    /// Chooses one of these servers, which take new tenants and can be reached. `None`: the tenant
    /// is not made. Of several tenants that are made at once each is chosen for as if it were alone.
    fn choose(&self, tenant: &NewTenant, servers: &[ServerRow]) -> Option<ServerId>;
}

/// The server with the fewest tenants.
#[derive(Debug, Clone, Copy, Default)]
pub struct FewestTenants;

impl PlacementPolicy for FewestTenants {
    fn choose(&self, _: &NewTenant, servers: &[ServerRow]) -> Option<ServerId> {
        let fewest = servers.iter().min_by_key(|server| server.tenants);
        fewest.map(|server| server.id.clone())
    }
}

/// Tenants in proportion to the servers' weights: the server that has the fewest by its weight.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weighted;

impl PlacementPolicy for Weighted {
    fn choose(&self, _: &NewTenant, servers: &[ServerRow]) -> Option<ServerId> {
        // (tenants + 1) / weight of the one against that of the other, without division.
        let load = |of: &ServerRow, by: &ServerRow| {
            u128::from(of.tenants + 1) * u128::from(by.weight.get())
        };
        let fewest = servers.iter().min_by(|a, b| load(a, b).cmp(&load(b, a)));
        fewest.map(|server| server.id.clone())
    }
}

impl Provisioning {
    pub(super) async fn choose_server(
        &self,
        tenant: &NewTenant,
    ) -> Result<ServerId, ProvisioningError> {
        let parts = &self.inner;
        let mut servers = parts.catalog.servers().await?;
        servers.retain(|server| {
            server.takes_tenants
                && parts.provisioners.contains_key(&server.id)
                && (parts.reachable)(&server.id)
        });
        let chosen = parts.placement.choose(tenant, &servers);
        chosen.ok_or(ProvisioningError::NoServer)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::{Clock, SystemClock};

    fn servers(known: &[(&str, u64, u32)]) -> Vec<ServerRow> {
        let now = SystemClock.now();
        let server = |&(id, tenants, weight): &(&str, _, _)| ServerRow {
            id: ServerId::new(id),
            name: id.to_owned(),
            connections: None,
            weight: NonZeroU32::new(weight).unwrap(),
            takes_tenants: true,
            tenants,
            created_at: now,
            updated_at: now,
        };
        known.iter().map(server).collect()
    }

    #[test]
    fn a_tenant_goes_where_fewest_are_or_fewest_by_weight() {
        let tenant = NewTenant::new("acme".parse().unwrap(), "Acme", "BASIC");
        type Known<'k> = &'k [(&'k str, u64, u32)];
        let table: [(Known<'_>, Option<&str>, Option<&str>); 5] = [
            (&[], None, None),
            (&[("a", 0, 1), ("b", 0, 1)], Some("a"), Some("a")),
            (&[("a", 1, 1), ("b", 0, 1)], Some("b"), Some("b")),
            (&[("a", 5, 1), ("b", 9, 3)], Some("a"), Some("b")),
            (&[("a", 3, 1), ("b", 12, 3)], Some("a"), Some("a")),
        ];
        for (known, fewest, weighted) in table {
            let servers = servers(known);
            let chosen = |policy: &dyn PlacementPolicy| policy.choose(&tenant, &servers);
            let expected = |id: Option<&str>| id.map(ServerId::new);
            assert_eq!(chosen(&FewestTenants), expected(fewest), "{known:?}");
            assert_eq!(chosen(&Weighted), expected(weighted), "{known:?}");
        }
    }

    #[test]
    fn weights_are_kept_to_as_tenants_come() {
        let tenant = NewTenant::new("acme".parse().unwrap(), "Acme", "BASIC");
        let mut servers = servers(&[("a", 0, 1), ("b", 0, 2), ("c", 0, 5)]);
        for _ in 0..80 {
            let chosen = Weighted.choose(&tenant, &servers).unwrap();
            let server = servers.iter_mut().find(|server| server.id == chosen);
            server.unwrap().tenants += 1;
        }
        let tenants: Vec<u64> = servers.iter().map(|server| server.tenants).collect();
        assert_eq!(tenants, [10, 20, 50]);
    }
}
