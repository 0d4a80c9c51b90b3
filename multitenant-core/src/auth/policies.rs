use std::sync::Arc;

use async_trait::async_trait;

use super::AuthError;
use crate::TenantId;
use crate::events::{Event, EventKind, Follow, FollowError};
use crate::rbac::{Policy, Registry, Role};
use crate::tenant::{CacheOptions, Cached, TenantCache};

/// Where a tenant's roles live.
///
#[doc = include_str!("../docs/seams/policy_store.md")]
#[async_trait]
pub trait PolicyStore: Send + Sync + 'static {
    /// Reads a tenant's roles. Called once for a tenant whose roles this node has not seen, and
    /// again after an event says that they changed.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when they cannot be read.
    async fn policy(&self, tenant: TenantId) -> Result<Policy, AuthError>;
}

/// The policies that this node has compiled; the log makes it forget. Cheap to clone.
#[derive(Clone)]
pub struct Policies {
    cache: TenantCache<Policy, AuthError>,
}

impl Policies {
    /// Policies made of the roles in `store`. Have the result follow the log, or changes of roles
    /// are not heard of.
    pub fn new(store: Arc<dyn PolicyStore>, options: CacheOptions) -> Self {
        let cache = TenantCache::new(options, move |tenant| {
            let store = Arc::clone(&store);
            async move { store.policy(tenant).await }
        });
        Self { cache }
    }

    /// Every tenant has the [default roles](Role::defaults) over what is declared in `registry`, and
    /// no others: for an application that keeps no roles of its own.
    #[must_use]
    pub fn default_roles(registry: &'static Registry) -> Self {
        Self::new(Arc::new(DefaultRoles(registry)), CacheOptions::default())
    }

    /// The tenant's policy.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when its roles cannot be read.
    pub async fn of(&self, tenant: TenantId) -> Result<Cached<Policy>, AuthError> {
        if let Some(policy) = self.cache.peek(tenant) {
            return Ok(policy);
        }
        Ok(self.cache.get(tenant).await?)
    }
}

struct DefaultRoles(&'static Registry);

#[async_trait]
impl PolicyStore for DefaultRoles {
    async fn policy(&self, _: TenantId) -> Result<Policy, AuthError> {
        Ok(Policy::compile(self.0, 1, &Role::defaults(self.0)))
    }
}

#[async_trait]
impl Follow for Policies {
    async fn apply(&self, event: &Event) -> Result<(), FollowError> {
        match &event.kind {
            EventKind::PolicyChanged { tenant }
            | EventKind::TenantDeleted { tenant }
            | EventKind::Unknown {
                tenant: Some(tenant),
                ..
            } => drop(self.cache.remove(*tenant)),
            EventKind::Missed => drop(self.cache.clear()),
            _ => {}
        }
        Ok(())
    }
}
