use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use axum::http::HeaderValue;
use multitenant_core::Domain;
use multitenant_core::Email;
use multitenant_core::limits::{PASSWORD_MAX_BYTES, PASSWORD_MIN_BYTES, SIGNING_SECRET_MIN_BYTES};
use multitenant_core::resolve::TrustedProxies;
use secrecy::{ExposeSecret, SecretString};

use super::reader::Reader;
use super::{AppEnv, Complaint, ConfigError, Databases, Sources, parse};

/// All that the server is told from outside, checked. Secrets do not show when it is printed.
///
/// ```
/// use erp_server::config::{Config, Flags, Sources};
///
/// let config = Config::read(&Sources::new(Flags::default(), |name| {
///     (name == "PORT").then(|| "8080".into())
/// }))?;
/// assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
/// # Ok::<(), erp_server::config::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What is logged: a level, or directives of `tracing_subscriber::EnvFilter`.
    pub log_filter: String,
    /// What the server runs for.
    pub environment: AppEnv,
    /// The origins from which browsers may call.
    pub frontend_origins: Vec<HeaderValue>,
    /// The folder for SQLite files and generated keys.
    pub data_dir: PathBuf,
    /// Who becomes the first platform admin.
    pub admin: FirstAdmin,
    /// Where the databases live.
    pub databases: Databases,
    /// The secrets that were given; in production all of them.
    pub secrets: GivenSecrets,
    /// The domains under which clients have subdomains.
    pub base_domains: Vec<Domain>,
    /// The proxies whose word on the host and the caller's address counts.
    pub trusted_proxies: TrustedProxies,
    /// Most open connections per database server, over all nodes.
    pub max_connections: usize,
    /// Most clients in memory.
    pub cached_tenants: usize,
    /// Databases made ahead for new clients.
    pub spares: usize,
    /// Whether requests per address are limited.
    pub rate_limit: bool,
}

/// The secrets that were given.
#[derive(Debug, Clone, Default)]
pub struct GivenSecrets {
    /// Signs the tokens of platform staff.
    pub enterprise_jwt: Option<SecretString>,
    /// Signs the tokens of clients' users.
    pub client_jwt: Option<SecretString>,
    /// Encrypts secrets at rest: 32 bytes in base64url.
    pub encryption_key: Option<SecretString>,
}

/// Who becomes the first platform admin.
#[derive(Debug, Clone, Default)]
pub struct FirstAdmin {
    /// Their e-mail address, where one was given.
    pub email: Option<Email>,
    /// Their password, where one was given.
    pub password: Option<SecretString>,
}

impl Config {
    /// Reads and checks every setting.
    ///
    /// # Errors
    /// [`ConfigError`] names all that is missing or wrong at once.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(sources);
        let config = Self::gather(&mut reader);
        if config.environment.is_production() {
            require(&mut reader, &PRODUCTION_SECRETS);
        }
        if config.environment.is_production() && config.databases.are_surely_new(&config.data_dir) {
            require(&mut reader, &FIRST_ADMIN);
        }
        reader.finish(config)
    }

    /// Checks that the first platform admin can be made, once it is known that there is none:
    /// in production with what was given only. On Postgres that is known after connecting.
    ///
    /// # Errors
    /// [`ConfigError`] names what is missing.
    pub fn check_first_start(&self) -> Result<(), ConfigError> {
        let given = [self.admin.email.is_some(), self.admin.password.is_some()];
        let missing = FIRST_ADMIN.iter().zip(given).filter(|(_, given)| !given);
        let complaints: Vec<_> = missing
            .map(|((variable, needed), _)| Complaint::Missing {
                variable,
                needed: (*needed).to_owned(),
            })
            .collect();
        if complaints.is_empty() || !self.environment.is_production() {
            return Ok(());
        }
        Err(ConfigError { complaints })
    }

    fn gather(reader: &mut Reader<'_>) -> Self {
        let environment = reader
            .value("APP_ENV", "development, production or test", AppEnv::parse)
            .unwrap_or(AppEnv::Development);
        let data_dir = reader
            .value("ERP_DATA_DIR", "a folder", |text| Some(text.into()))
            .unwrap_or_else(|| PathBuf::from("./data"));
        Self {
            listen: listen(reader),
            log_filter: reader
                .value("LOG_LEVEL", LOG_LEVEL, parse::log_filter)
                .unwrap_or_else(|| "info".to_owned()),
            frontend_origins: reader
                .list("FRONTEND_URL", ORIGIN, parse::origin)
                .unwrap_or_default(),
            admin: FirstAdmin::read(reader),
            databases: Databases::read(reader),
            secrets: GivenSecrets::read(reader),
            base_domains: reader
                .list("ERP_BASE_DOMAINS", DOMAIN, |text| text.parse().ok())
                .unwrap_or_else(|| default_domains(environment)),
            trusted_proxies: reader
                .list(
                    "ERP_TRUSTED_PROXIES",
                    NETWORK,
                    TrustedProxies::parse_network,
                )
                .map(TrustedProxies::new)
                .unwrap_or_default(),
            max_connections: number(reader, "ERP_MAX_CONNECTIONS", 1, 100_000, 60),
            cached_tenants: number(reader, "ERP_CACHED_TENANTS", 1, 1_000_000, 10_000),
            spares: number(reader, "ERP_SPARES", 0, 1_000, 0),
            rate_limit: reader
                .value("RATE_LIMIT", "on or off", parse::switch)
                .unwrap_or(true),
            environment,
            data_dir,
        }
    }
}

impl FirstAdmin {
    fn read(reader: &mut Reader<'_>) -> Self {
        let length = PASSWORD_MIN_BYTES..=PASSWORD_MAX_BYTES;
        Self {
            email: reader.value("ERP_ADMIN_EMAIL", "an e-mail address", |text| {
                text.parse().ok()
            }),
            password: reader.secret(
                "ERP_ADMIN_PASSWORD",
                &format!("{} to {} bytes", length.start(), length.end()),
                |text| length.contains(&text.len()),
            ),
        }
    }
}

impl GivenSecrets {
    fn read(reader: &mut Reader<'_>) -> Self {
        let mut signing = |variable| {
            let expected = format!("at least {SIGNING_SECRET_MIN_BYTES} bytes");
            reader.secret(variable, &expected, |text| {
                text.len() >= SIGNING_SECRET_MIN_BYTES
            })
        };
        let enterprise_jwt = signing(ENTERPRISE_JWT_SECRET);
        let client_jwt = signing(CLIENT_JWT_SECRET);
        let text = |secret: &Option<SecretString>| {
            let secret = secret.as_ref();
            secret.map(|secret| secret.expose_secret().to_owned())
        };
        if enterprise_jwt.is_some() && text(&enterprise_jwt) == text(&client_jwt) {
            reader.complain(Complaint::InvalidSecret {
                variable: CLIENT_JWT_SECRET,
                expected: format!("another than {ENTERPRISE_JWT_SECRET}"),
            });
        }
        Self {
            enterprise_jwt,
            client_jwt,
            encryption_key: reader.secret(
                DB_ENCRYPTION_KEY,
                "32 bytes in base64url",
                parse::is_encryption_key,
            ),
        }
    }
}

const LOG_LEVEL: &str = "error, warn, info, debug, trace, off, or a filter such as info,sqlx=debug";
const ORIGIN: &str = "an origin such as https://erp.example.com";
const DOMAIN: &str = "a domain such as example.com";
const NETWORK: &str = "an address or network such as 10.0.0.0/8";

const ENTERPRISE_JWT_SECRET: &str = "ENTERPRISE_JWT_SECRET";
const CLIENT_JWT_SECRET: &str = "CLIENT_JWT_SECRET";
const DB_ENCRYPTION_KEY: &str = "DB_ENCRYPTION_KEY";

/// A setting that must be given, and a sentence on why.
type Needed = (&'static str, &'static str);

const PRODUCTION_SECRETS: [Needed; 3] = [
    (
        ENTERPRISE_JWT_SECRET,
        "in production it must be given, at least 32 bytes; `openssl rand -base64 48` makes one",
    ),
    (
        CLIENT_JWT_SECRET,
        "in production it must be given, at least 32 bytes; `openssl rand -base64 48` makes one",
    ),
    (
        DB_ENCRYPTION_KEY,
        "in production it must be given, 32 bytes in base64url; \
         `openssl rand -base64 32 | tr '+/' '-_'` makes one, and without it no data can be read",
    ),
];

const FIRST_ADMIN: [Needed; 2] = [
    (
        "ERP_ADMIN_EMAIL",
        "the first start in production needs the e-mail address of the first platform admin",
    ),
    (
        "ERP_ADMIN_PASSWORD",
        "the first start in production needs the password of the first platform admin, \
         at least 12 bytes",
    ),
];

fn require(reader: &mut Reader<'_>, settings: &[Needed]) {
    for (variable, needed) in settings {
        reader.require(variable, needed);
    }
}

fn listen(reader: &mut Reader<'_>) -> SocketAddr {
    let host = reader
        .value(
            "HOST",
            "an IP address such as 127.0.0.1, or localhost",
            parse::host,
        )
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = reader
        .value("PORT", "a port from 0 to 65535", |text| text.parse().ok())
        .unwrap_or(3001);
    SocketAddr::new(host, port)
}

fn number(
    reader: &mut Reader<'_>,
    variable: &'static str,
    least: usize,
    most: usize,
    default: usize,
) -> usize {
    let expected = format!("a whole number from {least} to {most}");
    reader
        .value(variable, &expected, parse::number(least..=most))
        .unwrap_or(default)
}

/// Browsers resolve every name under `localhost` to this machine.
fn default_domains(environment: AppEnv) -> Vec<Domain> {
    let local = (!environment.is_production()).then(|| "localhost".parse().ok());
    local.flatten().into_iter().collect()
}
