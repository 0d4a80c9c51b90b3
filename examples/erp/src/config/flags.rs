use clap::Args;
use secrecy::SecretString;

macro_rules! settings {
    ($($field:ident, $variable:ident, $help:literal;)+) => {
        /// Every setting as a flag, before or after a command, named like its variable in lower
        /// case with hyphens (`ERP_DATA_DIR` is `--erp-data-dir`).
        ///
        /// All values are kept as secrets, since some are.
        #[derive(Default, Debug, Clone, Args)]
        pub struct Flags {
            $(
                #[arg(
                    long,
                    global = true,
                    hide_short_help = true,
                    help_heading = "Settings",
                    value_name = "VALUE",
                    help = concat!($help, " [env: ", stringify!($variable), "]")
                )]
                $field: Option<SecretString>,
            )+
        }

        impl Flags {
            /// The environment's names of all settings.
            pub const VARIABLES: &'static [&'static str] = &[$(stringify!($variable),)+];

            pub(super) fn get(&self, variable: &str) -> Option<&SecretString> {
                match variable {
                    $(stringify!($variable) => self.$field.as_ref(),)+
                    _ => None,
                }
            }
        }
    };
}

settings! {
    host, HOST, "Address to listen on [default: 127.0.0.1]";
    port, PORT, "Port to listen on, 0 for a free one [default: 3001]";
    log_level, LOG_LEVEL, "error, warn, info, debug, trace, or a filter such as info,sqlx=debug [default: info]";
    app_env, APP_ENV, "development, production or test [default: development]";
    frontend_url, FRONTEND_URL, "Origins that browsers may call from, comma-separated [default: none]";
    erp_data_dir, ERP_DATA_DIR, "Folder for SQLite files and generated keys [default: ./data]";
    erp_admin_email, ERP_ADMIN_EMAIL, "E-mail of the first platform admin";
    erp_admin_password, ERP_ADMIN_PASSWORD, "Password of the first platform admin";
    enterprise_database_url, ENTERPRISE_DATABASE_URL, "Postgres database of the catalog [default: SQLite in the data folder]";
    admin_database_url, ADMIN_DATABASE_URL, "Postgres connection that may create databases and roles [default: the catalog's, to the database postgres]";
    enterprise_jwt_secret, ENTERPRISE_JWT_SECRET, "Signs the tokens of platform staff, at least 32 bytes";
    client_jwt_secret, CLIENT_JWT_SECRET, "Signs the tokens of clients' users, at least 32 bytes";
    db_encryption_key, DB_ENCRYPTION_KEY, "Encrypts secrets at rest, 32 bytes in base64url";
    erp_base_domains, ERP_BASE_DOMAINS, "Domains under which clients have subdomains, comma-separated [default: localhost, in production none]";
    erp_trusted_proxies, ERP_TRUSTED_PROXIES, "Addresses or networks whose Forwarded, X-Forwarded-Host and X-Forwarded-For count, comma-separated [default: none]";
    erp_servers, ERP_SERVERS, "More Postgres servers for clients' databases, name=URL each, separated by spaces [default: none]";
    erp_max_connections, ERP_MAX_CONNECTIONS, "Open connections per database server, over all nodes [default: 60]";
    erp_cached_tenants, ERP_CACHED_TENANTS, "Clients kept in memory [default: 10000]";
    erp_spares, ERP_SPARES, "Databases made ahead for new clients [default: 0]";
    rate_limit, RATE_LIMIT, "on or off [default: on]";
}
