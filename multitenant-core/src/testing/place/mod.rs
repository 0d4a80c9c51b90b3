#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;

use secrecy::SecretString;

use super::error::SetUpError;
use crate::engine::ConnectData;
use crate::engine::provisioner::Provisioner;
use crate::keys::{LocalKeys, Vault};
use crate::password::HashingCost;
use crate::platform::PlatformBuilder;
use crate::rbac::Registry;
use crate::token::{KeyRing, KeyRings, SigningKey};
use crate::{Realm, TenantId};

/// Where a test's databases stand: a temporary folder, or a Postgres server. What was made there is
/// gone when this is dropped, also where the test has failed.
pub struct Place {
    at: At,
}

enum At {
    #[cfg(feature = "postgres")]
    Postgres(postgres::Server),
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Folder),
}

/// Does the same in a folder or on a server.
macro_rules! at {
    ($place:expr, $name:ident => $body:expr) => {
        match &$place.at {
            #[cfg(feature = "postgres")]
            At::Postgres($name) => $body,
            #[cfg(feature = "sqlite")]
            At::Sqlite($name) => $body,
        }
    };
}

impl Place {
    /// A temporary folder.
    ///
    /// # Errors
    /// Where the system gives none.
    #[cfg(feature = "sqlite")]
    pub fn sqlite() -> Result<Self, SetUpError> {
        let at = At::Sqlite(sqlite::Folder::new()?);
        Ok(Self { at })
    }

    /// A Postgres server, by the URL of a role that may make databases and roles (`CREATEDB` and
    /// `CREATEROLE`) and is no superuser, as in production. Nothing is opened yet.
    ///
    /// What is made in a template, by the migrations of one schema, stays there for the tests to come.
    #[cfg(feature = "postgres")]
    pub fn postgres(admin: impl Into<SecretString>) -> Self {
        let at = At::Postgres(postgres::Server::new(admin.into()));
        Self { at }
    }

    /// Makes an empty database.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub async fn database(&self) -> Result<ConnectData, SetUpError> {
        at!(self, at => at.database().await)
    }

    /// The URL of a database that nobody has made yet, such as for a catalog.
    #[must_use]
    pub fn url(&self) -> SecretString {
        at!(self, at => at.url())
    }

    /// The URL of the catalog of this place's platform, for a program that is started as a process of
    /// its own. Its tenants go with the place.
    #[must_use]
    pub fn catalog_url(&self) -> SecretString {
        at!(self, at => at.catalog_url())
    }

    /// A node of this place's platform, to be started: with keys made up, and passwords that cost
    /// next to nothing to hash. Every call gives another node of the same platform.
    pub fn platform(&self, registry: &'static Registry) -> PlatformBuilder {
        self.platform_with(registry, vault())
    }

    /// The same with other keys for secrets.
    pub fn platform_with(&self, registry: &'static Registry, vault: Vault) -> PlatformBuilder {
        let builder = at!(self, at => at.platform(registry, vault));
        builder.hashing_cost(HashingCost::FOR_TESTS)
    }

    /// What makes the databases of this place's tenants, to do by hand what a platform does, or to see what there is.
    ///
    /// # Errors
    /// Where the folder cannot be made, or the URL be read.
    pub fn provisioner(&self) -> Result<Box<dyn Provisioner>, SetUpError> {
        at!(self, at => Ok(Box::new(at.provisioner()?)))
    }

    /// Removes what was made here, now. Dropping does it too, and tells nobody where it fails.
    ///
    /// # Errors
    /// Where something cannot be removed.
    pub async fn clear(&self) -> Result<(), SetUpError> {
        at!(self, at => at.clear().await)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.at {
            #[cfg(feature = "postgres")]
            At::Postgres(_) => "Place on Postgres",
            #[cfg(feature = "sqlite")]
            At::Sqlite(_) => "Place on SQLite",
        })
    }
}

fn keys() -> KeyRings {
    let ring = |realm, secret: &str| {
        let key = SigningKey::hs256(&secret.repeat(8).into()).expect("a key that is long enough");
        KeyRing::new(realm, key)
    };
    let staff = ring(Realm::Enterprise, "staff-key");
    let users = ring(Realm::Client, "users-key");
    KeyRings::new("test", staff, users).expect("two rings")
}

fn vault() -> Vault {
    // 32 bytes, for no secret but those of tests.
    let setting = "DpOK8NIOuSOQlTq07Vs33tXyERHwfr_xDXKg8jYgYrI".into();
    Vault::new(LocalKeys::from_setting("DB_ENCRYPTION_KEY", &setting).expect("a key"))
}

/// A name of its own for a database.
fn invented_name() -> String {
    format!("test_{}", TenantId::generate().as_uuid().simple())
}
