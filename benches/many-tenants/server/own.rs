//! A throwaway server on the loopback.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use url::Url;

use super::programs;
use super::user::ServerUser;

/// A role as a platform has it in production: no superuser.
const ROLE: &str = "platform";
/// How long the server may take to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// As delivered, but for durability, which no figure here depends on.
const SETTINGS: [&str; 4] = [
    "listen_addresses=127.0.0.1",
    "max_connections=100",
    "fsync=off",
    "full_page_writes=off",
];

/// A server of our own. Its files go when this is dropped.
pub(crate) struct OwnServer {
    programs: PathBuf,
    user: ServerUser,
    trusting: bool,
    password: String,
    child: Option<Child>,
    // Last, so that it goes after the child.
    folder: TempDir,
}

impl OwnServer {
    /// A server that does not run yet.
    pub(super) fn new(trusting: bool) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("many-tenants.").tempdir()?;
        let user = ServerUser::choose()?;
        user.own(folder.path())?;
        Ok(Self {
            programs: programs::find()?,
            user,
            trusting,
            password: password()?,
            child: None,
            folder,
        })
    }

    /// Makes it, starts it and makes the role that is used.
    pub(super) async fn start(&mut self) -> Result<Url> {
        self.initialize().await?;
        let port = free_port()?;
        self.launch(port)?;
        self.make_role(port).await?;
        let url = format!(
            "postgres://{ROLE}:{}@127.0.0.1:{port}/postgres",
            self.password
        );
        Ok(url.parse()?)
    }

    async fn initialize(&self) -> Result<()> {
        let password = self.folder.path().join("password");
        fs::write(&password, &self.password)?;
        self.user.own(&password)?;
        let method = if self.trusting {
            "trust"
        } else {
            "scram-sha-256"
        };
        let mut initdb = self.command("initdb");
        initdb.args(["--pgdata=data", "--username=postgres", "--pwfile=password"]);
        initdb.args([
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]);
        let status = initdb.arg(format!("--auth={method}")).status().await?;
        if !status.success() {
            bail!("initdb failed: {}", self.log("initdb"));
        }
        Ok(())
    }

    fn launch(&mut self, port: u16) -> Result<()> {
        let mut postgres = self.command("postgres");
        postgres.args(["-D", "data"]);
        for setting in SETTINGS {
            postgres.args(["-c", setting]);
        }
        postgres.args(["-c", &format!("port={port}")]);
        postgres.args([
            "-c",
            &format!("unix_socket_directories={}", self.folder.path().display()),
        ]);
        self.child = Some(postgres.spawn().context("starting postgres")?);
        Ok(())
    }

    /// A program of the server's in its own folder, which logs to a file there. The kernel ends it
    /// when this process is killed, where `setpriv` can arrange that.
    fn command(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match Path::new("/usr/bin/setpriv") {
            setpriv if setpriv.is_file() => {
                let mut command = self.user.command(setpriv);
                command.args(["--pdeathsig", "INT"]).arg(program);
                command
            }
            _ => self.user.command(&program),
        };
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Ok(log) = File::create(self.log_file(name)) {
            let errors = log.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
            command.stdout(log).stderr(errors);
        }
        command
    }

    fn log_file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.log_file(name)).unwrap_or_default()
    }

    async fn make_role(&mut self, port: u16) -> Result<()> {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .username("postgres")
            .password(&self.password)
            .database("postgres");
        let mut superuser = self.first_connection(&options).await?;
        let statement = format!(
            "CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE PASSWORD '{}'",
            self.password
        );
        superuser.execute(AssertSqlSafe(statement)).await?;
        Ok(superuser.close().await?)
    }

    /// Connects as soon as the server lets us. Another that took the port would refuse our password.
    async fn first_connection(&mut self, options: &PgConnectOptions) -> Result<PgConnection> {
        let answered = timeout(PATIENCE, async {
            loop {
                if let Some(child) = &mut self.child
                    && child.try_wait()?.is_some()
                {
                    bail!("it ended at once");
                }
                match PgConnection::connect_with(options).await {
                    Ok(connection) => return Ok(connection),
                    Err(_) => sleep(Duration::from_millis(50)).await,
                }
            }
        });
        let answered = answered
            .await
            .unwrap_or_else(|_| bail!("it does not answer"));
        answered.with_context(|| format!("Postgres did not start: {}", self.log("postgres")))
    }

    /// Ends it: fast, then at once.
    pub(super) async fn stop(mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        for signal in [Signal::SIGINT, Signal::SIGQUIT] {
            let Some(id) = child.id() else {
                return Ok(());
            };
            kill(Pid::from_raw(i32::try_from(id)?), signal)?;
            if timeout(PATIENCE, child.wait()).await.is_ok() {
                return Ok(());
            }
        }
        Ok(child.kill().await?)
    }
}

fn password() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
