use std::sync::{Arc, Weak};

use super::handle::{Connections, Tenant, TenantInner, WeakConnections};
use super::wake::WakeUps;
use crate::directory::{TenantRecord, TenantStatus};
use crate::engine::ConnectData;

/// What somebody may hold of a tenant: its handle, or its connections alone, as a `Db` does.
pub(super) struct Live {
    tenant: Weak<TenantInner>,
    connections: Box<dyn WeakConnections>,
    connect: ConnectData,
    ended: bool,
}

impl Live {
    pub(super) fn of(tenant: &Tenant, connect: ConnectData) -> Self {
        Self {
            tenant: Arc::downgrade(tenant.inner()),
            connections: tenant.control().downgrade(),
            connect,
            ended: false,
        }
    }

    /// Whether somebody holds anything of it.
    pub(super) fn is_held(&self) -> bool {
        self.connections.upgrade().is_some()
    }

    pub(super) fn tenant(&self) -> Option<Tenant> {
        self.tenant.upgrade().map(Tenant::from_inner)
    }

    pub(super) fn connections(&self) -> Option<Box<dyn Connections>> {
        self.connections.upgrade()
    }

    /// The handle, if what is held is still as the record says; a new one around connections that
    /// are held alone.
    pub(super) fn serve(
        &mut self,
        record: &TenantRecord,
        wake_ups: &Arc<WakeUps>,
    ) -> Option<Tenant> {
        if self.ended {
            return None;
        }
        if let Some(held) = self.tenant() {
            return is_still(&held, record).then_some(held);
        }
        let active = record.status == TenantStatus::Active;
        if !active || self.connect != record.connect {
            return None;
        }
        let connections = self.connections.upgrade()?;
        let tenant = Tenant::new(record.clone(), connections, Arc::clone(wake_ups));
        self.tenant = Arc::downgrade(tenant.inner());
        Some(tenant)
    }

    /// Refuses new work from now on, and tells whoever holds the handle why.
    pub(super) fn end(&mut self, status: TenantStatus) {
        self.ended = true;
        if let Some(tenant) = self.tenant() {
            tenant.set_status(status);
        }
        self.close();
    }

    pub(super) fn close(&mut self) {
        self.ended = true;
        if let Some(connections) = self.connections() {
            connections.close();
        }
    }
}

pub(super) fn is_still(held: &Tenant, record: &TenantRecord) -> bool {
    held.status() == record.status && held.is_at(&record.connect)
}
