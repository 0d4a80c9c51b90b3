use std::time::Duration;

use async_trait::async_trait;

use crate::directory::{Names, TenantStatus};
use crate::events::LogReader;
use crate::{Domain, NodeId, OperationId, ServerId, Slug, TenantId};

use super::{
    AuditFilter, AuditRecord, CatalogError, Change, Idempotency, Lease, Listed, NewOperation,
    NewTenant, Operation, Outcome, Page, Placement, Reserved, ServerPatch, ServerRow, StepStatus,
    TenantFilter, TenantPatch, TenantRow, Workable,
};

/// What tenants there are, what became of them, and the log of changes that tells.
///
/// Every method that changes something takes a [`Change`] and writes row, audit row and event in
/// one transaction. None writes where nothing would be different.
#[async_trait]
pub trait Catalog: LogReader {
    /// Makes a server known on which tenants' databases can stand, if it is not yet. Publishes no
    /// event: nobody remembers anything of a server that was not there.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    async fn add_server(&self, change: &Change, server: &ServerId) -> Result<(), CatalogError>;

    /// The servers, by id.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    async fn servers(&self) -> Result<Vec<ServerRow>, CatalogError>;

    /// Changes what a server is called and takes.
    ///
    /// # Errors
    /// [`CatalogError::ServerUnknown`].
    async fn patch_server(
        &self,
        change: &Change,
        server: &ServerId,
        patch: &ServerPatch,
    ) -> Result<ServerRow, CatalogError>;

    /// Reserves a tenant's slug, says where its database will be where that is known, and begins the
    /// operation that makes the tenant, all or nothing. With an [`Idempotency`] a repetition reserves nothing and finds what was begun before,
    /// unless that was undone or failed: then it begins anew.
    ///
    /// # Errors
    /// [`CatalogError::SlugTaken`], [`CatalogError::KeyReused`],
    /// [`CatalogError::ServerUnknown`].
    async fn reserve(
        &self,
        change: &Change,
        tenant: &NewTenant,
        placement: Option<&Placement>,
        operation: &NewOperation,
        idempotency: Option<&Idempotency>,
    ) -> Result<Reserved, CatalogError>;

    /// Reads a tenant.
    ///
    /// # Errors
    /// [`CatalogError::Database`], [`CatalogError::Unreadable`].
    async fn tenant(&self, tenant: TenantId) -> Result<Option<TenantRow>, CatalogError>;

    /// Reads the tenant of a slug.
    ///
    /// # Errors
    /// [`CatalogError::Database`], [`CatalogError::Unreadable`].
    async fn tenant_of_slug(&self, slug: &Slug) -> Result<Option<TenantRow>, CatalogError>;

    /// Lists tenants, the newest first.
    ///
    /// # Errors
    /// [`CatalogError::Database`], [`CatalogError::Unreadable`].
    async fn tenants(
        &self,
        filter: &TenantFilter,
        page: Page,
    ) -> Result<Listed<TenantRow>, CatalogError>;

    /// Changes what a tenant is called and pays for.
    ///
    /// # Errors
    /// [`CatalogError::TenantUnknown`].
    async fn patch(
        &self,
        change: &Change,
        tenant: TenantId,
        patch: &TenantPatch,
    ) -> Result<TenantRow, CatalogError>;

    /// Changes whether a tenant is served; see [`TenantStatus::may_become`]. One that is being made
    /// is served once [`Operations::activate`] ends that.
    ///
    /// # Errors
    /// [`CatalogError::TenantUnknown`], [`CatalogError::Transition`].
    async fn set_status(
        &self,
        change: &Change,
        tenant: TenantId,
        status: TenantStatus,
    ) -> Result<TenantRow, CatalogError>;

    /// Says where a tenant's database is.
    ///
    /// # Errors
    /// [`CatalogError::TenantUnknown`], [`CatalogError::ServerUnknown`].
    async fn place(
        &self,
        change: &Change,
        tenant: TenantId,
        placement: &Placement,
    ) -> Result<TenantRow, CatalogError>;

    /// The domains of a tenant's own, by name.
    ///
    /// # Errors
    /// [`CatalogError::Database`], [`CatalogError::Unreadable`].
    async fn domains(&self, tenant: TenantId) -> Result<Vec<Domain>, CatalogError>;

    /// Gives a tenant a domain of its own: a host that names it. Have its owner prove first that
    /// it is theirs, for instance by a TXT record; a name under one of the platform's base
    /// domains names whose slug stands there, whatever is written here.
    ///
    /// # Errors
    /// [`CatalogError::TenantUnknown`]; [`CatalogError::DomainTaken`] where it is another
    /// tenant's.
    async fn add_domain(
        &self,
        change: &Change,
        tenant: TenantId,
        domain: &Domain,
    ) -> Result<(), CatalogError>;

    /// Takes a domain away from a tenant. Tells whether it was the tenant's.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    async fn remove_domain(
        &self,
        change: &Change,
        tenant: TenantId,
        domain: &Domain,
    ) -> Result<bool, CatalogError>;

    /// The names that exist, as of a place in the log.
    ///
    /// # Errors
    /// [`CatalogError::Database`], [`CatalogError::Unreadable`].
    async fn names(&self) -> Result<Names, CatalogError>;

    /// Lists audit rows, the newest first.
    ///
    /// # Errors
    /// [`CatalogError::Database`], [`CatalogError::Unreadable`].
    async fn audit_logs(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Listed<AuditRecord>, CatalogError>;
}

/// Operations over tenants as rows, so that one that was cut off at any instant is found and ended.
///
/// One node at a time works on an operation, proved by its [`Lease`]; a tenant has at most one
/// under way. The rows are the record of the steps: only an operation's begin, its turn to undoing
/// and its end are audited.
#[async_trait]
pub trait Operations: Send + Sync + 'static {
    /// Begins an operation on a tenant. For the one that makes a tenant see [`Catalog::reserve`].
    ///
    /// # Errors
    /// [`CatalogError::TenantUnknown`], [`CatalogError::TenantBusy`].
    async fn begin(
        &self,
        change: &Change,
        tenant: TenantId,
        operation: &NewOperation,
    ) -> Result<Lease, CatalogError>;

    /// Reads an operation.
    ///
    /// # Errors
    /// [`CatalogError::Database`], [`CatalogError::Unreadable`].
    async fn operation(&self, operation: OperationId) -> Result<Option<Operation>, CatalogError>;

    /// Those that are under way, but that nobody works on any more: the oldest of these kinds and
    /// servers that come after `after`, at most some hundreds.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    async fn abandoned(
        &self,
        workable: &Workable,
        after: Option<OperationId>,
    ) -> Result<Vec<OperationId>, CatalogError>;

    /// Those of these tenants that were and are no more: there was an operation, and there is no row
    /// now. An id is never used again, so they stay gone.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    async fn gone(&self, among: &[TenantId]) -> Result<Vec<TenantId>, CatalogError>;

    /// Takes an abandoned operation over. Of two nodes that try, one does.
    ///
    /// # Errors
    /// [`CatalogError::OperationUnknown`], [`CatalogError::LeaseHeld`]; [`CatalogError::LeaseLost`]
    /// where the operation has ended.
    async fn take_over(
        &self,
        operation: OperationId,
        node: NodeId,
        lease: Duration,
    ) -> Result<Lease, CatalogError> {
        let at_once = Duration::ZERO;
        self.take_over_silent(operation, node, lease, at_once).await
    }

    /// The same for one whose last lease ran out so long ago (at most a day), by the clock that all
    /// leases are measured by: for what others should have taken over by then.
    ///
    /// # Errors
    /// Those of [`take_over`](Self::take_over).
    async fn take_over_silent(
        &self,
        operation: OperationId,
        node: NodeId,
        lease: Duration,
        silence: Duration,
    ) -> Result<Lease, CatalogError>;

    /// Proves a lease before a step: nobody has taken the operation over. Writes nothing.
    ///
    /// # Errors
    /// [`CatalogError::LeaseLost`].
    async fn check(&self, lease: &Lease) -> Result<(), CatalogError>;

    /// Makes a lease last anew, in the middle of a long step.
    ///
    /// # Errors
    /// [`CatalogError::LeaseLost`].
    async fn renew(&self, lease: &Lease) -> Result<(), CatalogError>;

    /// Writes how far a step has come, and what went wrong where something did.
    ///
    /// # Errors
    /// [`CatalogError::LeaseLost`], [`CatalogError::StepUnknown`].
    async fn mark(
        &self,
        lease: &Lease,
        step: &str,
        status: StepStatus,
        error: Option<&str>,
    ) -> Result<(), CatalogError>;

    /// Turns a running operation to undoing, and says why. One that is being undone stays as it is.
    ///
    /// # Errors
    /// [`CatalogError::LeaseLost`].
    async fn turn_back(
        &self,
        change: &Change,
        lease: &Lease,
        error: &str,
    ) -> Result<(), CatalogError>;

    /// Ends an operation, and tells of its steps what follows from that: all are done, or those
    /// that were done are undone. What went wrong stays told.
    ///
    /// # Errors
    /// [`CatalogError::LeaseLost`].
    async fn finish(
        &self,
        change: &Change,
        lease: &Lease,
        outcome: Outcome,
    ) -> Result<(), CatalogError>;

    /// Ends the making of a tenant: the tenant is served from now on and the operation has
    /// succeeded, both or neither. There is no other way for a tenant to be served first.
    ///
    /// # Errors
    /// [`CatalogError::LeaseLost`], also where the operation is being undone;
    /// [`CatalogError::TenantUnknown`], [`CatalogError::Transition`].
    async fn activate(&self, change: &Change, lease: &Lease) -> Result<TenantRow, CatalogError>;

    /// Ends the migration of a tenant: its database has this schema from now on and the operation
    /// has succeeded, both or neither. Nothing else in the tenant's row is touched, whoever has
    /// changed it meanwhile.
    ///
    /// # Errors
    /// [`CatalogError::LeaseLost`], also where the operation is being undone;
    /// [`CatalogError::TenantUnknown`], [`CatalogError::NoDatabase`].
    async fn migrated(
        &self,
        change: &Change,
        lease: &Lease,
        schema_version: &str,
    ) -> Result<TenantRow, CatalogError>;

    /// Ends the deletion of a tenant, or the undoing of its creation: the tenant's row is deleted
    /// and the operation has this outcome, both or neither. The tenant's audit rows stay.
    ///
    /// # Errors
    /// [`CatalogError::LeaseLost`].
    async fn remove(
        &self,
        change: &Change,
        lease: &Lease,
        outcome: Outcome,
    ) -> Result<(), CatalogError>;
}
