//! The program's commands, run beside a server on the same catalog.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::common::LONG;
use crate::common::program::{Place, Program, answer, eventually, text};
use crate::on_both_engines;

const PASSWORD: &str = "a password of my own";
const PING: &str = "/api/client/ping";

/// What one run of the program came to.
struct Ran {
    code: Option<i32>,
    said: String,
    complaint: String,
}

impl Ran {
    fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.complaint);
        serde_json::from_str(&self.said).unwrap()
    }
}

async fn run(place: &Place, line: &str) -> Ran {
    run_with(place, line, &[], "").await
}

async fn run_with(place: &Place, line: &str, settings: &[(&str, &str)], typed: &str) -> Ran {
    let mut command = place.command();
    command.args(line.split(' ')).envs(settings.iter().copied());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(typed.as_bytes()).await.unwrap();
    drop(keyboard);
    let output = tokio::time::timeout(LONG, child.wait_with_output());
    let output = output.await.unwrap().unwrap();
    Ran {
        code: output.status.code(),
        said: String::from_utf8(output.stdout).unwrap(),
        complaint: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Asks without a pause until it is told to stop; counts what was not 200.
async fn ask_on(
    url: String,
    token: String,
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
) -> usize {
    let (client, mut failed) = (reqwest::Client::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        let answered = client.get(&url).bearer_auth(&token).send().await;
        failed += usize::from(!answered.is_ok_and(|answer| answer.status() == 200));
        asked.fetch_add(1, Ordering::Relaxed);
    }
    failed
}

async fn code(server: &Program, token: &str) -> Option<String> {
    let answered = answer(server.get(PING, token)).await;
    answered.body["code"].as_str().map(str::to_owned)
}

on_both_engines! {
    async fn what_a_command_changes_is_in_force_at_a_busy_server_within_a_second(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        server.client_at_work(&admin, "steady", PASSWORD).await;
        let token = server.user("steady", PASSWORD).await;
        let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let url = format!("http://{}/api/client/users", server.address);
        let asking: Vec<_> = (0..4)
            .map(|_| tokio::spawn(ask_on(url.clone(), token.clone(), Arc::clone(&stop), Arc::clone(&asked))))
            .collect();

        let made = run(place, "tenant create acme --admin-email ann@example.com --json").await.json();
        let temporary = text(&made["admin"]["temporaryPassword"]);
        let signed_in = server.sign_in("acme", &temporary).await;
        assert_eq!(signed_in.status, 200, "it is found at once: {}", signed_in.body);
        let change = json!({"currentPassword": temporary, "newPassword": PASSWORD});
        let changed = server.post("/api/client/auth/password", &change).bearer_auth(text(&signed_in.body["token"]));
        assert_eq!(answer(changed).await.status, 204);
        let acme = server.user("acme", PASSWORD).await;
        assert_eq!(code(&server, &acme).await, None);

        let promised = Duration::from_secs(1);
        let suspended = run(place, "tenant suspend acme --reason unpaid --json").await.json();
        assert_eq!(suspended["status"], "SUSPENDED");
        let is = async |expected: Option<&str>| code(&server, &acme).await.as_deref() == expected;
        eventually("the client is suspended", promised, async || is(Some("tenant_suspended")).await).await;
        run(place, "tenant activate acme --json").await.json();
        eventually("the client is served again", promised, async || is(None).await).await;

        // The staff too: a second admin is made, works, and is let in no longer.
        let typed = "another password of my own\n";
        let eve = run_with(place, "admin create eve@example.com --role ADMIN --password-file - --json", &[], typed).await.json();
        assert_eq!(eve["temporaryPassword"], Value::Null);
        let credentials = json!({"email": "eve@example.com", "password": typed.trim()});
        let eves = answer(server.post("/api/enterprise/auth/login", &credentials)).await;
        let eves = text(&eves.body["token"]);
        let me = "/api/enterprise/auth/me";
        assert_eq!(answer(server.get(me, &eves)).await.status, 200);
        run(place, "admin deactivate eve@example.com --json").await.json();
        eventually("the admin is out", promised, async || answer(server.get(me, &eves)).await.status == 401).await;

        assert_eq!(run(place, "migrate --json").await.json()["unchanged"], 2);
        stop.store(true, Ordering::Relaxed);
        for task in asking {
            assert_eq!(task.await.unwrap(), 0, "no request of another client was disturbed");
        }
        assert!(asked.load(Ordering::Relaxed) > 100);
        server.stop().await;
    }

    async fn people_get_tables_and_scripts_exit_codes(place: Place) {
        let none = run(place, "tenant list").await;
        assert_eq!((none.code, &*none.said), (Some(0), "ID  SLUG  STATUS  TIER  NAME\n0 of 0\n"));
        let made = run(place, "tenant create acme --name Acme --admin-email ann@example.com").await;
        assert!(made.said.contains("\nslug                acme\n"), "{}", made.said);
        assert!(made.said.contains("\ntemporary password  "), "{}", made.said);
        let table = [
            ("tenant show acme", 0),
            ("tenant create acme --admin-email ann@example.com", 4),
            ("tenant show nobody", 3),
            ("tenant delete acme --confirm nobody", 2),
            ("tenant create other --admin-email ann@example.com --tier GOLD", 2),
            ("tenant delete acme --confirm acme", 0),
        ];
        for (line, expected) in table {
            let ran = run(place, line).await;
            assert_eq!(ran.code, Some(expected), "{line}: {}", ran.complaint);
            assert_eq!(ran.complaint.is_empty(), expected == 0, "{line}: {}", ran.complaint);
        }
        let admins = run(place, "admin list --json").await.json();
        assert_eq!(admins["total"], 0, "only a server makes the first admin by itself");
        let nowhere = [("ENTERPRISE_DATABASE_URL", "postgres://u:canary@127.0.0.1:1/enterprise_db")];
        let away = run_with(place, "tenant list", &nowhere, "").await;
        assert_eq!(away.code, Some(5), "{}", away.complaint);
        assert!(!away.complaint.contains("canary"), "{}", away.complaint);
    }

    async fn the_demo_fills_two_clients_once(place: Place) {
        let demo = async || {
            let mut command = place.command();
            command.arg("--demo").stdout(Stdio::piped());
            place.start_by(command).await.printed().await
        };
        let printed = demo().await;
        assert!(!demo().await.contains("ann@acme.example"), "the second time nothing is made");
        let server = place.start().await;
        for (client, person) in [("acme", "mia"), ("globex", "vic")] {
            let email = format!("{person}@{client}.example");
            let line = printed.lines().find(|line| line.contains(&email)).unwrap();
            let password = line.split_whitespace().last().unwrap();
            let credentials = json!({"email": email, "password": password});
            let request = server.post("/api/client/auth/login", &credentials);
            assert_eq!(answer(request.header("x-tenant-id", client)).await.status, 200);
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn the_configuration_is_shown_without_secrets_and_nothing_is_made() {
    let place = Place::sqlite();
    let settings = [("CLIENT_JWT_SECRET", "canary-canary-canary-canary-canary")];
    let shown = run_with(&place, "config --port 8080 --json", &settings, "").await;
    let settings = shown.json()["settings"].as_array().unwrap().clone();
    let find = |name: &str| {
        settings
            .iter()
            .find(|setting| setting["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(
        find("PORT"),
        json!({"name": "PORT", "value": "8080", "source": "flag"})
    );
    assert_eq!(find("ERP_BASE_DOMAINS")["source"], "environment");
    assert_eq!(
        find("LOG_LEVEL"),
        json!({"name": "LOG_LEVEL", "value": "info", "source": "default"})
    );
    assert_eq!(find("CLIENT_JWT_SECRET")["value"], "[redacted]");
    assert!(
        !shown.said.contains("canary") && !shown.said.contains(crate::common::program::PASSWORD)
    );
    assert!(!place.data().exists());
}

#[tokio::test]
async fn in_production_there_is_no_demo() {
    let place = Place::sqlite();
    let settings = [
        ("APP_ENV", "production"),
        ("ENTERPRISE_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
        ("CLIENT_JWT_SECRET", "fedcba9876543210fedcba9876543210"),
        (
            "DB_ENCRYPTION_KEY",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        ),
    ];
    let refused = run_with(&place, "--demo", &settings, "").await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.complaint.contains("not for APP_ENV=production"),
        "{}",
        refused.complaint
    );
}
