use serde_json::json;

use super::error::{During, ProvisioningError, StepName};
use super::work::{Kind, Work};
use super::{Provisioning, making};
use crate::Email;
use crate::catalog::{
    Catalog, Change, Idempotency, NewTenant, Placement, Reserved, SealedSecret, TenantRow,
};
use crate::engine::provisioner::{DatabaseName, LoginPassword};
use crate::password::TemporaryPassword;

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
    /// and the admin has signed in since, or nobody can while the tenant is not served.
    pub temporary_password: Option<TemporaryPassword>,
}

/// What makes a tenant.
pub(super) const CREATE: Kind = Kind {
    name: "tenant.create",
    steps: &[
        StepName::Login.as_str(),
        StepName::Database.as_str(),
        StepName::Seed.as_str(),
        StepName::Application.as_str(),
    ],
};

impl Provisioning {
    /// Makes a tenant, which is served when this returns. With an [`Idempotency`] a repetition
    /// answers the same tenant, with a fresh temporary password until the first sign-in.
    ///
    /// # Errors
    /// [`ProvisioningError::Catalog`] for a slug that is taken; [`ProvisioningError::Step`] says
    /// which step failed, and then nothing is left; [`ProvisioningError::DeletedSince`] to a
    /// repetition.
    pub async fn create(
        &self,
        change: &Change,
        request: &TenantRequest,
        idempotency: Option<&Idempotency>,
    ) -> Result<CreatedTenant, ProvisioningError> {
        self.provisioner(&request.tenant.server)?;
        let password = LoginPassword::generate().during(StepName::Keys)?;
        let placement = self.placement(&request.tenant, &password).await?;
        let input = json!({
            "admin_email": request.admin_email.as_str(),
            "admin_name": request.admin_name,
        });
        let operation = self.operation(&CREATE, input);
        let (catalog, tenant) = (&self.inner.catalog, &request.tenant);
        loop {
            let placement = Some(&placement);
            let reserved = catalog.reserve(change, tenant, placement, &operation, idempotency);
            match reserved.await? {
                Reserved::New(lease) => {
                    let work = Work::new(change.clone(), lease, &CREATE);
                    return self.make(work, password, request).await;
                }
                Reserved::Repeated { operation, tenant } => {
                    if let Some(made) = self.repeat(change, operation, tenant, request).await? {
                        return Ok(made);
                    }
                }
            }
        }
    }

    /// Where the tenant's database will be, with its login's secret sealed.
    async fn placement(
        &self,
        tenant: &NewTenant,
        password: &LoginPassword,
    ) -> Result<Placement, ProvisioningError> {
        let secret = password.expose_secret().to_owned().into();
        let sealed = self.inner.vault.seal(tenant.id, &secret).await;
        let sealed: SealedSecret = sealed.during(StepName::Keys)?;
        Ok(Placement {
            server: tenant.server.clone(),
            database: DatabaseName::of_tenant(tenant.id).to_string(),
            role: None,
            secret: Some(sealed),
            schema_version: self.inner.schema.version().to_string(),
        })
    }

    /// Makes what was reserved. It goes on when the caller goes away.
    async fn make(
        &self,
        work: Work,
        password: LoginPassword,
        request: &TenantRequest,
    ) -> Result<CreatedTenant, ProvisioningError> {
        let this = self.clone();
        let admin = making::Admin {
            email: request.admin_email.clone(),
            name: request.admin_name.clone(),
        };
        let made = tokio::spawn(async move {
            let made = this.run(&work, &password, admin).await;
            if let Err(error) = &made {
                this.undo_after(&work, error).await;
            }
            made
        });
        match made.await {
            Ok(made) => made,
            Err(_) => Err(ProvisioningError::Interrupted),
        }
    }
}
