//! The program itself, as people start it.
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

const LONG: Duration = Duration::from_secs(20);

fn erp_server(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_erp-server"));
    command
        .env_clear()
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// One run of the server: where it listens, until it is ended.
struct Run {
    child: Child,
    /// Kept open, since a server that cannot log is another test.
    log: Lines<BufReader<ChildStderr>>,
    address: String,
}

impl Run {
    async fn start(folder: &Path) -> Self {
        let mut child = erp_server(folder).env("PORT", "0").spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let listening = listening(&mut log);
        let address = tokio::time::timeout(LONG, listening).await.unwrap();
        Self {
            child,
            log,
            address,
        }
    }

    async fn get(&self, path: &str) -> u16 {
        let url = format!("http://{}{path}", self.address);
        reqwest::get(url).await.unwrap().status().as_u16()
    }

    /// Ends it, and gives its exit code and what it has printed.
    async fn end(mut self) -> (Option<i32>, String) {
        let pid = Pid::from_raw(self.child.id().unwrap().try_into().unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        let rest = async { while self.log.next_line().await.unwrap().is_some() {} };
        tokio::time::timeout(LONG, rest).await.unwrap();
        let output = self.child.wait_with_output().await.unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    }
}

async fn listening(log: &mut Lines<BufReader<ChildStderr>>) -> String {
    loop {
        let line = log.next_line().await.unwrap();
        let line = line.expect("it ended before it listened");
        if let Some((_, address)) = line.split_once("address=") {
            return address.to_owned();
        }
    }
}

#[tokio::test]
async fn it_starts_in_an_empty_folder_answers_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::start(folder.path()).await;
    assert_eq!(run.get("/livez").await, 200);
    assert_eq!(run.get("/api/health").await, 200);
    assert!(folder.path().join("data/keys/db-encryption").exists());
    assert_eq!(run.end().await.0, Some(0));
}

#[tokio::test]
async fn the_first_start_shows_how_to_go_on_and_no_later_one() {
    let folder = tempfile::tempdir().unwrap();
    let first = Run::start(folder.path()).await;
    assert_eq!(first.get("/readyz").await, 200);
    let (_, printed) = first.end().await;
    assert!(
        printed.contains("The first platform admin is "),
        "{printed}"
    );
    assert!(printed.contains("it is shown this once"), "{printed}");

    let second = Run::start(folder.path()).await;
    assert_eq!(second.get("/readyz").await, 200);
    assert_eq!(second.end().await, (Some(0), String::new()));
}

async fn refusal(command: &mut Command) -> String {
    let output = tokio::time::timeout(LONG, command.output())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn in_production_it_says_what_is_missing_and_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let text = refusal(erp_server(folder.path()).env("APP_ENV", "production")).await;
    for variable in [
        "ENTERPRISE_JWT_SECRET",
        "CLIENT_JWT_SECRET",
        "DB_ENCRYPTION_KEY",
        "ERP_ADMIN_EMAIL",
        "ERP_ADMIN_PASSWORD",
    ] {
        assert!(
            text.contains(&format!("- {variable} is missing: ")),
            "{text}"
        );
    }
    assert!(!folder.path().join("data").exists(), "nothing is made");
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text = refusal(erp_server(folder.path()).args(["--port", &port])).await;
    assert!(
        text.contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{text}"
    );
    assert!(text.contains("because: "), "{text}");
}

#[tokio::test]
async fn settings_are_read_from_dot_env_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "PORT=none\n").unwrap();
    let text = refusal(&mut erp_server(folder.path())).await;
    assert!(
        text.contains("PORT is \"none\", but must be a port"),
        "{text}"
    );
}

/// What the server says until it answers, with this secret for the tokens of clients' users.
async fn said_at_the_start(folder: &Path, secret: &str) -> String {
    let mut command = erp_server(folder);
    command.env("PORT", "0").env("CLIENT_JWT_SECRET", secret);
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = listening(&mut log).await;
    let answer = reqwest::get(format!("http://{address}/livez")).await;
    assert_eq!(answer.unwrap().status(), 200);
    child.kill().await.unwrap();
    let mut said = String::new();
    while let Some(line) = log.next_line().await.unwrap() {
        said += &line;
    }
    said
}

#[tokio::test]
async fn it_is_said_once_that_tokens_are_signed_under_another_key_than_before() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = ("1".repeat(32), "2".repeat(32));
    for (secret, is_another) in [
        (&one, false),
        (&one, false),
        (&other, true),
        (&other, false),
    ] {
        let said = said_at_the_start(folder.path(), secret).await;
        let told = said.contains("under another key than before") && said.contains("client");
        assert_eq!(told, is_another, "{said}");
    }
}
