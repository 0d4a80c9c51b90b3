use serde_json::json;

use super::error::{During, ProvisioningError, StepName};
use super::{LEASE, Provisioning};
use crate::accounts::{self, FirstAdmin};
use crate::catalog::{
    Catalog, CatalogError, Change, Idempotency, Lease, NewOperation, NewTenant, OperationStatus,
    Operations, Outcome, Placement, Reserved, TenantRow,
};
use crate::directory::TenantStatus;
use crate::engine::provisioner::{DatabaseName, LoginPassword, Provisioner};
use crate::password::TemporaryPassword;
use crate::tenant::AnySql;
use crate::{Email, OperationId, TenantId};

/// What is asked for when a tenant is to be made.
#[derive(Debug, Clone)]
pub struct TenantRequest {
    /// The tenant.
    pub tenant: NewTenant,
    /// What its first admin will sign in with.
    pub admin_email: Email,
    /// What its first admin is called.
    pub admin_name: String,
}

/// A tenant that was made.
#[derive(Debug)]
pub struct CreatedTenant {
    /// The tenant.
    pub tenant: TenantRow,
    /// Its first admin's temporary password, shown this once. `None`: the request is a repetition,
    /// and the admin has signed in since.
    pub temporary_password: Option<TemporaryPassword>,
}

/// The kind of operation that makes a tenant.
pub(super) const CREATE: &str = "tenant.create";

const STEPS: &[&str] = &[
    StepName::Keys.as_str(),
    StepName::Login.as_str(),
    StepName::Database.as_str(),
    StepName::Seed.as_str(),
    StepName::Application.as_str(),
    StepName::Activate.as_str(),
];

impl Provisioning {
    /// Makes a tenant, which is served when this returns. With an [`Idempotency`] a repetition
    /// answers the same tenant, with a fresh temporary password until the first sign-in.
    ///
    /// # Errors
    /// [`ProvisioningError::Catalog`] for a slug that is taken; [`ProvisioningError::Step`] says
    /// which step failed, and then nothing is left.
    pub async fn create(
        &self,
        change: &Change,
        request: &TenantRequest,
        idempotency: Option<&Idempotency>,
    ) -> Result<CreatedTenant, ProvisioningError> {
        self.provisioner(&request.tenant.server)?;
        let operation = NewOperation {
            kind: CREATE,
            steps: STEPS,
            input: json!({
                "admin_email": request.admin_email.as_str(),
                "admin_name": request.admin_name,
            }),
            node: self.inner.node,
            lease: LEASE,
        };
        let catalog = &self.inner.catalog;
        let reserved = catalog.reserve(change, &request.tenant, &operation, idempotency);
        match reserved.await? {
            Reserved::New(lease) => {
                let admin = (request.admin_email.clone(), request.admin_name.as_str());
                self.make(change, lease, request.tenant.id, admin).await
            }
            Reserved::Repeated { operation, tenant } => {
                self.repeat(change, operation, tenant, request).await
            }
        }
    }

    /// Makes what was reserved. It goes on when the caller goes away.
    async fn make(
        &self,
        change: &Change,
        lease: Lease,
        tenant: TenantId,
        (email, name): (Email, &str),
    ) -> Result<CreatedTenant, ProvisioningError> {
        let (this, change, name) = (self.clone(), change.clone(), name.to_owned());
        let made = tokio::spawn(async move {
            let running = this.run(&change, &lease, tenant, (email, &name));
            let made = this.under(&lease, running).await;
            if let Err(error) = &made {
                this.undo_after(&change, &lease, tenant, error).await;
            }
            made
        });
        match made.await {
            Ok(made) => made,
            Err(_) => Err(crate::tenant::TenantError::Interrupted.into()),
        }
    }

    async fn run(
        &self,
        change: &Change,
        lease: &Lease,
        tenant: TenantId,
        (email, name): (Email, &str),
    ) -> Result<CreatedTenant, ProvisioningError> {
        let row = self.row(tenant).await?;
        let provisioner = self.provisioner(&row.server)?;
        let password = self.keys(change, &row).await?;
        self.done(lease, StepName::Keys).await?;
        let login = provisioner.create_login(tenant, &password).await;
        login.during(StepName::Login)?;
        self.done(lease, StepName::Login).await?;
        self.database(&**provisioner, tenant).await?;
        self.done(lease, StepName::Database).await?;
        let db = self.connect(&**provisioner, tenant, &password).await?;
        let temporary = self.seed(change, &db, email, name).await?;
        self.done(lease, StepName::Seed).await?;
        self.application(&row, &db).await?;
        self.done(lease, StepName::Application).await?;
        db.close().await;
        let tenant = self.activate(change, lease, tenant).await?;
        Ok(CreatedTenant {
            tenant,
            temporary_password: Some(temporary),
        })
    }

    async fn row(&self, tenant: TenantId) -> Result<TenantRow, ProvisioningError> {
        let row = self.inner.catalog.tenant(tenant).await?;
        Ok(row.ok_or(CatalogError::TenantUnknown(tenant))?)
    }

    /// Makes the login's secret and stores it sealed, with the place where the database will be.
    async fn keys(
        &self,
        change: &Change,
        row: &TenantRow,
    ) -> Result<LoginPassword, ProvisioningError> {
        let password = LoginPassword::generate().during(StepName::Keys)?;
        let secret = password.expose_secret().to_owned().into();
        let sealed = self.inner.vault.seal(row.id, &secret).await;
        let placement = Placement {
            server: row.server.clone(),
            database: DatabaseName::of_tenant(row.id).to_string(),
            role: None,
            secret: Some(sealed.during(StepName::Keys)?),
            schema_version: self.inner.schema.version().to_string(),
        };
        let placed = self.inner.catalog.place(change, row.id, &placement).await;
        placed.during(StepName::Keys)?;
        Ok(password)
    }

    async fn database(
        &self,
        provisioner: &dyn Provisioner,
        tenant: TenantId,
    ) -> Result<(), ProvisioningError> {
        let template = provisioner.ensure_template(&self.inner.schema).await;
        let template = template.during(StepName::Database)?;
        let created = provisioner.create_database(tenant, &template).await;
        created.during(StepName::Database)
    }

    async fn connect(
        &self,
        provisioner: &dyn Provisioner,
        tenant: TenantId,
        password: &LoginPassword,
    ) -> Result<AnySql, ProvisioningError> {
        let url = provisioner.connect_data(tenant, password);
        let db = AnySql::connect_once(&url).await;
        db.during(StepName::Seed)
    }

    async fn seed(
        &self,
        change: &Change,
        db: &AnySql,
        email: Email,
        name: &str,
    ) -> Result<TemporaryPassword, ProvisioningError> {
        let temporary = TemporaryPassword::generate().during(StepName::Seed)?;
        let hash = self.inner.hashing.hash(temporary.as_password().clone());
        let admin = FirstAdmin {
            email,
            name: name.to_owned(),
            password: hash.await.during(StepName::Seed)?,
        };
        let now = self.inner.accounts.now();
        let seeded = accounts::seed(db, change, self.inner.registry, &admin, now).await;
        seeded.during(StepName::Seed)?;
        Ok(temporary)
    }

    async fn application(&self, row: &TenantRow, db: &AnySql) -> Result<(), ProvisioningError> {
        for hook in &self.inner.on_create {
            let created = hook.on_create(row, db).await;
            created.during(StepName::Application)?;
        }
        Ok(())
    }

    async fn activate(
        &self,
        change: &Change,
        lease: &Lease,
        tenant: TenantId,
    ) -> Result<TenantRow, ProvisioningError> {
        let catalog = &self.inner.catalog;
        self.done(lease, StepName::Activate).await?;
        let active = catalog.set_status(change, tenant, TenantStatus::Active);
        let row = active.await.during(StepName::Activate)?;
        catalog.finish(change, lease, Outcome::Succeeded).await?;
        self.bring_into_force().await;
        Ok(row)
    }

    /// Answers a request that was made before.
    async fn repeat(
        &self,
        change: &Change,
        operation: OperationId,
        tenant: TenantId,
        request: &TenantRequest,
    ) -> Result<CreatedTenant, ProvisioningError> {
        let catalog = &self.inner.catalog;
        let begun = catalog.operation(operation).await?;
        let begun = begun.ok_or(CatalogError::OperationUnknown(operation))?;
        match begun.status {
            // Whoever began it is at work still, or has died: then this request goes on with it.
            OperationStatus::Running => {
                let lease = catalog.take_over(operation, self.inner.node, LEASE).await?;
                let admin = (request.admin_email.clone(), request.admin_name.as_str());
                return self.make(change, lease, tenant, admin).await;
            }
            OperationStatus::Undoing => return Err(CatalogError::TenantBusy(tenant).into()),
            _ => {}
        }
        let row = self.row(tenant).await?;
        let accounts = &self.inner.accounts;
        let renewed = accounts.renew_temporary_password(change, tenant, &request.admin_email);
        let temporary_password = renewed.await.during(StepName::Seed)?;
        Ok(CreatedTenant {
            tenant: row,
            temporary_password,
        })
    }
}
