use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;

use super::{Config, Databases, Flags, Origin, Sources};

/// A setting as it is in force, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The environment's name of the setting.
    pub name: &'static str,
    /// What it is; empty where it is nothing.
    pub value: String,
    /// Where it comes from.
    pub source: Origin,
}

const REDACTED: &str = "[redacted]";

impl Config {
    /// Every setting as it is in force; `sources` are those it was read from. Of a secret it is
    /// told only that there is one, and of a database's URL not the password.
    #[must_use]
    pub fn in_force(&self, sources: &Sources) -> Vec<Setting> {
        let setting = |&name: &&'static str| Setting {
            name,
            value: self.shown(name),
            source: sources.origin(name),
        };
        Flags::VARIABLES.iter().map(setting).collect()
    }

    fn shown(&self, variable: &str) -> String {
        match variable {
            "HOST" => self.listen.ip().to_string(),
            "PORT" => self.listen.port().to_string(),
            "LOG_LEVEL" => self.log_filter.clone(),
            "APP_ENV" => self.environment.to_string(),
            "FRONTEND_URL" => joined(self.frontend_origins.iter().flat_map(|it| it.to_str())),
            "ERP_DATA_DIR" => self.data_dir.display().to_string(),
            "ERP_ADMIN_EMAIL" => joined(&self.admin.email),
            "ERP_ADMIN_PASSWORD" => redacted(self.admin.password.as_ref(), ""),
            "ENTERPRISE_DATABASE_URL" => self.catalog_url(),
            "ADMIN_DATABASE_URL" => self.admin_url(),
            "ENTERPRISE_JWT_SECRET" => self.made("enterprise-jwt", &self.secrets.enterprise_jwt),
            "CLIENT_JWT_SECRET" => self.made("client-jwt", &self.secrets.client_jwt),
            "DB_ENCRYPTION_KEY" => self.made("db-encryption", &self.secrets.encryption_key),
            "ERP_BASE_DOMAINS" => joined(&self.base_domains),
            "ERP_TRUSTED_PROXIES" => self.trusted_proxies.to_string(),
            "ERP_SERVERS" => self.servers(),
            "ERP_MAX_CONNECTIONS" => self.max_connections.to_string(),
            "ERP_CACHED_TENANTS" => self.cached_tenants.to_string(),
            "ERP_SPARES" => self.spares.to_string(),
            "RATE_LIMIT" => if self.rate_limit { "on" } else { "off" }.to_owned(),
            _ => String::new(),
        }
    }

    fn catalog_url(&self) -> String {
        match &self.databases {
            Databases::Sqlite => format!("sqlite:{}", self.data_dir.join("catalog.db").display()),
            Databases::Postgres { catalog, .. } => without_password(catalog),
        }
    }

    fn admin_url(&self) -> String {
        match &self.databases {
            Databases::Sqlite => String::new(),
            Databases::Postgres { admin, .. } => without_password(admin),
        }
    }

    fn servers(&self) -> String {
        let Databases::Postgres { servers, .. } = &self.databases else {
            return String::new();
        };
        let servers = servers.iter();
        let shown = servers.map(|(name, url)| format!("{name}={}", without_password(url)));
        shown.collect::<Vec<_>>().join(" ")
    }

    /// A secret that is made at the first start where none is given.
    fn made(&self, file: &str, given: &Option<SecretString>) -> String {
        let file = self.data_dir.join("keys").join(file);
        redacted(given.as_ref(), &format!("in {}", file.display()))
    }
}

fn redacted(given: Option<&SecretString>, otherwise: &str) -> String {
    given.map_or(otherwise, |_| REDACTED).to_owned()
}

fn joined<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(",")
}

/// Who connects, and where to. What else a URL can say may hold a password too.
fn without_password(url: &SecretString) -> String {
    let Ok(url) = Url::parse(url.expose_secret()) else {
        return REDACTED.to_owned(); // not reached: it was parsed before
    };
    let (user, host) = (url.username(), url.host_str().unwrap_or_default());
    let password = url.password().map(|_| format!(":{REDACTED}"));
    let port = url.port().map(|port| format!(":{port}"));
    format!(
        "{}://{user}{}@{host}{}{}",
        url.scheme(),
        password.unwrap_or_default(),
        port.unwrap_or_default(),
        url.path()
    )
}
