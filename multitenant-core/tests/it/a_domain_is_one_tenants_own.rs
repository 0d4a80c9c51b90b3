//! A tenant's own domains: whose each is, and how that is told.

use crate::common::catalog::{MINUTE, active, change, new_operation};
use multitenant_core::catalog::{AuditFilter, Catalog, CatalogError, Operations, Outcome, Page};
use multitenant_core::events::{EventKind, LogReader};
use multitenant_core::{Domain, TenantId};

on_both_engines! {
    async fn a_domain_belongs_to_one_tenant_until_it_is_taken_away_or_the_tenant_goes(place: Place) {
        let catalog = place.catalog().await;
        let (acme, beta) = (active(&catalog, "acme").await.id, active(&catalog, "beta").await.id);
        let domain: Domain = "shop.acme.test".parse().unwrap();
        assert!(matches!(
            catalog.add_domain(&change(), TenantId::generate(), &domain).await,
            Err(CatalogError::TenantUnknown(_))
        ));
        catalog.add_domain(&change(), acme, &domain).await.unwrap();
        let again = catalog.names().await.unwrap().position;
        catalog.add_domain(&change(), acme, &domain).await.unwrap();
        assert_eq!(catalog.names().await.unwrap().position, again, "nothing is different");
        let taken = catalog.add_domain(&change(), beta, &domain).await;
        assert!(matches!(&taken, Err(CatalogError::DomainTaken(name)) if *name == domain));
        assert!(!catalog.remove_domain(&change(), beta, &domain).await.unwrap());
        assert_eq!(catalog.domains(acme).await.unwrap(), std::slice::from_ref(&domain));
        assert_eq!(catalog.names().await.unwrap().domains, [(domain.clone(), acme)]);

        assert!(catalog.remove_domain(&change(), acme, &domain).await.unwrap());
        catalog.add_domain(&change(), beta, &domain).await.unwrap();
        let told = catalog.changes_since(again).await.unwrap();
        let told: Vec<_> = told.into_iter().map(|event| event.kind).collect();
        assert_eq!(told, [
            EventKind::DomainRemoved { tenant: acme, domain: domain.clone() },
            EventKind::DomainAdded { tenant: beta, domain: domain.clone() },
        ]);
        let lease = catalog.begin(&change(), beta, &new_operation(MINUTE)).await.unwrap();
        catalog.remove(&change(), &lease, Outcome::Succeeded).await.unwrap();
        catalog.add_domain(&change(), acme, &domain).await.unwrap();
        let filter = AuditFilter { tenant: Some(acme), ..AuditFilter::default() };
        let rows = catalog.audit_logs(&filter, Page::default()).await.unwrap().items;
        let told: Vec<_> = rows.iter().map(|row| &*row.action).filter(|action| action.contains("domain")).collect();
        assert_eq!(told, ["tenant.domain.add", "tenant.domain.remove", "tenant.domain.add"]);
    }
}
