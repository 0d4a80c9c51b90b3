use std::ffi::OsString;

use secrecy::ExposeSecret;

use super::*;
use crate::cli::Cli;

const LONG: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn sources(environment: &[(&str, &str)]) -> Sources {
    Sources::new(Flags::default(), |name| {
        let found = environment.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| value.into())
    })
}

fn flags(line: &str) -> Flags {
    let words = std::iter::once("erp-server").chain(line.split(' '));
    Cli::from(words).unwrap().flags
}

fn read(environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(&sources(environment))
}

fn complaints(environment: &[(&str, &str)]) -> Vec<String> {
    let complaints = read(environment).unwrap_err().complaints;
    complaints.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_needs_to_be_given() {
    let config = read(&[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:3001");
    assert_eq!(config.log_filter, "info");
    assert_eq!(config.environment, AppEnv::Development);
    assert!(config.frontend_origins.is_empty());
    assert_eq!(config.data_dir.to_str(), Some("./data"));
    assert!(matches!(config.databases, Databases::Sqlite));
    assert_eq!(config.base_domains[0].as_str(), "localhost");
    assert_eq!(config.max_connections, 60);
    assert_eq!(config.cached_tenants, 10_000);
    assert_eq!(config.spares, 0);
    assert!(config.rate_limit);
}

const EVERYTHING: [(&str, &str); 20] = [
    ("HOST", "::"),
    ("PORT", "8080"),
    ("LOG_LEVEL", "warn,sqlx=debug"),
    ("APP_ENV", "production"),
    (
        "FRONTEND_URL",
        "https://a.example.com/, http://localhost:5173",
    ),
    ("ERP_DATA_DIR", "/srv/erp"),
    ("ERP_ADMIN_EMAIL", "root@example.com"),
    ("ERP_ADMIN_PASSWORD", "a long password"),
    ("ENTERPRISE_DATABASE_URL", "postgres://u:p@db/enterprise_db"),
    ("ADMIN_DATABASE_URL", "postgresql://a:b@db/postgres"),
    ("ENTERPRISE_JWT_SECRET", LONG),
    ("CLIENT_JWT_SECRET", OTHER),
    ("DB_ENCRYPTION_KEY", KEY),
    ("ERP_BASE_DOMAINS", "example.com,example.org"),
    ("ERP_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
    (
        "ERP_SERVERS",
        "second=postgres://c:d@db2/postgres third=postgres://e:f@db3/postgres",
    ),
    ("ERP_MAX_CONNECTIONS", "20"),
    ("ERP_CACHED_TENANTS", "50"),
    ("ERP_SPARES", "3"),
    ("RATE_LIMIT", "off"),
];

#[test]
fn every_setting_is_read() {
    let config = read(&EVERYTHING).unwrap();
    assert_eq!(config.listen.to_string(), "[::]:8080");
    assert_eq!(config.log_filter, "warn,sqlx=debug");
    assert!(config.environment.is_production());
    assert_eq!(
        config.frontend_origins,
        ["https://a.example.com", "http://localhost:5173"]
    );
    assert_eq!(config.data_dir.to_str(), Some("/srv/erp"));
    assert_eq!(config.admin.email.unwrap().as_str(), "root@example.com");
    assert!(config.admin.password.is_some());
    assert!(matches!(
        &config.databases,
        Databases::Postgres { admin, servers, .. }
            if admin.expose_secret().ends_with("@db/postgres")
                && servers[1].0.as_str() == "third"
                && servers[1].1.expose_secret().ends_with("@db3/postgres")
    ));
    assert!(config.secrets.enterprise_jwt.is_some());
    assert!(config.secrets.client_jwt.is_some());
    assert!(config.secrets.encryption_key.is_some());
    assert_eq!(config.base_domains.len(), 2);
    assert_eq!(config.max_connections, 20);
    assert_eq!(config.cached_tenants, 50);
    assert_eq!(config.spares, 3);
    assert!(!config.rate_limit);
}

#[test]
fn proxies_are_addresses_or_networks_in_either_notation() {
    let proxies = read(&EVERYTHING).unwrap().trusted_proxies;
    for (address, trusted) in [
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("::1", true),
        ("11.1.2.3", false),
        ("::2", false),
    ] {
        assert_eq!(
            proxies.contains(address.parse().unwrap()),
            trusted,
            "{address}"
        );
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_dot_env() {
    let folder = tempfile::tempdir().unwrap();
    let dot_env = folder.path().join(".env");
    std::fs::write(&dot_env, "HOST=10.0.0.3\nPORT=3\nERP_SPARES=3\n# note\n").unwrap();
    let flags = flags("--host 10.0.0.1");
    let environment = |name: &str| match name {
        "HOST" => Some(OsString::from("10.0.0.2")),
        "PORT" => Some(OsString::from("2")),
        "ERP_SPARES" => Some(OsString::from("")),
        _ => None,
    };
    let sources = Sources::new(flags, environment).with_dot_env(&dot_env);
    let config = Config::read(&sources).unwrap();
    assert_eq!(config.listen.to_string(), "10.0.0.1:2");
    assert_eq!(config.spares, 3, "an empty variable counts as not given");
}

#[test]
fn a_missing_dot_env_is_none_and_a_broken_one_is_said_without_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let dot_env = folder.path().join(".env");
    let read = || Config::read(&Sources::default().with_dot_env(&dot_env));
    assert!(read().is_ok());

    std::fs::write(&dot_env, "PORT=3\nCLIENT_JWT_SECRET is canary-1\n").unwrap();
    assert_eq!(
        read().unwrap_err().complaints[0].to_string(),
        "the file .env cannot be read: after PORT a line is not NAME=value."
    );
}

#[test]
fn what_is_not_acceptable_is_named_with_what_is_expected() {
    let table = [
        ("HOST", "nowhere", "an IP address"),
        ("PORT", "65536", "a port from 0 to 65535"),
        ("LOG_LEVEL", "verbose", "error, warn, info"),
        ("LOG_LEVEL", "info,sqlx=loud", "error, warn, info"),
        ("APP_ENV", "prod", "development, production or test"),
        ("FRONTEND_URL", "*", "an origin"),
        ("FRONTEND_URL", "https://a.example.com/app", "an origin"),
        ("FRONTEND_URL", "https://*.example.com", "an origin"),
        ("FRONTEND_URL", "https://me@a.example.com", "an origin"),
        ("FRONTEND_URL", "file:///tmp", "an origin"),
        ("ERP_ADMIN_EMAIL", "admin", "an e-mail address"),
        ("ERP_ADMIN_EMAIL", "a@b@c", "an e-mail address"),
        ("ERP_BASE_DOMAINS", "https://example.com", "a domain"),
        (
            "ERP_TRUSTED_PROXIES",
            "10.0.0.0/33",
            "an address or network",
        ),
        (
            "ERP_MAX_CONNECTIONS",
            "0",
            "a whole number from 1 to 100000",
        ),
        (
            "ERP_CACHED_TENANTS",
            "-1",
            "a whole number from 1 to 1000000",
        ),
        ("ERP_SPARES", "many", "a whole number from 0 to 1000"),
        ("RATE_LIMIT", "true", "on or off"),
    ];
    for (variable, value, expected) in table {
        let complaints = complaints(&[(variable, value)]);
        assert_eq!(complaints.len(), 1, "{variable}={value}");
        let start = format!("{variable} is {value:?}, but must be {expected}");
        assert!(complaints[0].starts_with(&start), "{}", complaints[0]);
    }
}

#[test]
fn secrets_that_are_not_acceptable_are_named_but_not_shown() {
    let table = [
        ("ENTERPRISE_JWT_SECRET", "canary-short", "at least 32 bytes"),
        ("CLIENT_JWT_SECRET", "canary-short", "at least 32 bytes"),
        (
            "DB_ENCRYPTION_KEY",
            "canary-not-a-key",
            "32 bytes in base64url",
        ),
        ("ERP_ADMIN_PASSWORD", "canary", "12 to 1024 bytes"),
        (
            "ENTERPRISE_DATABASE_URL",
            "mysql://canary@h/d",
            "a URL such as postgres://",
        ),
        ("ERP_SERVERS", "canary", "names and URLs"),
        ("ERP_SERVERS", "a=mysql://canary@h/d", "names and URLs"),
        ("ERP_SERVERS", "A=postgres://canary@h/d", "names and URLs"),
        (
            "ERP_SERVERS",
            "main=postgres://canary@h/d",
            "names and URLs",
        ),
        (
            "ERP_SERVERS",
            "a=postgres://canary@h/d a=postgres://canary@i/d",
            "names and URLs",
        ),
        (
            "ENTERPRISE_DATABASE_URL",
            "postgres://canary@h",
            "a URL such as postgres://",
        ),
    ];
    for (variable, value, expected) in table {
        let complaints = complaints(&[(variable, value)]);
        assert_eq!(complaints.len(), 1, "{variable}");
        let start = format!("{variable} is not usable: it must be {expected}");
        assert!(complaints[0].starts_with(&start), "{}", complaints[0]);
        assert!(!complaints[0].contains("canary"));
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let complaints = complaints(&[
        ("PORT", "x"),
        ("RATE_LIMIT", "x"),
        ("CLIENT_JWT_SECRET", "x"),
    ]);
    assert_eq!(complaints.len(), 3);
}

#[test]
fn the_two_realms_may_not_share_a_secret() {
    let complaints = complaints(&[("ENTERPRISE_JWT_SECRET", LONG), ("CLIENT_JWT_SECRET", LONG)]);
    assert_eq!(
        complaints,
        ["CLIENT_JWT_SECRET is not usable: it must be another than ENTERPRISE_JWT_SECRET."]
    );
}

#[test]
fn production_says_all_that_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let production = [("APP_ENV", "production"), ("ERP_DATA_DIR", data_dir)];
    let missing = |environment: &[(&str, &str)]| -> Vec<String> {
        let complaints = complaints(environment);
        let words = complaints
            .iter()
            .filter_map(|text| text.split_once(" is missing: "));
        words.map(|(variable, _)| variable.to_owned()).collect()
    };
    assert_eq!(
        missing(&production),
        [
            "ENTERPRISE_JWT_SECRET",
            "CLIENT_JWT_SECRET",
            "DB_ENCRYPTION_KEY",
            "ERP_ADMIN_EMAIL",
            "ERP_ADMIN_PASSWORD",
        ]
    );

    std::fs::write(folder.path().join("catalog.db"), "").unwrap();
    let later = [&production[..], &[("CLIENT_JWT_SECRET", LONG)]].concat();
    assert_eq!(
        missing(&later),
        ["ENTERPRISE_JWT_SECRET", "DB_ENCRYPTION_KEY"]
    );
}

#[test]
fn a_first_start_on_postgres_is_checked_when_it_is_known_to_be_one() {
    let mut environment = vec![
        ("APP_ENV", "production"),
        (
            "ENTERPRISE_DATABASE_URL",
            "postgres://u:p@db:5433/enterprise_db",
        ),
        ("ENTERPRISE_JWT_SECRET", LONG),
        ("CLIENT_JWT_SECRET", OTHER),
        ("DB_ENCRYPTION_KEY", KEY),
        ("ERP_ADMIN_EMAIL", "root@example.com"),
    ];
    let error = read(&environment).unwrap().check_first_start().unwrap_err();
    assert_eq!(error.complaints.len(), 1);
    assert!(error.to_string().contains("ERP_ADMIN_PASSWORD is missing"));

    environment.push(("ERP_ADMIN_PASSWORD", "a long password"));
    assert!(read(&environment).unwrap().check_first_start().is_ok());
    assert!(read(&[]).unwrap().check_first_start().is_ok());
}

#[test]
fn the_admin_connection_is_by_default_the_catalogs_to_the_database_postgres() {
    let url = "postgres://u:p@db:5433/enterprise_db?sslmode=require";
    let config = read(&[("ENTERPRISE_DATABASE_URL", url)]).unwrap();
    let Databases::Postgres { admin, .. } = config.databases else {
        panic!("{:?}", config.databases);
    };
    assert_eq!(
        admin.expose_secret(),
        "postgres://u:p@db:5433/postgres?sslmode=require"
    );
    let complaints = complaints(&[("ADMIN_DATABASE_URL", url)]);
    assert!(complaints[0].starts_with("ENTERPRISE_DATABASE_URL is missing"));
}

#[test]
fn more_servers_need_a_catalog_on_postgres() {
    let complaints = complaints(&[("ERP_SERVERS", "second=postgres://u:p@db/postgres")]);
    assert!(complaints[0].starts_with("ENTERPRISE_DATABASE_URL is missing"));
}

#[test]
fn no_secret_shows_when_the_configuration_is_printed() {
    let environment = [
        (
            "ENTERPRISE_DATABASE_URL",
            "postgres://u:canary-1@db/enterprise_db",
        ),
        (
            "ENTERPRISE_JWT_SECRET",
            "canary-2-canary-2-canary-2-canary-2",
        ),
        ("CLIENT_JWT_SECRET", "canary-3-canary-3-canary-3-canary-3"),
        ("DB_ENCRYPTION_KEY", KEY),
        ("ERP_ADMIN_PASSWORD", "canary-4-canary-4"),
    ];
    let sources = sources(&environment);
    let flags = flags("--client-jwt-secret canary-5");
    let printed = format!(
        "{sources:?} {:?} {flags:?}",
        Config::read(&sources).unwrap()
    );
    assert!(!printed.contains("canary"), "{printed}");
    assert!(!printed.contains(KEY), "{printed}");
}

const IN_FORCE: [(&str, &str, Origin); 10] = [
    ("PORT", "8080", Origin::Flag),
    ("LOG_LEVEL", "warn", Origin::Default),
    ("HOST", "127.0.0.1", Origin::Default),
    ("ERP_SPARES", "3", Origin::DotEnv),
    (
        "ERP_TRUSTED_PROXIES",
        "10.0.0.0/8,::1/128",
        Origin::Environment,
    ),
    ("CLIENT_JWT_SECRET", "[redacted]", Origin::DotEnv),
    (
        "ENTERPRISE_JWT_SECRET",
        "in ./data/keys/enterprise-jwt",
        Origin::Default,
    ),
    (
        "ENTERPRISE_DATABASE_URL",
        "postgres://u:[redacted]@db:5433/enterprise_db",
        Origin::Environment,
    ),
    (
        "ADMIN_DATABASE_URL",
        "postgres://u:[redacted]@db:5433/postgres",
        Origin::Default,
    ),
    (
        "ERP_SERVERS",
        "second=postgres://c:[redacted]@db2/postgres",
        Origin::Environment,
    ),
];

#[test]
fn what_is_in_force_is_told_with_its_source_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let dot_env = folder.path().join(".env");
    std::fs::write(
        &dot_env,
        "ERP_SPARES=3\nCLIENT_JWT_SECRET=canary-2-canary-2-canary-2-canary-2\n",
    )
    .unwrap();
    let environment = |name: &str| match name {
        "ENTERPRISE_DATABASE_URL" => Some(OsString::from(
            "postgres://u:canary-1@db:5433/enterprise_db?password=canary-3",
        )),
        "ERP_TRUSTED_PROXIES" => Some(OsString::from("10.0.0.0/8, ::1")),
        "ERP_SERVERS" => Some(OsString::from(
            "second=postgres://c:canary-6@db2/postgres?password=canary-7",
        )),
        _ => None,
    };
    let flags = flags("--port 8080");
    let sources = Sources::new(flags, environment).with_default("LOG_LEVEL", "warn");
    let sources = sources.with_dot_env(&dot_env);
    let settings = Config::read(&sources).unwrap().in_force(&sources);
    for (name, value, source) in IN_FORCE {
        let setting = settings.iter().find(|setting| setting.name == name);
        let setting = setting.unwrap();
        assert_eq!((&*setting.value, setting.source), (value, source), "{name}");
    }
    assert_eq!(settings.len(), Flags::VARIABLES.len());
    assert!(!format!("{settings:?}").contains("canary"), "{settings:?}");
}
