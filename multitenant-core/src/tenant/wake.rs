use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::TenantId;

/// Tenants for whom there is work, each at most once, in the order in which they were named.
#[derive(Default)]
pub(super) struct WakeUps {
    pending: Mutex<Pending>,
    more: Notify,
}

#[derive(Default)]
struct Pending {
    line: VecDeque<TenantId>,
    named: HashSet<TenantId>,
}

impl WakeUps {
    pub(super) fn add(&self, tenant: TenantId) {
        let mut pending = self.pending.lock();
        if pending.named.insert(tenant) {
            pending.line.push_back(tenant);
            self.more.notify_one();
        }
    }

    fn take(&self) -> Option<TenantId> {
        let mut pending = self.pending.lock();
        let tenant = pending.line.pop_front()?;
        pending.named.remove(&tenant);
        if !pending.line.is_empty() {
            // One permit stands for any number of names: another worker may be waiting.
            self.more.notify_one();
        }
        Some(tenant)
    }

    /// Waits for the next. Cut off, it has taken nobody.
    pub(super) async fn next(&self) -> TenantId {
        loop {
            if let Some(tenant) = self.take() {
                return tenant;
            }
            self.more.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn whoever_was_named_is_woken_once_in_order() {
        let wake_ups = WakeUps::default();
        let [a, b] = [TenantId::generate(), TenantId::generate()];
        for tenant in [a, b, a, a] {
            wake_ups.add(tenant);
        }
        assert_eq!((wake_ups.next().await, wake_ups.next().await), (a, b));
        wake_ups.add(a);
        assert_eq!(wake_ups.next().await, a);
        assert_eq!(wake_ups.take(), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_name_is_lost_among_several_workers() {
        let wake_ups = Arc::new(WakeUps::default());
        let tenants: HashSet<_> = (0..500).map(|_| TenantId::generate()).collect();
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..tenants.len() {
            let wake_ups = Arc::clone(&wake_ups);
            workers.spawn(async move { wake_ups.next().await });
        }
        for tenant in &tenants {
            wake_ups.add(*tenant);
        }
        let woken: HashSet<_> = workers.join_all().await.into_iter().collect();
        assert_eq!(woken, tenants);
    }
}
