use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::nowhere::ToldToFail;
use crate::directory::{Directory, DirectoryError, Names, TenantRecord, TenantStatus};
use crate::events::{Event, EventKind, FollowError, LogReader, Position};
use crate::{Domain, TenantId};

/// A [`Directory`] in memory, with a log of changes. A test changes it, sends it away, and counts
/// how often it is asked.
///
/// ```
/// use std::sync::Arc;
///
/// use multitenant_core::directory::TenantStatus;
/// use multitenant_core::tenant::{ManagerOptions, TenantManager, TenantError};
/// use multitenant_core::testing::{MemoryDirectory, Nowhere};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let acme = Nowhere::tenant("acme");
/// let directory = Arc::new(MemoryDirectory::of([acme.clone()]));
/// let options = ManagerOptions::default();
/// let tenants = TenantManager::start(Nowhere::default(), directory.clone(), options).await.unwrap();
/// tenants.get(acme.id).await.unwrap();
///
/// directory.set_status(acme.id, TenantStatus::Suspended);
/// tenants.follower().catch_up().await.unwrap();
/// assert!(matches!(tenants.get(acme.id).await, Err(TenantError::NotServed(_))));
/// # }
/// ```
pub struct MemoryDirectory {
    tenants: Mutex<HashMap<TenantId, TenantRecord>>,
    domains: Mutex<Vec<(Domain, TenantId)>>,
    log: Mutex<Vec<Event>>,
    finds: AtomicUsize,
    log_reads: AtomicUsize,
    name_reads: AtomicUsize,
    is_away: AtomicBool,
    names_are_away: AtomicBool,
    /// Finds wait for a place here, after they have read.
    gate: Semaphore,
}

impl Default for MemoryDirectory {
    fn default() -> Self {
        Self {
            tenants: Mutex::default(),
            domains: Mutex::default(),
            log: Mutex::default(),
            finds: AtomicUsize::new(0),
            log_reads: AtomicUsize::new(0),
            name_reads: AtomicUsize::new(0),
            is_away: AtomicBool::new(false),
            names_are_away: AtomicBool::new(false),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }
}

impl MemoryDirectory {
    /// A directory of these tenants, whose log is empty.
    #[must_use]
    pub fn of(records: impl IntoIterator<Item = impl Borrow<TenantRecord>>) -> Self {
        let records = records.into_iter();
        let tenants = records.map(|record| (record.borrow().id, record.borrow().clone()));
        Self {
            tenants: Mutex::new(tenants.collect()),
            ..Self::default()
        }
    }

    /// Writes an event to the log.
    pub fn publish(&self, kind: EventKind) {
        let mut log = self.log.lock();
        let position = Position::new(log.last().map_or(0, |event| event.position.number()) + 1);
        log.push(Event { position, kind });
    }

    /// Adds a tenant.
    pub fn add(&self, record: TenantRecord) {
        let (tenant, slug) = (record.id, record.slug.clone());
        self.tenants.lock().insert(tenant, record);
        self.publish(EventKind::TenantCreated { tenant, slug });
    }

    /// Gives a tenant a domain of its own.
    pub fn add_domain(&self, tenant: TenantId, domain: Domain) {
        self.domains.lock().push((domain.clone(), tenant));
        self.publish(EventKind::DomainAdded { tenant, domain });
    }

    /// Lets these be all domains, of which no event tells.
    pub fn set_domains_unheard(&self, domains: impl IntoIterator<Item = (Domain, TenantId)>) {
        *self.domains.lock() = domains.into_iter().collect();
    }

    /// Changes a tenant, if there is one.
    pub fn set(&self, tenant: TenantId, change: impl FnOnce(&mut TenantRecord)) {
        self.set_unheard(tenant, change);
        self.publish(EventKind::TenantChanged { tenant });
    }

    /// Changes a tenant, of which no event tells.
    pub fn set_unheard(&self, tenant: TenantId, change: impl FnOnce(&mut TenantRecord)) {
        if let Some(record) = self.tenants.lock().get_mut(&tenant) {
            change(record);
        }
    }

    /// Changes whether a tenant is served.
    pub fn set_status(&self, tenant: TenantId, status: TenantStatus) {
        self.set(tenant, |record| record.status = status);
    }

    /// Deletes a tenant.
    pub fn delete(&self, tenant: TenantId) {
        self.tenants.lock().remove(&tenant);
        self.publish(EventKind::TenantDeleted { tenant });
    }

    /// Lets tenants be found and the log be read no longer, or again.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// Lets names be read no longer, or again.
    pub fn set_names_away(&self, are_away: bool) {
        self.names_are_away.store(are_away, Ordering::SeqCst);
    }

    /// Lets everybody wait who has found a tenant, before they are told.
    pub fn hold(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Tells as many of those who wait, or come.
    pub fn let_through(&self, finds: usize) {
        self.gate.add_permits(finds);
    }

    /// Fails everybody who waits, and who comes from now on.
    pub fn fail_those_who_wait(&self) {
        self.gate.close();
    }

    /// How often a tenant was looked for.
    #[must_use]
    pub fn finds(&self) -> usize {
        self.finds.load(Ordering::SeqCst)
    }

    /// How often the log was read.
    #[must_use]
    pub fn log_reads(&self) -> usize {
        self.log_reads.load(Ordering::SeqCst)
    }

    /// How often all names were read.
    #[must_use]
    pub fn name_reads(&self) -> usize {
        self.name_reads.load(Ordering::SeqCst)
    }

    fn check_there(&self) -> Result<(), ToldToFail> {
        let is_away = self.is_away.load(Ordering::SeqCst);
        (!is_away).then_some(()).ok_or(ToldToFail)
    }
}

impl fmt::Debug for MemoryDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDirectory")
            .field("tenants", &self.tenants.lock().values())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LogReader for MemoryDirectory {
    async fn changes_since(&self, position: Position) -> Result<Vec<Event>, FollowError> {
        self.log_reads.fetch_add(1, Ordering::SeqCst);
        self.check_there().map_err(FollowError::new)?;
        let log = self.log.lock();
        let newer = log.iter().filter(|event| event.position > position);
        Ok(newer.cloned().collect())
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn find(&self, tenant: TenantId) -> Result<Option<TenantRecord>, DirectoryError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        self.check_there().map_err(DirectoryError::new)?;
        let found = self.tenants.lock().get(&tenant).cloned();
        let place = self.gate.acquire().await;
        place.map_err(DirectoryError::new)?.forget();
        Ok(found)
    }

    async fn names(&self) -> Result<Names, DirectoryError> {
        self.name_reads.fetch_add(1, Ordering::SeqCst);
        if self.names_are_away.load(Ordering::SeqCst) {
            return Err(DirectoryError::new(ToldToFail));
        }
        let tenants = self.tenants.lock();
        let log = self.log.lock();
        Ok(Names {
            position: log.last().map_or(Position::START, |event| event.position),
            names: tenants.values().map(|r| (r.id, r.slug.clone())).collect(),
            domains: self.domains.lock().clone(),
        })
    }
}
