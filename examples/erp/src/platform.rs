//! The catalog, the clients and their databases, joined.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use multitenant_core::accounts::{AccountError, NewAdmin as Admin};
use multitenant_core::catalog::{Actor, Change};
use multitenant_core::keys::Vault;
use multitenant_core::password::{InvalidPassword, Password, PasswordError, TemporaryPassword};
use multitenant_core::platform::{Platform as Core, PlatformBuilder, PlatformError};
use multitenant_core::rbac::access;
use multitenant_core::resolve;
use multitenant_core::tenant::BudgetStats;
use multitenant_core::token::{InvalidSigningKey, KeyRing, KeyRings, SigningKey};
use multitenant_core::{EnterpriseRole, InvalidEmail, Realm};
use secrecy::SecretString;

use crate::banner::NewAdmin;
use crate::config::{Config, ConfigError, Databases};
use crate::health::{CacheHealth, Probe, ProbeError};
use crate::keys::Secrets;

/// Who issues our tokens, as they say.
const ISSUER: &str = "erp-server";
/// With what the first platform admin signs in, where nobody says otherwise.
const ADMIN_EMAIL: &str = "admin@example.com";
/// Most connections that a command uses beside a server.
const COMMAND_CONNECTIONS: usize = 4;
/// How long work in flight may take once the server ends.
const END: Duration = Duration::from_secs(10);

/// What the routes stand on.
pub struct Platform {
    core: Core,
    cached_tenants: usize,
    new_admin: Option<NewAdmin>,
}

/// Why the platform did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting is missing that only the first start needs.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret for tokens cannot be used.
    #[error("the secrets for tokens cannot be used: {0}")]
    Keys(#[from] InvalidSigningKey),
    /// The catalog or the place of the clients' databases cannot be used.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The first platform admin could not be made.
    #[error("the first platform admin could not be made")]
    Admin(#[from] AccountError),
    /// The first platform admin's address cannot be used.
    #[error("the first platform admin's address cannot be used: {0}")]
    AdminEmail(#[from] InvalidEmail),
    /// The first platform admin's password cannot be used.
    #[error("the first platform admin's password cannot be used: {0}")]
    AdminPassword(#[from] InvalidPassword),
    /// The first platform admin's password could not be generated.
    #[error("the first platform admin's password could not be generated")]
    Password(#[from] PasswordError),
    /// The first platform admin's password could not be hashed.
    #[error("the first platform admin's password could not be hashed")]
    Hashing(#[from] multitenant_core::auth::sign_in::SignInError),
}

impl Platform {
    /// Opens the catalog, and makes it if it is missing, for a command: it takes few connections from
    /// the servers that run.
    ///
    /// # Errors
    /// [`StartError`] says what could not be done.
    pub async fn open(config: &Config, secrets: Secrets) -> Result<Self, StartError> {
        let builder = builder(config, secrets)?.connections_here(COMMAND_CONNECTIONS);
        Self::started(config, builder).await
    }

    async fn started(config: &Config, builder: PlatformBuilder) -> Result<Self, StartError> {
        Ok(Self {
            core: builder.start().await?,
            cached_tenants: config.cached_tenants,
            new_admin: None,
        })
    }

    /// The same to serve: says what only an operator can close, and makes the first platform
    /// admin.
    ///
    /// # Errors
    /// [`StartError`] says what could not be done.
    pub async fn start(config: &Config, secrets: Secrets) -> Result<Self, StartError> {
        let mut platform = Self::started(config, builder(config, secrets)?).await?;
        for warning in platform.core.warnings() {
            tracing::warn!("{warning}");
        }
        platform.new_admin = first_admin(&platform.core, config).await?;
        Ok(platform)
    }

    /// The library's platform.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The platform admin that this start has made, if it was the first.
    #[must_use]
    pub fn new_admin(&self) -> Option<&NewAdmin> {
        self.new_admin.as_ref()
    }

    /// What is asked about the server's health.
    #[must_use]
    pub fn probe(&self) -> Arc<dyn Probe> {
        Arc::new(PlatformProbe {
            core: self.core.clone(),
            cached_tenants: self.cached_tenants,
        })
    }

    /// Closes every connection.
    pub async fn shut_down(self) {
        if !self.core.shut_down(END).await {
            tracing::warn!(deadline = ?END, "some connections were still at work and are cut");
        }
    }
}

fn builder(config: &Config, secrets: Secrets) -> Result<PlatformBuilder, StartError> {
    let staff = SigningKey::hs256(&secrets.enterprise_jwt)?;
    let users = SigningKey::hs256(&secrets.client_jwt)?;
    let staff = KeyRing::new(Realm::Enterprise, staff);
    let users = KeyRing::new(Realm::Client, users);
    let keys = KeyRings::new(ISSUER, staff, users)?;
    let vault = Vault::new(secrets.encryption);
    let registry = access::REGISTRY;
    let builder = match &config.databases {
        Databases::Sqlite => Core::on_sqlite(&config.data_dir, keys, vault, registry),
        Databases::Postgres {
            catalog,
            admin,
            servers,
        } => {
            let main = Core::on_postgres(catalog.clone(), admin.clone(), keys, vault, registry);
            let more = servers.iter();
            more.fold(main, |builder, (id, url)| {
                builder.server(id.clone(), url.clone())
            })
        }
    };
    let mut sources = resolve::Sources::default();
    sources.base_domains.clone_from(&config.base_domains);
    sources.proxies.clone_from(&config.trusted_proxies);
    sources.query = !config.environment.is_production();
    Ok(builder
        .sources(sources)
        .connections(config.max_connections)
        .cached_tenants(config.cached_tenants))
}

/// Makes the first platform admin, unless there is one.
async fn first_admin(core: &Core, config: &Config) -> Result<Option<NewAdmin>, StartError> {
    if core.accounts().has_staff().await? {
        return Ok(None);
    }
    config.check_first_start()?;
    let email = match &config.admin.email {
        Some(email) => email.clone(),
        None => ADMIN_EMAIL.parse()?,
    };
    let (password, generated_password) = first_password(config)?;
    let new = Admin {
        email: email.clone(),
        name: "Administrator".to_owned(),
        role: EnterpriseRole::Admin,
        password: core.hashing().hash(password).await?,
    };
    let change = Change::by(Actor::System).because("the first start");
    match core.accounts().create_admin(&change, &new).await {
        Ok(_) => Ok(Some(NewAdmin {
            email,
            generated_password,
        })),
        // Another node that starts at the same time was faster.
        Err(AccountError::EmailTaken) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn first_password(config: &Config) -> Result<(Password, Option<SecretString>), StartError> {
    if let Some(given) = &config.admin.password {
        return Ok((Password::new(given.clone())?, None));
    }
    let generated = TemporaryPassword::generate()?;
    let shown = SecretString::from(generated.reveal());
    Ok((generated.as_password().clone(), Some(shown)))
}

struct PlatformProbe {
    core: Core,
    cached_tenants: usize,
}

#[async_trait]
impl Probe for PlatformProbe {
    async fn ask_catalog(&self) -> Result<(), ProbeError> {
        Ok(self.core.catalog().ping().await?)
    }

    fn cache(&self) -> CacheHealth {
        let stats = self.core.tenants().stats();
        let of_servers = |count: fn(&BudgetStats) -> usize| {
            stats.servers.iter().map(|(_, server)| count(server)).sum()
        };
        CacheHealth {
            tenants: stats.tenants.entries,
            capacity: self.cached_tenants,
            open_connections: of_servers(|server| server.open),
            idle_connections: of_servers(|server| server.idle),
            waiting_requests: of_servers(|server| server.waiting),
            max_connections: of_servers(|server| server.limit),
        }
    }
}
