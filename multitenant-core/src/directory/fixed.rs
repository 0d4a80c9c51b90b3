use std::collections::HashMap;

use async_trait::async_trait;

use super::{Directory, DirectoryError, Names, TenantRecord};
use crate::TenantId;
use crate::events::{Event, FollowError, LogReader, Position};

/// Tenants that are known from the start and never change.
#[derive(Debug)]
pub(crate) struct FixedDirectory {
    tenants: HashMap<TenantId, TenantRecord>,
}

impl FixedDirectory {
    /// A directory of these tenants.
    pub(crate) fn new(tenants: impl IntoIterator<Item = TenantRecord>) -> Self {
        let by_id = |record: TenantRecord| (record.id, record);
        Self {
            tenants: tenants.into_iter().map(by_id).collect(),
        }
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
            domains: Vec::new(),
        })
    }
}
