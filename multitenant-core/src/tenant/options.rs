use std::collections::HashMap;

use super::budget::{BudgetOptions, BudgetStats};
use super::cache::{CacheOptions, CacheStats};
use crate::ServerId;
use crate::events::FollowerOptions;

/// How a [`TenantManager`](super::TenantManager) works.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ManagerOptions {
    /// How many tenants are kept in memory.
    pub tenants: CacheOptions,
    /// How many connections each server takes.
    pub budget: BudgetOptions,
    /// Servers whose budget differs.
    pub servers: HashMap<ServerId, BudgetOptions>,
    /// How the log of changes is followed.
    pub follower: FollowerOptions,
}

/// What a manager is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ManagerStats {
    /// The tenants in memory.
    pub tenants: CacheStats,
    /// The connections of each server.
    pub servers: Vec<(ServerId, BudgetStats)>,
}
