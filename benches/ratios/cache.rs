//! A tenant that is in memory, beside the least that could find one there.

use std::num::NonZeroUsize;
use std::sync::Arc;

use criterion::Criterion;
use lru::LruCache;
use multitenant_core::TenantId;
use multitenant_core::directory::TenantRecord;
use multitenant_core::tenant::{ManagerOptions, TenantManager};
use multitenant_core::testing::Nowhere;
use parking_lot::Mutex;
use tokio::runtime::Runtime;

use crate::contest::{Contest, timed};
use crate::report::{Report, Target};

fn record(number: usize) -> TenantRecord {
    Nowhere::tenant(&format!("tenant-{number}"))
}

async fn warm_manager(records: Vec<TenantRecord>) -> TenantManager<Nowhere> {
    let ids: Vec<_> = records.iter().map(|record| record.id).collect();
    let started =
        TenantManager::fixed(Nowhere::default(), records, ManagerOptions::default()).await;
    let manager = started.expect("a manager");
    for id in ids {
        manager.get(id).await.expect("a tenant");
    }
    manager
}

/// Asks for one tenant after the other, in an order that no cache likes.
struct Asking {
    ids: Vec<TenantId>,
    next: usize,
}

impl Asking {
    const STRIDE: usize = 7_919;

    const fn of(ids: Vec<TenantId>) -> Self {
        Self { ids, next: 0 }
    }

    #[allow(clippy::indexing_slicing, reason = "the remainder is below the length")]
    fn next(&mut self) -> TenantId {
        self.next = (self.next + Self::STRIDE) % self.ids.len();
        self.ids[self.next]
    }
}

pub(crate) fn run(runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    for tenants in [50, 10_000] {
        let records: Vec<_> = (0..tenants).map(record).collect();
        let ids: Vec<_> = records.iter().map(|record| record.id).collect();
        let manager = runtime.block_on(warm_manager(records));

        let capacity = NonZeroUsize::new(10_000).unwrap_or(NonZeroUsize::MIN);
        let bare = Mutex::new(LruCache::new(capacity));
        for id in &ids {
            bare.lock().put(*id, Arc::new(*id));
        }
        let (mut asking, mut bare_asking) = (Asking::of(ids.clone()), Asking::of(ids));
        Contest::of(format!("cache hit, {tenants} tenants"), |times| {
            runtime.block_on(async {
                let began = std::time::Instant::now();
                for _ in 0..times {
                    std::hint::black_box(manager.get(asking.next()).await.is_ok());
                }
                began.elapsed()
            })
        })
        .against("lru behind a mutex", Target::AtMost(3.0), |times| {
            timed(times, || bare.lock().get(&bare_asking.next()).cloned())
        })
        .run(criterion, report);
    }
}
