use std::path::Path;

use multitenant_core::ServerId;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::parse;
use super::reader::Reader;

/// Where the catalog and the clients' databases live.
#[derive(Debug, Clone)]
pub enum Databases {
    /// In files below the data folder.
    Sqlite,
    /// On a Postgres server.
    Postgres {
        /// The URL of the catalog's database, which is made if it is missing.
        catalog: SecretString,
        /// The URL of a connection that may create databases and roles.
        admin: SecretString,
        /// The same for each further server that holds clients' databases, by name.
        servers: Vec<(ServerId, SecretString)>,
    },
}

const SERVERS: &str = "names and URLs such as second=postgres://user:password@host/postgres, several \
     separated by spaces; a name is of lower-case letters, digits and hyphens, and not main";
const EXPECTED: &str = "a URL such as postgres://user:password@host:5432/enterprise_db";

impl Databases {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const CATALOG: &str = "ENTERPRISE_DATABASE_URL";
        const ADMIN: &str = "ADMIN_DATABASE_URL";
        let catalog = reader.secret(CATALOG, EXPECTED, parse::is_postgres_url);
        let admin = reader.secret(ADMIN, EXPECTED, parse::is_postgres_url);
        let given = reader.secret("ERP_SERVERS", SERVERS, |text| {
            parse::servers(text).is_some()
        });
        let servers = given.and_then(|given| parse::servers(given.expose_secret()));
        match (catalog, admin) {
            (None, None) => {
                if servers.is_some() {
                    reader.require(CATALOG, "ERP_SERVERS is given and needs it beside");
                }
                Self::Sqlite
            }
            (Some(catalog), admin) => Self::Postgres {
                admin: admin.unwrap_or_else(|| to_maintenance_database(&catalog)),
                catalog,
                servers: servers.unwrap_or_default(),
            },
            (None, Some(_)) => {
                reader.require(CATALOG, "ADMIN_DATABASE_URL is given and needs it beside");
                Self::Sqlite
            }
        }
    }

    /// Whether there cannot be a platform admin yet, as far as can be told without a connection.
    pub(super) fn are_surely_new(&self, data_dir: &Path) -> bool {
        matches!(self, Self::Sqlite) && !data_dir.join("catalog.db").exists()
    }
}

/// The same server and person, in the database that every server has.
fn to_maintenance_database(url: &SecretString) -> SecretString {
    match Url::parse(url.expose_secret()) {
        Ok(mut url) => {
            url.set_path("/postgres");
            SecretString::from(String::from(url))
        }
        Err(_) => url.clone(), // not reached: it was parsed before
    }
}
