use std::collections::HashMap;

use async_trait::async_trait;

use super::{Directory, DirectoryError, Names, TenantRecord};
use crate::events::{Event, FollowError, LogReader, Position};
use crate::{Domain, TenantId};

/// Tenants that are known from the start and never change.
#[derive(Debug)]
pub struct FixedDirectory {
    tenants: HashMap<TenantId, TenantRecord>,
    domains: Vec<(Domain, TenantId)>,
}

impl FixedDirectory {
    /// A directory of these tenants.
    pub fn new(tenants: impl IntoIterator<Item = TenantRecord>) -> Self {
        let by_id = |record: TenantRecord| (record.id, record);
        Self {
            tenants: tenants.into_iter().map(by_id).collect(),
            domains: Vec::new(),
        }
    }

    /// Gives a tenant a domain of its own.
    #[must_use]
    pub fn with_domain(mut self, domain: Domain, tenant: TenantId) -> Self {
        self.domains.push((domain, tenant));
        self
    }
}

#[async_trait]
impl LogReader for FixedDirectory {
    async fn changes_since(&self, _: Position) -> Result<Vec<Event>, FollowError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Directory for FixedDirectory {
    async fn find(&self, tenant: TenantId) -> Result<Option<TenantRecord>, DirectoryError> {
        Ok(self.tenants.get(&tenant).cloned())
    }

    async fn names(&self) -> Result<Names, DirectoryError> {
        let name = |record: &TenantRecord| (record.id, record.slug.clone());
        Ok(Names {
            position: Position::START,
            names: self.tenants.values().map(name).collect(),
            domains: self.domains.clone(),
        })
    }
}
