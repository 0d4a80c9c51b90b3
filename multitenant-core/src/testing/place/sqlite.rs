use secrecy::SecretString;
use tempfile::TempDir;

use super::{invented_name, keys};
use crate::ServerId;
use crate::engine::ConnectData;
use crate::engine::provisioner::SqliteProvisioner;
use crate::keys::Vault;
use crate::platform::{Platform, PlatformBuilder};
use crate::rbac::Registry;
use crate::testing::error::{Doing, SetUpError};

/// A folder, which goes with everything in it when it is dropped.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Result<Self, SetUpError> {
        TempDir::new().map(Self).to("make a temporary folder")
    }

    pub(super) async fn database(&self) -> Result<ConnectData, SetUpError> {
        let path = self.0.path().join(format!("{}.db", invented_name()));
        std::fs::File::create(&path).to("make a file")?;
        let url = format!("sqlite://{}", path.display());
        Ok(ConnectData::new(ServerId::main(), url))
    }

    pub(super) fn url(&self) -> SecretString {
        let (folder, name) = (self.0.path().display(), invented_name());
        format!("sqlite://{folder}/made/{name}.db").into()
    }

    pub(super) fn catalog_url(&self) -> SecretString {
        format!("sqlite://{}/data/catalog.db", self.0.path().display()).into()
    }

    pub(super) fn platform(&self, registry: &'static Registry, vault: Vault) -> PlatformBuilder {
        Platform::on_sqlite(self.0.path().join("data"), keys(), vault, registry)
    }

    pub(super) fn provisioner(&self) -> Result<SqliteProvisioner, SetUpError> {
        SqliteProvisioner::open(self.0.path().join("data/tenants")).to("make a folder of tenants")
    }

    /// Nothing to do before the folder is dropped.
    pub(super) async fn clear(&self) -> Result<(), SetUpError> {
        Ok(())
    }
}
