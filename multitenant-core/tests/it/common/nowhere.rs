//! A connector that connects to nothing and counts, and a directory that can be changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use multitenant_core::directory::{Directory, DirectoryError, Names, TenantRecord, TenantStatus};
use multitenant_core::engine::{ConnectData, ConnectError, Connector, Permit};
use multitenant_core::events::{Event, EventKind, FollowError, LogReader, Position};
use multitenant_core::{Domain, ServerId, Slug, TenantId};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

#[derive(Debug, thiserror::Error)]
#[error("told to fail")]
pub struct Told;

/// Counts what is open, as a server would.
#[derive(Clone, Default)]
pub struct Nowhere {
    pub counts: Arc<Counts>,
}

pub struct Counts {
    pub open: AtomicUsize,
    pub most: AtomicUsize,
    pub opened: AtomicUsize,
    pub fails: AtomicBool,
    /// Openings wait for a place here.
    pub gate: Semaphore,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }
}

pub struct Line {
    counts: Arc<Counts>,
    _permit: Permit,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.counts.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Connector for Nowhere {
    type Connection = Line;

    async fn connect(&self, _: &ConnectData, permit: Permit) -> Result<Line, ConnectError> {
        let open = self.counts.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.counts.most.fetch_max(open, Ordering::SeqCst);
        let line = Line {
            counts: Arc::clone(&self.counts),
            _permit: permit,
        };
        let _place = self
            .counts
            .gate
            .acquire()
            .await
            .map_err(ConnectError::failed)?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        if self.counts.fails.load(Ordering::SeqCst) {
            return Err(ConnectError::failed(Told));
        }
        self.counts.opened.fetch_add(1, Ordering::SeqCst);
        Ok(line)
    }

    async fn check(&self, _: &mut Line) -> bool {
        true
    }

    async fn close(&self, line: Line) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        drop(line);
    }
}

pub fn record(slug: &str) -> TenantRecord {
    let slug: Slug = slug.parse().expect("a slug");
    let data = ConnectData::new(ServerId::main(), format!("nowhere://{slug}"));
    TenantRecord::active(TenantId::generate(), slug, data)
}

/// A directory kept in memory, with a log.
#[derive(Default)]
pub struct Changeable {
    tenants: Mutex<HashMap<TenantId, TenantRecord>>,
    domains: Mutex<Vec<(Domain, TenantId)>>,
    log: Mutex<Vec<Event>>,
    pub finds: AtomicUsize,
    pub log_reads: AtomicUsize,
    pub away: AtomicBool,
    pub names_away: AtomicBool,
    pub name_reads: AtomicUsize,
    /// Finds wait for a place here, after they have read.
    pub gate: Option<Semaphore>,
}

impl Changeable {
    pub fn of(records: &[TenantRecord]) -> Self {
        let tenants = records.iter().map(|r| (r.id, r.clone())).collect();
        Self {
            tenants: Mutex::new(tenants),
            ..Self::default()
        }
    }

    pub fn publish(&self, kind: EventKind) {
        let mut log = self.log.lock();
        let position = Position::new(log.len() as i64 + 1);
        log.push(Event { position, kind });
    }

    pub fn add(&self, record: &TenantRecord) {
        self.tenants.lock().insert(record.id, record.clone());
        let (tenant, slug) = (record.id, record.slug.clone());
        self.publish(EventKind::TenantCreated { tenant, slug });
    }

    pub fn add_domain(&self, tenant: TenantId, domain: &str) {
        let domain: Domain = domain.parse().expect("a domain");
        self.domains.lock().push((domain.clone(), tenant));
        self.publish(EventKind::DomainAdded { tenant, domain });
    }

    /// Lets these be all domains, of which no event tells.
    pub fn set_domains_unheard(&self, domains: &[(&str, TenantId)]) {
        let domain = |(name, tenant): &(&str, TenantId)| (name.parse().expect("a domain"), *tenant);
        *self.domains.lock() = domains.iter().map(domain).collect();
    }

    pub fn set(&self, tenant: TenantId, change: impl FnOnce(&mut TenantRecord)) {
        self.set_unheard(tenant, change);
        self.publish(EventKind::TenantChanged { tenant });
    }

    /// Changes a tenant, of which no event tells.
    pub fn set_unheard(&self, tenant: TenantId, change: impl FnOnce(&mut TenantRecord)) {
        change(
            self.tenants
                .lock()
                .get_mut(&tenant)
                .expect("a known tenant"),
        );
    }

    pub fn set_status(&self, tenant: TenantId, status: TenantStatus) {
        self.set(tenant, |record| record.status = status);
    }

    pub fn delete(&self, tenant: TenantId) {
        self.tenants.lock().remove(&tenant);
        self.publish(EventKind::TenantDeleted { tenant });
    }
}

#[async_trait]
impl LogReader for Changeable {
    async fn changes_since(&self, position: Position) -> Result<Vec<Event>, FollowError> {
        self.log_reads.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(FollowError::new(Told));
        }
        let log = self.log.lock();
        Ok(log
            .iter()
            .filter(|e| e.position > position)
            .cloned()
            .collect())
    }
}

#[async_trait]
impl Directory for Changeable {
    async fn find(&self, tenant: TenantId) -> Result<Option<TenantRecord>, DirectoryError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(DirectoryError::new(Told));
        }
        let found = self.tenants.lock().get(&tenant).cloned();
        if let Some(gate) = &self.gate {
            gate.acquire().await.map_err(DirectoryError::new)?.forget();
        }
        Ok(found)
    }

    async fn names(&self) -> Result<Names, DirectoryError> {
        self.name_reads.fetch_add(1, Ordering::SeqCst);
        if self.names_away.load(Ordering::SeqCst) {
            return Err(DirectoryError::new(Told));
        }
        let tenants = self.tenants.lock();
        let log = self.log.lock();
        Ok(Names {
            position: Position::new(log.len() as i64),
            names: tenants.values().map(|r| (r.id, r.slug.clone())).collect(),
            domains: self.domains.lock().clone(),
        })
    }
}
