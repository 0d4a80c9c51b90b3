//! The program itself, as people start it.
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

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

#[tokio::test]
async fn it_starts_in_an_empty_folder_answers_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = erp_server(folder.path()).env("PORT", "0").spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let listening = async {
        while let Some(line) = log.next_line().await.unwrap() {
            if let Some((_, address)) = line.split_once("address=") {
                return address.to_owned();
            }
        }
        panic!("it did not listen");
    };
    let address = tokio::time::timeout(LONG, listening).await.unwrap();
    let alive = reqwest::get(format!("http://{address}/livez"))
        .await
        .unwrap();
    assert_eq!(alive.status(), 200);
    assert!(folder.path().join("data/keys/db-encryption").exists());

    let pid = Pid::from_raw(child.id().unwrap().try_into().unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    let status = tokio::time::timeout(LONG, child.wait())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(0));
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
