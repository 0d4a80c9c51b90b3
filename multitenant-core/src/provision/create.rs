use serde_json::json;

use super::error::{During, ProvisioningError, StepName};
use super::kind::CREATE;
use super::request::{CreatedTenant, TenantRequest};
use super::work::Work;
use super::{Provisioning, making};
use crate::catalog::{Catalog, Change, Idempotency, NewTenant, Placement, Reserved, SealedSecret};
use crate::engine::provisioner::{DatabaseName, LoginPassword};

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
