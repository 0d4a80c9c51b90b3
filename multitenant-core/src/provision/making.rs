//! The steps by which a tenant that is reserved comes into being.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::error::{During, ProvisioningError, StepName};
use super::request::CreatedTenant;
use super::work::Work;
use super::{DRAIN, Provisioning};
use crate::accounts::{self, FirstAdmin};
use crate::catalog::{Catalog, CatalogError, OperationStatus, Operations, TenantRow};
use crate::engine::provisioner::{LoginPassword, Provisioner};
use crate::password::TemporaryPassword;
use crate::tenant::AnySql;
use crate::{Email, TenantId};

/// Who will administer the tenant.
pub(super) struct Admin {
    pub(super) email: Email,
    pub(super) name: String,
}

impl Provisioning {
    pub(super) async fn run(
        &self,
        work: &Work,
        password: &LoginPassword,
        admin: Admin,
    ) -> Result<CreatedTenant, ProvisioningError> {
        let row = self.row(work.tenant()).await?;
        let provisioner = &**self.provisioner(&row.server)?;
        let temporary = self.temporary_password()?;
        // The database server works while the password is hashed here.
        let first = self.first_admin(admin, temporary.as_ref());
        let opened = self.open(work, provisioner, password);
        let both = async { Ok(tokio::join!(opened, first)) };
        let (db, first) = self.under(work, both).await?;
        let db = db?;
        let filled = match first {
            Ok(first) => self.under(work, self.fill(work, &row, &db, first)).await,
            Err(error) => Err(error),
        };
        close(provisioner, work.tenant(), &db).await;
        filled?;
        Ok(CreatedTenant {
            tenant: self.activate(work).await?,
            temporary_password: temporary,
        })
    }

    fn temporary_password(&self) -> Result<Option<TemporaryPassword>, ProvisioningError> {
        let seeding = self.inner.seeding.as_ref();
        let generated = seeding.map(|_| TemporaryPassword::generate());
        generated.transpose().during(StepName::Seed)
    }

    /// The first admin with their password hashed, where accounts are ours.
    async fn first_admin(
        &self,
        admin: Admin,
        temporary: Option<&TemporaryPassword>,
    ) -> Result<Option<FirstAdmin>, ProvisioningError> {
        let Some((seeding, temporary)) = self.inner.seeding.as_ref().zip(temporary) else {
            return Ok(None);
        };
        let hashed = seeding.hashing.hash(temporary.as_password().clone());
        Ok(Some(FirstAdmin {
            email: admin.email,
            name: admin.name,
            password: hashed.await.during(StepName::Seed)?,
        }))
    }

    pub(super) async fn row(&self, tenant: TenantId) -> Result<TenantRow, ProvisioningError> {
        let row = self.inner.catalog.tenant(tenant).await?;
        Ok(row.ok_or(CatalogError::TenantUnknown(tenant))?)
    }

    /// Makes login and database, and connects to it.
    async fn open(
        &self,
        work: &Work,
        provisioner: &dyn Provisioner,
        password: &LoginPassword,
    ) -> Result<AnySql, ProvisioningError> {
        let tenant = work.tenant();
        let login = provisioner.create_login(tenant, password);
        self.step(work, StepName::Login, login).await?;
        let database = async {
            let template = provisioner.ensure_template(&self.inner.schema).await?;
            provisioner.create_database(tenant, &template).await
        };
        self.step(work, StepName::Database, database).await?;
        let url = provisioner.connect_data(tenant, password);
        AnySql::connect_once(&url).await.during(StepName::Seed)
    }

    /// Gives the database what it begins with.
    async fn fill(
        &self,
        work: &Work,
        row: &TenantRow,
        db: &AnySql,
        first: Option<FirstAdmin>,
    ) -> Result<(), ProvisioningError> {
        if let Some((seeding, admin)) = self.inner.seeding.as_ref().zip(first) {
            let now = seeding.accounts.now();
            let seed = accounts::seed(db, &work.change, seeding.registry, &admin, now);
            self.step(work, StepName::Seed, seed).await?;
        }
        for hook in &self.inner.on_create {
            // A panic is one of the application's failures: what is there is undone at once.
            let created = AssertUnwindSafe(hook.on_create(row, db)).catch_unwind();
            let created = async { created.await.unwrap_or_else(|_| Err("it panicked".into())) };
            self.step(work, StepName::Application, created).await?;
        }
        Ok(())
    }

    async fn activate(&self, work: &Work) -> Result<TenantRow, ProvisioningError> {
        let activated = self.inner.catalog.activate(&work.change, &work.lease).await;
        let row = match activated {
            Ok(row) => row,
            Err(CatalogError::Database(error)) => {
                let row = self.activated_after_all(work).await;
                row.ok_or(CatalogError::Database(error))
                    .during(StepName::Activate)?
            }
            Err(error) => return Err(error.into()),
        };
        self.bring_into_force().await;
        Ok(row)
    }

    /// The row, where our commit came about and only its answer was lost.
    async fn activated_after_all(&self, work: &Work) -> Option<TenantRow> {
        let (catalog, lease) = (&self.inner.catalog, &work.lease);
        let operation = catalog.operation(lease.operation()).await.ok()??;
        let ended_by_us =
            operation.attempt == lease.attempt() && operation.status == OperationStatus::Succeeded;
        match ended_by_us {
            true => catalog.tenant(work.tenant()).await.ok()?,
            false => None,
        }
    }
}

/// Closes the connection through which the tenant was readied. Where the application has kept it,
/// which would hold its tenant up for ever, it is ended from the server's side.
async fn close(provisioner: &dyn Provisioner, tenant: TenantId, db: &AnySql) {
    if tokio::time::timeout(DRAIN, db.close()).await.is_ok() {
        return;
    }
    tracing::warn!(%tenant, "an application's hook has kept a connection; it is ended");
    if let Err(error) = provisioner.end_sessions(tenant).await {
        tracing::warn!(%tenant, %error, "a connection that a hook has kept could not be ended");
    }
}
