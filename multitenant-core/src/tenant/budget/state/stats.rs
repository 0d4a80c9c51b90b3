use super::order::{Key, Waiting};
use super::shares::State;

/// What a budget is doing, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetStats {
    /// Most connections that may be open.
    pub limit: usize,
    /// Connections open now, including those opening and closing, and all that are reserved.
    pub open: usize,
    /// Connections that pools and listeners have for themselves.
    pub reserved: usize,
    /// Connections that wait for a request.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// Tenants that take part.
    pub tenants: usize,
}

impl<C, W: Waiting> State<C, W> {
    pub(in crate::tenant::budget) fn stats(&self) -> BudgetStats {
        BudgetStats {
            limit: self.limit,
            open: self.issued,
            reserved: self.reservations.permits(),
            idle: self.shares.values().map(|share| share.idle.len()).sum(),
            waiting: self.shares.values().map(|share| share.waiting.len()).sum(),
            tenants: self.shares.len(),
        }
    }

    /// Connections of one share that are open or reserved, and those of them that are idle.
    pub(in crate::tenant::budget) fn share_stats(&self, key: Key) -> (usize, usize) {
        self.shares.get(&key).map_or((0, 0), |share| {
            (share.open + share.reserved, share.idle.len())
        })
    }

    /// Whether no permit is out.
    pub(in crate::tenant::budget) fn is_empty(&self) -> bool {
        self.issued == 0
    }

    pub(in crate::tenant::budget) fn is_closed(&self, key: Key) -> bool {
        self.shares
            .get(&key)
            .is_none_or(|share| share.phase == super::share::Phase::Closed)
    }

    /// Whether nothing of the share is open, being opened or being closed.
    pub(in crate::tenant::budget) fn is_drained(&self, key: Key) -> bool {
        self.shares
            .get(&key)
            .is_none_or(super::share::ShareState::is_drained)
    }
}
