use serde_json::json;

use super::error::{During, ProvisioningError, StepName};
use super::kind::CREATE;
use super::request::{CreatedTenant, TenantRequest};
use super::work::Work;
use super::{Provisioning, making};
use crate::ServerId;
use crate::catalog::{Catalog, Change, Idempotency, NewTenant, Placement, Reserved, SealedSecret};
use crate::engine::provisioner::{DatabaseName, LoginPassword};

impl Provisioning {
    /// Makes a tenant, which is served when this returns. With an [`Idempotency`] a repetition
    /// answers the same tenant, with a fresh temporary password until the first sign-in.
    ///
    /// # Errors
    /// [`ProvisioningError::Catalog`] for a slug that is taken; [`ProvisioningError::ServerUnknown`]
    /// for a server that is named and not there, [`ProvisioningError::NoServer`] where none is named
    /// and none takes tenants; [`ProvisioningError::Step`] says
    /// which step failed, and then nothing is left; [`ProvisioningError::DeletedSince`] to a
    /// repetition.
    pub async fn create(
        &self,
        change: &Change,
        request: &TenantRequest,
        idempotency: Option<&Idempotency>,
    ) -> Result<CreatedTenant, ProvisioningError> {
        let (tenant, server) = self.placed(&request.tenant).await?;
        let password = LoginPassword::generate().during(StepName::Keys)?;
        let placement = self.placement(&tenant, server, &password).await?;
        let input = json!({
            "admin_email": request.admin_email.as_str(),
            "admin_name": request.admin_name,
        });
        let operation = self.operation(&CREATE, input);
        let catalog = &self.inner.catalog;
        loop {
            let placement = Some(&placement);
            let reserved = catalog.reserve(change, &tenant, placement, &operation, idempotency);
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

    /// The tenant with a server, which it names or which is chosen.
    async fn placed(&self, tenant: &NewTenant) -> Result<(NewTenant, ServerId), ProvisioningError> {
        let server = match &tenant.server {
            Some(named) => named.clone(),
            None => self.choose_server(tenant).await?,
        };
        self.provisioner(&server)?;
        let tenant = NewTenant {
            server: Some(server.clone()),
            ..tenant.clone()
        };
        Ok((tenant, server))
    }

    /// Where the tenant's database will be, with its login's secret sealed.
    async fn placement(
        &self,
        tenant: &NewTenant,
        server: ServerId,
        password: &LoginPassword,
    ) -> Result<Placement, ProvisioningError> {
        let secret = password.expose_secret().to_owned().into();
        let sealed = self.inner.vault.seal(tenant.id, &secret).await;
        let sealed: SealedSecret = sealed.during(StepName::Keys)?;
        Ok(Placement {
            server,
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
