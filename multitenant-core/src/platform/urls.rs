use std::collections::HashMap;
use std::sync::Arc;

use secrecy::SecretString;

use crate::catalog::{ConnectUrls, Placement};
use crate::directory::DirectoryError;
use crate::engine::ConnectData;
use crate::engine::provisioner::{LoginPassword, Provisioner};
use crate::{ServerId, TenantId};

/// Where tenants' databases are, as the provisioners of their servers know.
pub(super) struct ProvisionedUrls {
    pub(super) provisioners: HashMap<ServerId, Arc<dyn Provisioner>>,
}

/// A tenant's placement in the catalog makes no connect data.
#[derive(Debug, thiserror::Error)]
enum PlacementError {
    #[error("there is no provisioner for server {0}; configure one")]
    Server(ServerId),
    #[error("the tenant has no connection secret in the catalog")]
    NoSecret,
}

impl ConnectUrls for ProvisionedUrls {
    fn connect_data(
        &self,
        tenant: TenantId,
        placement: &Placement,
        secret: Option<SecretString>,
    ) -> Result<ConnectData, DirectoryError> {
        let server = &placement.server;
        let provisioner = self.provisioners.get(server);
        let provisioner = provisioner
            .ok_or_else(|| DirectoryError::new(PlacementError::Server(server.clone())))?;
        let secret = secret.ok_or_else(|| DirectoryError::new(PlacementError::NoSecret))?;
        let password = LoginPassword::try_from(secret).map_err(DirectoryError::new)?;
        Ok(ConnectData {
            server: server.clone(),
            url: provisioner.connect_data(tenant, &password),
        })
    }
}
