use std::sync::Arc;

use super::PlatformError;
use super::refusals::Refusals;
use crate::Clock;
use crate::accounts::SqlAccounts;
use crate::auth::sign_in::{HashingQueue, SignIn, SignInOptions};
use crate::auth::{Policies, Sessions, TokenAuthenticator};
use crate::catalog::SqlCatalog;
use crate::engine::Connector;
use crate::gate::Gate;
use crate::password::{HashingCost, PasswordHasher};
use crate::provision::Seeding;
use crate::rbac::Registry;
use crate::resolve::Resolver;
use crate::tenant::{CacheOptions, TenantManager};
use crate::token::KeyRings;

/// Who signs in and is let through.
pub(super) struct People {
    pub(super) accounts: SqlAccounts,
    keys: Arc<KeyRings>,
    pub(super) hashing: HashingQueue,
    clock: Arc<dyn Clock>,
}

impl People {
    pub(super) fn new<C: Connector>(
        catalog: &SqlCatalog,
        manager: &TenantManager<C>,
        keys: KeyRings,
        cost: HashingCost,
        registry: &'static Registry,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PlatformError> {
        let hashing = hashing(cost)?;
        let accounts = SqlAccounts::new(
            catalog.clone(),
            Arc::new(manager.clone()),
            manager.follower().clone(),
            hashing.clone(),
            registry,
            Arc::clone(&clock),
        );
        Ok(Self {
            accounts,
            keys: Arc::new(keys),
            hashing,
            clock,
        })
    }

    /// What gives a new tenant its first people.
    pub(super) fn seeding(&self, registry: &'static Registry) -> Seeding {
        Seeding {
            accounts: self.accounts.clone(),
            hashing: self.hashing.clone(),
            registry,
        }
    }

    pub(super) fn sign_in(&self, options: SignInOptions) -> SignIn {
        let stored = Arc::new(self.accounts.clone());
        let clock = Arc::clone(&self.clock);
        let (keys, hashing) = (Arc::clone(&self.keys), self.hashing.clone());
        SignIn::new(keys, stored.clone(), stored, hashing, clock, options)
    }

    /// A gate whose sessions and policies follow the log.
    pub(super) fn gate<C: Connector>(
        &self,
        resolver: Resolver,
        manager: &TenantManager<C>,
        refusals: Arc<Refusals>,
    ) -> Gate {
        let stored = Arc::new(self.accounts.clone());
        let sessions = Sessions::new(stored.clone(), CacheOptions::default());
        let policies = Policies::new(stored, CacheOptions::default());
        manager.follower().follow(Arc::new(sessions.clone()));
        manager.follower().follow(Arc::new(policies.clone()));
        let (keys, clock) = (Arc::clone(&self.keys), Arc::clone(&self.clock));
        let authenticator = TokenAuthenticator::new(keys, sessions, clock);
        let authenticator = Arc::new(authenticator);
        Gate::with_refusal_log(resolver, authenticator, policies, refusals)
    }
}

/// As many passwords at once as there are processors, since hashing does nothing else; and a
/// queue that a sign-in waits in for some seconds at most.
fn hashing(cost: HashingCost) -> Result<HashingQueue, PlatformError> {
    const WAITING_PER_PROCESSOR: usize = 64;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let hasher = PasswordHasher::new(cost)?;
    Ok(HashingQueue::new(
        hasher,
        processors,
        processors * WAITING_PER_PROCESSOR,
    ))
}
