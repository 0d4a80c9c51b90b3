use std::future::Future;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, PgPool, Postgres};
use url::Url;

use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::names::{DatabaseName, DatabaseRole};
use crate::engine::provisioner::password::LoginPassword;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The parts of the admin URL's query that say how to reach the server, not who one is.
const TLS_PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
];

/// The admin role's way to the server. Has no `Debug`: the connect options hold the password.
pub(super) struct Admin {
    options: PgConnectOptions,
    server: Url,
    pool: PgPool,
}

impl Admin {
    pub(super) fn new(url: &SecretString) -> Result<Self, ProvisionerError> {
        let url: Url = url
            .expose_secret()
            .parse()
            .map_err(|error: url::ParseError| ProvisionerError::AdminUrl(error.into()))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(ProvisionerError::AdminUrl("not a postgres:// URL".into()));
        }
        let options = admin_options(&url)?;
        Ok(Self {
            server: server_url(&url, &options)?,
            // Timers would need a runtime here already, and idle connections are few.
            pool: PgPoolOptions::new()
                .max_connections(2)
                .acquire_timeout(CONNECT_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_connect(|connection, _| Box::pin(give_up_in_time(connection)))
                .after_release(|connection, _| Box::pin(unlock(connection)))
                .connect_lazy_with(options.clone()),
            options,
        })
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection that holds the lock of this name until it is back in the pool.
    ///
    /// Where a caller goes away, or its process is killed, the server still ends the statement that
    /// runs. The lock ends after it, since one session has both, so whoever tries again finds either
    /// nothing of that statement or all.
    pub(super) async fn locked(
        &self,
        step: Step,
        name: &str,
    ) -> Result<PoolConnection<Postgres>, ProvisionerError> {
        let mut connection = self.pool.acquire().await.during(step)?;
        lock(&mut connection, step, name).await?;
        Ok(connection)
    }

    /// A connection of its own to one database, as the admin.
    pub(super) async fn connect(
        &self,
        step: Step,
        database: &str,
    ) -> Result<PgConnection, ProvisionerError> {
        in_time(step, self.options.clone().database(database).connect()).await
    }

    /// A connection of its own to the admin's database.
    pub(super) async fn connect_apart(&self, step: Step) -> Result<PgConnection, ProvisionerError> {
        in_time(step, self.options.connect()).await
    }

    /// A connection of its own to one database, as another login.
    pub(super) async fn connect_as(
        &self,
        step: Step,
        database: &DatabaseName,
        login: (&DatabaseRole, &LoginPassword),
        lock_timeout: Duration,
    ) -> Result<PgConnection, ProvisionerError> {
        let options = self.options_as(database, login, lock_timeout);
        in_time(step, options.connect()).await
    }

    /// The same for an application's own function, at most two at once: nothing is open before it is
    /// used.
    pub(super) fn pool_as(
        &self,
        database: &DatabaseName,
        login: (&DatabaseRole, &LoginPassword),
        lock_timeout: Duration,
    ) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(CONNECT_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| Box::pin(be_seen(connection)))
            .connect_lazy_with(self.options_as(database, login, lock_timeout))
    }

    fn options_as(
        &self,
        database: &DatabaseName,
        (login, password): (&DatabaseRole, &LoginPassword),
        lock_timeout: Duration,
    ) -> PgConnectOptions {
        self.options
            .clone()
            .database(database.as_str())
            .username(login.as_str())
            .password(password.expose_secret())
            .options([("lock_timeout", lock_timeout.as_millis().to_string())])
    }

    /// The same with a connection outside the pool, for work that takes long.
    pub(super) async fn locked_apart(
        &self,
        step: Step,
        name: &str,
    ) -> Result<PgConnection, ProvisionerError> {
        let mut connection = self.connect_apart(step).await?;
        lock(&mut connection, step, name).await?;
        Ok(connection)
    }

    /// The URL by which a tenant's login reaches its database on this server.
    pub(super) fn tenant_url(
        &self,
        login: &DatabaseRole,
        password: &LoginPassword,
        database: &DatabaseName,
    ) -> SecretString {
        let mut url = self.server.clone();
        // Neither can fail on a URL that has a host.
        let _ = url.set_username(login.as_str());
        let _ = url.set_password(Some(password.expose_secret()));
        url.set_path(database.as_str());
        SecretString::from(String::from(url))
    }
}

async fn lock(
    connection: &mut PgConnection,
    step: Step,
    name: &str,
) -> Result<(), ProvisionerError> {
    sqlx::query("SELECT pg_advisory_lock(hashtextextended($1, 0))")
        .bind(name)
        .execute(connection)
        .await
        .during(step)?;
    Ok(())
}

/// A node that has gone without a word must not keep its locks for hours, nor another wait for one
/// of them without end.
async fn give_up_in_time(connection: &mut PgConnection) -> sqlx::Result<()> {
    const SETTINGS: &str = "SET lock_timeout = '30s'; SET tcp_user_timeout = '20s'; \
         SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
         SET tcp_keepalives_count = 2";
    sqlx::raw_sql(SETTINGS).execute(connection).await.map(drop)
}

/// Whoever migrates next waits for a connection that a function has, until it is closed.
async fn be_seen(connection: &mut PgConnection) -> sqlx::Result<()> {
    const LOCK: &str =
        "SELECT pg_advisory_lock_shared(hashtextextended('mt_migration function', 0))";
    sqlx::raw_sql(LOCK).execute(connection).await.map(drop)
}

/// Readies a connection for the next caller.
async fn unlock(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::raw_sql("SELECT pg_advisory_unlock_all()")
        .execute(connection)
        .await?;
    Ok(true)
}

/// Runs statements as one transaction and one message (the simple protocol makes a text of several
/// statements a transaction), so that a caller that goes away leaves none open.
pub(super) async fn run(
    connection: &mut PgConnection,
    step: Step,
    script: String,
) -> Result<(), ProvisionerError> {
    sqlx::raw_sql(AssertSqlSafe(script))
        .execute(connection)
        .await
        .during(step)?;
    Ok(())
}

/// Statements during which the admin is a member of the role, and is not before and after.
///
/// The lock keeps two of them from granting the same membership at once, where one would fail.
pub(super) fn as_member_of(role: &DatabaseRole, statements: &str) -> String {
    let (name, quoted) = (role.literal(), role.quoted());
    format!(
        "SELECT pg_advisory_xact_lock(hashtextextended({name}, 0));
         GRANT {quoted} TO CURRENT_USER;
         {statements};
         REVOKE {quoted} FROM CURRENT_USER"
    )
}

/// Whether the server answered with this code (Postgres, appendix A).
pub(super) fn is_code(error: &ProvisionerError, code: &str) -> bool {
    let ProvisionerError::Database { source, .. } = error else {
        return false;
    };
    source
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|found| found == code)
}

async fn in_time(
    step: Step,
    connecting: impl Future<Output = sqlx::Result<PgConnection>>,
) -> Result<PgConnection, ProvisionerError> {
    match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected.during(step),
        Err(_) => Err(ProvisionerError::ConnectTimeout { step }),
    }
}

fn admin_options(url: &Url) -> Result<PgConnectOptions, ProvisionerError> {
    let options = PgConnectOptions::from_url(url)
        .map_err(|error| ProvisionerError::AdminUrl(error.into()))?;
    let options = match options.get_database() {
        Some(_) => options,
        None => options.database("postgres"),
    };
    // `IF EXISTS` and the like would fill the log with notices.
    let options = options.options([("client_min_messages", "warning")]);
    // Verifiers of passwords stand in the statements.
    Ok(options.disable_statement_logging())
}

/// The server's URL without user, password and database. The host stands in the query, where it
/// may also be the folder of a socket or an IPv6 address.
fn server_url(admin: &Url, options: &PgConnectOptions) -> Result<Url, ProvisionerError> {
    let port = options.get_port();
    let mut url = Url::parse(&format!("postgres://localhost:{port}/"))
        .map_err(|error| ProvisionerError::AdminUrl(error.into()))?;
    let host = match options.get_socket() {
        Some(folder) => folder.to_string_lossy(),
        None => options.get_host().into(),
    };
    let tls = admin
        .query_pairs()
        .filter(|(key, _)| TLS_PARAMETERS.contains(&key.as_ref()));
    url.query_pairs_mut()
        .append_pair("host", &host)
        .extend_pairs(tls);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;
    use crate::TenantId;
    use crate::engine::provisioner::names::RolePrefix;

    fn tenant_options(admin_url: &str) -> PgConnectOptions {
        let admin = Admin::new(&SecretString::from(admin_url)).unwrap();
        let tenant = TenantId::generate();
        let url = admin.tenant_url(
            &DatabaseRole::of_tenant(&RolePrefix::default(), tenant),
            &LoginPassword::generate().unwrap(),
            &DatabaseName::of_tenant(tenant),
        );
        PgConnectOptions::from_str(url.expose_secret()).unwrap()
    }

    #[tokio::test]
    async fn connect_data_reaches_the_same_server_whatever_the_spelling_of_the_admin_url() {
        let socket = "/var/run/postgresql";
        let table = [
            (
                "postgres://platform@db.example:5433/postgres",
                "db.example",
                None,
                5433,
            ),
            (
                "postgresql://platform:pw@db.example",
                "db.example",
                None,
                5432,
            ),
            (
                "postgres://platform@x/?hostaddr=::1&port=99",
                "::1",
                None,
                99,
            ),
            (
                "postgres:///postgres?host=/var/run/postgresql&user=platform",
                "",
                Some(socket),
                5432,
            ),
            (
                "postgres://p@%2Fvar%2Frun%2Fpostgresql/postgres",
                "",
                Some(socket),
                5432,
            ),
        ];
        for (url, host, socket, port) in table {
            let options = tenant_options(url);
            match socket {
                None => assert_eq!(options.get_host(), host, "{url}"),
                Some(_) => assert_eq!(
                    options.get_socket().map(|path| path.to_string_lossy()),
                    socket.map(Into::into),
                    "{url}"
                ),
            }
            assert_eq!(options.get_port(), port, "{url}");
        }
    }

    #[tokio::test]
    async fn connect_data_keeps_tls_and_nothing_of_who_the_admin_is() {
        let admin = "postgres://platform:canary@db.example/postgres?sslmode=verify-full\
                     &sslrootcert=/etc/ca.pem&user=platform&password=canary&dbname=postgres\
                     &application_name=canary&options=-c%20canary=1";
        let options = tenant_options(admin);
        assert!(options.get_username().starts_with("mt_t_"));
        assert!(options.get_database().unwrap().starts_with("client_db_"));
        assert_eq!(options.get_application_name(), None);
        assert_eq!(options.get_options(), None);
        let printed = format!("{options:?}");
        assert!(printed.contains("VerifyFull") && printed.contains("/etc/ca.pem"));
        assert!(!printed.contains("canary"));
    }

    #[test]
    fn a_url_of_something_else_is_refused_without_showing_it() {
        for url in [
            "",
            "canary",
            "mysql://canary@x/y",
            "postgres://x:canary@h:70000/d",
        ] {
            let Err(error) = Admin::new(&SecretString::from(url)) else {
                panic!("{url}");
            };
            assert!(
                !format!("{error:?} {error}").contains("canary"),
                "{error:?}"
            );
        }
    }
}
