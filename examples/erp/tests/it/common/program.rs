//! The program itself, as people start it, on either engine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use multitenant_core::catalog::SqlCatalog;
use multitenant_core::on;
use multitenant_core::testing::Place as Databases;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::LONG;

pub const ADMIN: &str = "root@example.com";
pub const PASSWORD: &str = "a password for tests";

/// Where the databases of one test are.
pub enum Place {
    Sqlite(TempDir),
    Postgres { folder: TempDir, server: Databases },
}

/// Runs each test body on both engines.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($place:ident: Place) $body:block)+) => {
        $crate::on_both_engines!(@module postgres, $($(#[$attribute])* $name, $place, $body;)+);
        $crate::on_both_engines!(@module sqlite, $($(#[$attribute])* $name, $place, $body;)+);
    };
    (@module $engine:ident, $($(#[$attribute:meta])* $name:ident, $place:ident, $body:block;)+) => {
        mod $engine {
            use super::*;
            $(
                $(#[$attribute])*
                #[tokio::test]
                async fn $name() {
                    let place = $crate::common::program::Place::$engine();
                    {
                        let $place = &place;
                        $body
                    }
                    place.clear().await;
                }
            )+
        }
    };
}

fn server_url() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("set TEST_POSTGRES_URL, or run the tests by scripts/test, which starts a server")
}

/// Where the test server listens.
pub fn server_address() -> String {
    let options: PgConnectOptions = server_url().parse().unwrap();
    format!("{}:{}", options.get_host(), options.get_port())
}

/// The settings by which the databases of a place are reached at another address.
pub fn through(place: &Place, address: SocketAddr) -> Vec<(&'static str, String)> {
    let Place::Postgres { server, .. } = place else {
        panic!("files are not reached through an address");
    };
    let moved = |url: &str| url.replace(&server_address(), &address.to_string());
    let catalog = server.catalog_url();
    vec![
        ("ENTERPRISE_DATABASE_URL", moved(catalog.expose_secret())),
        ("ADMIN_DATABASE_URL", moved(&server_url())),
    ]
}

impl Place {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub fn postgres() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Databases::postgres(server_url());
        Self::Postgres { folder, server }
    }

    fn folder(&self) -> &TempDir {
        match self {
            Self::Sqlite(folder) | Self::Postgres { folder, .. } => folder,
        }
    }

    /// The server's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder().path().join("data")
    }

    /// The command that starts the server on this place.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_erp-server"));
        command
            .env_clear()
            .current_dir(self.folder().path())
            .env("PORT", "0")
            .env("RATE_LIMIT", "off")
            .env("ERP_ADMIN_EMAIL", ADMIN)
            .env("ERP_ADMIN_PASSWORD", PASSWORD)
            .env("ERP_BASE_DOMAINS", "example.com")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Self::Postgres { server, .. } = self {
            let catalog = server.catalog_url();
            command
                .env("ENTERPRISE_DATABASE_URL", catalog.expose_secret())
                .env("ADMIN_DATABASE_URL", server_url());
        }
        command
    }

    /// Starts the server and waits until it listens.
    pub async fn start(&self) -> Program {
        self.start_with(&[]).await
    }

    /// The same with other settings.
    pub async fn start_with(&self, settings: &[(&str, String)]) -> Program {
        let mut command = self.command();
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        self.start_by(command).await
    }

    /// The same by a command of one's own.
    pub async fn start_by(&self, mut command: Command) -> Program {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (address, log) = tokio::time::timeout(LONG, listening(lines)).await.unwrap();
        Program {
            child,
            address,
            _log: log,
        }
    }

    /// How many databases of tenants there are.
    pub async fn databases(&self, tenants: &[String]) -> usize {
        let mut found = 0;
        for tenant in tenants {
            found += usize::from(self.has_database(tenant).await);
        }
        found
    }

    async fn has_database(&self, tenant: &str) -> bool {
        let simple = tenant.replace('-', "");
        match self {
            Self::Sqlite(folder) => std::fs::read_dir(folder.path().join("data/tenants"))
                .unwrap()
                .any(|file| {
                    file.unwrap()
                        .file_name()
                        .to_string_lossy()
                        .contains(&simple)
                }),
            Self::Postgres { server, .. } => {
                let provisioner = server.provisioner().unwrap();
                let found = provisioner.inspect(tenant.parse().unwrap()).await.unwrap();
                found.database.is_some()
            }
        }
    }

    /// Every tenant that was ever reserved, as the audit rows tell.
    pub async fn ever_reserved(&self) -> Vec<String> {
        const RESERVED: &str =
            "SELECT entity_id FROM mt_audit_logs WHERE action = 'tenant.reserve'";
        let url = match self {
            Self::Sqlite(folder) => {
                let path = folder.path().join("data/catalog.db");
                format!("sqlite://{}", path.display()).into()
            }
            Self::Postgres { server, .. } => server.catalog_url(),
        };
        let catalog = SqlCatalog::open(&url).await.unwrap();
        let tenants = on!(catalog.pool(), pool =>
            sqlx::query_scalar(RESERVED).fetch_all(pool).await.unwrap());
        catalog.close().await;
        tenants
    }

    /// Deletes whatever is left on the server.
    pub async fn clear(&self) {
        if let Self::Postgres { server, .. } = self {
            server.clear().await.unwrap();
        }
    }
}

type Log = tokio::task::JoinHandle<()>;

async fn listening(
    mut lines: tokio::io::Lines<BufReader<tokio::process::ChildStderr>>,
) -> (String, Log) {
    let mut seen = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(address) = listens_at(&line) {
            // Whoever writes to a pipe that nobody reads is stopped by it.
            let log =
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (address, log);
        }
        seen.push(line);
    }
    panic!("the server ended before it listened: {seen:#?}");
}

/// In production a line is JSON.
fn listens_at(line: &str) -> Option<String> {
    if let Ok(line) = serde_json::from_str::<Value>(line) {
        let listens = line["message"] == "listening";
        return line["address"]
            .as_str()
            .filter(|_| listens)
            .map(str::to_owned);
    }
    let (_, address) = line.split_once("listening address=")?;
    Some(address.trim().to_owned())
}

/// A server that runs.
pub struct Program {
    child: Child,
    pub address: String,
    _log: Log,
}

pub struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl Program {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        reqwest::Client::new().request(method, url).timeout(LONG)
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    pub fn get(&self, path: &str, token: &str) -> RequestBuilder {
        self.request(Method::GET, path).bearer_auth(token)
    }

    /// Signs the platform admin in.
    pub async fn admin(&self) -> String {
        let credentials = json!({"email": ADMIN, "password": PASSWORD});
        let answer = answer(self.post("/api/enterprise/auth/login", &credentials)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        text(&answer.body["token"])
    }

    pub fn new_client(&self, admin: &str, slug: &str) -> RequestBuilder {
        let body = json!({
            "name": slug, "slug": slug, "adminEmail": "ann@example.com", "adminName": "Ann",
        });
        self.post("/api/enterprise/clients", &body)
            .bearer_auth(admin)
    }

    pub async fn sign_in(&self, tenant: &str, password: &str) -> Answer {
        let credentials = json!({"email": "ann@example.com", "password": password});
        let request = self.post("/api/client/auth/login", &credentials);
        answer(request.header("x-tenant-id", tenant)).await
    }

    /// Makes a client whose first admin has chosen a password; returns the client's id.
    pub async fn client_at_work(&self, admin: &str, slug: &str, password: &str) -> String {
        let made = answer(self.new_client(admin, slug)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let temporary = text(&made.body["admin"]["temporaryPassword"]);
        let signed_in = self.sign_in(slug, &temporary).await;
        let change = json!({"currentPassword": temporary, "newPassword": password});
        let request = self.post("/api/client/auth/password", &change);
        let changed = answer(request.bearer_auth(text(&signed_in.body["token"]))).await;
        assert_eq!(changed.status, 204, "{}", changed.body);
        text(&made.body["client"]["id"])
    }

    /// Signs the client's first admin in; returns the token.
    pub async fn user(&self, tenant: &str, password: &str) -> String {
        let signed_in = self.sign_in(tenant, password).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.body);
        text(&signed_in.body["token"])
    }

    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        kill(Pid::from_raw(id), signal).unwrap();
    }

    pub async fn has_ended(&mut self) -> ExitStatus {
        tokio::time::timeout(LONG, self.child.wait())
            .await
            .unwrap()
            .unwrap()
    }

    /// Waits until it serves, ends it, and gives what it has printed to a pipe.
    pub async fn printed(mut self) -> String {
        let ready = answer(self.request(Method::GET, "/readyz")).await;
        assert_eq!(ready.status, 200);
        self.signal(Signal::SIGTERM);
        let mut printed = String::new();
        let mut pipe = self.child.stdout.take().unwrap();
        let read = tokio::io::AsyncReadExt::read_to_string(&mut pipe, &mut printed);
        tokio::time::timeout(LONG, read).await.unwrap().unwrap();
        assert!(self.has_ended().await.success());
        printed
    }

    pub async fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        assert!(self.has_ended().await.success());
    }
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    let status = response.status();
    let body = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Answer {
        status,
        retry_after,
        body,
    }
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
        .to_owned()
}

/// Waits until something holds, for as long as it may take.
pub async fn eventually(what: &str, within: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(
            began.elapsed() < within,
            "within {within:?} it did not come about that {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
