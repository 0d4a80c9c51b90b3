//! What is shown of each conversion: how much had to be added, and that two customers on one
//! server have nothing in common. Part of the tests of both `after`s.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

// --- What had to be added

/// Most lines that a conversion may add.
const UNDER: usize = 50;

/// The texts of an application, but for this proof: its own name is no difference.
fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut texts = BTreeMap::new();
    for inner in ["", "src", "tests", "migrations"] {
        for entry in std::fs::read_dir(folder.join(inner)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && !path.ends_with("tests/tenants.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.replace("before", "after");
                texts.insert(path.strip_prefix(folder).unwrap().to_owned(), text);
            }
        }
    }
    texts
}

/// How many lines of `new` do not stem from `old`: those beyond the longest common subsequence,
/// as `diff` counts them.
fn added(old: &str, new: &str) -> usize {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let mut common = vec![0; new.len() + 1];
    for line in &old {
        let mut diagonal = 0;
        for (index, other) in new.iter().enumerate() {
            let above = common[index + 1];
            common[index + 1] = match line == other {
                true => diagonal + 1,
                false => above.max(common[index]),
            };
            diagonal = above;
        }
    }
    new.len() - common[new.len()]
}

#[test]
fn fewer_than_fifty_lines_had_to_be_added() {
    let after = Path::new(env!("CARGO_MANIFEST_DIR"));
    let before = texts(&after.with_file_name("before"));
    let mut total = 0;
    for (path, text) in texts(after) {
        let old = before.get(&path).map_or("", String::as_str);
        let lines = added(old, &text);
        println!("{lines:3} {}", path.display());
        total += lines;
    }
    assert!((1..UNDER).contains(&total), "{total} lines are added");
}

#[test]
fn migrations_and_tokens_are_untouched() {
    let after = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (before, after) = (texts(&after.with_file_name("before")), texts(after));
    let untouched = |path: &&PathBuf| path.starts_with("migrations") || path.ends_with("token.rs");
    let paths: Vec<_> = before.keys().filter(untouched).collect();
    assert_eq!(paths.len(), 3);
    for path in paths {
        assert_eq!(before.get(path), after.get(path), "{}", path.display());
    }
}

// --- Two customers on one server

fn server_url() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("set TEST_POSTGRES_URL, or run the tests by scripts/test, which starts a server")
}

fn url_of(database: &str) -> String {
    let server = server_url();
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{database}")
}

/// A platform of the program's, with a catalog of its own.
struct Platform {
    catalog: String,
    program: &'static str,
}

impl Platform {
    fn new(program: &'static str) -> Self {
        let random = std::process::id();
        let address = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = address.local_addr().unwrap().port();
        Self {
            catalog: format!("notes_{random}_{port}"),
            program,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command
            .env_remove("DATABASE_URL")
            .env("SECRET", "the application's own")
            .env("ENTERPRISE_DATABASE_URL", url_of(&self.catalog))
            .env("ADMIN_DATABASE_URL", server_url())
            .env(
                "ENTERPRISE_JWT_SECRET",
                "a secret of the staff's, long enough",
            )
            .env("CLIENT_JWT_SECRET", "a secret of the users', long enough")
            .env(
                "DB_ENCRYPTION_KEY",
                "DpOK8NIOuSOQlTq07Vs33tXyERHwfr_xDXKg8jYgYrI",
            )
            .env("BASE_DOMAINS", "notes.test");
        command
    }

    /// The exit code of a command that cannot be done.
    fn refuses(&self, arguments: &str) -> Option<i32> {
        refused(self.command(), arguments)
    }

    /// Runs a command of the platform's.
    fn run(&self, arguments: &str) -> String {
        let output = self.command().args(arguments.split(' ')).output().unwrap();
        assert!(output.status.success(), "{arguments}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&self) -> Server {
        Server::start(self.command())
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        for tenant in ["acme", "beta"] {
            let delete = ["tenant", "delete", tenant, "--confirm", tenant];
            let _ = self.command().args(delete).output();
        }
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.catalog);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
            let mut server = PgConnection::connect(&server_url()).await.unwrap();
            let _ = server.execute(AssertSqlSafe(drop)).await;
        });
    }
}

/// The exit code of a command that cannot be done, and that says so on standard error only.
fn refused(mut command: Command, arguments: &str) -> Option<i32> {
    let output = command.args(arguments.split(' ')).output().unwrap();
    assert!(output.stdout.is_empty(), "{arguments}: {output:?}");
    assert!(!output.stderr.is_empty(), "{arguments}: {output:?}");
    output.status.code()
}

/// The program, serving.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let process = command
            .env("ADDRESS", address.to_string())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let server = Self { process, address };
        eventually("the program serves", || {
            TcpStream::connect(server.address).is_ok()
        });
        server
    }

    /// Asks at a host, and returns the status and the body.
    fn ask(&self, host: &str, line: &str, token: &str, body: Option<Value>) -> (u16, String) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = BufReader::new(stream);
        let mut status = String::new();
        answer.read_line(&mut status).unwrap();
        let mut rest = String::new();
        answer.read_to_string(&mut rest).unwrap();
        let (_, body) = rest.split_once("\r\n\r\n").unwrap();
        (status[9..12].parse().unwrap(), body.to_owned())
    }

    fn sign_up(&self, host: &str) -> String {
        let ann = json!({ "email": "ann@x.test", "password": "a password" });
        let (status, token) = self.ask(host, "POST /sign-up", "", Some(ann));
        assert_eq!(status, 200, "{token}");
        token
    }

    fn notes(&self, host: &str, token: &str) -> (u16, String) {
        self.ask(host, "GET /notes", token, None)
    }

    /// Asks it to end, as supervisors do, and sees that it ends in order.
    fn ends_when_asked(mut self) {
        let process = self.process.id().to_string();
        let asked = Command::new("kill").arg(&process).status().unwrap();
        assert!(asked.success());
        let ended = self.process.wait().unwrap();
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("within twenty seconds it did not come about that {what}");
}

const A: &str = "acme.notes.test";
const B: &str = "beta.notes.test";

/// The same person, with the same password and the same id, at both.
pub(crate) fn two_customers_have_nothing_in_common(program: &'static str) {
    let platform = Platform::new(program);
    for slug in ["acme", "beta"] {
        platform.run(&format!("tenant create {slug} --admin-email ann@x.test"));
    }
    let listed = platform.run("tenant list");
    assert!(
        listed.contains("acme") && listed.contains("beta"),
        "{listed}"
    );
    assert_eq!(platform.refuses("tenant create"), Some(2));
    assert_eq!(platform.refuses("tenant show nobody"), Some(3));
    let again = "tenant create acme --admin-email ann@x.test";
    assert_eq!(platform.refuses(again), Some(4));
    let mut away = platform.command();
    away.env("ENTERPRISE_DATABASE_URL", "postgres://127.0.0.1:1/away");
    assert_eq!(refused(away, "tenant list"), Some(5));
    let server = platform.serve();
    let (of_a, of_b) = (server.sign_up(A), server.sign_up(B));
    let note = json!({ "text": "buy milk" });
    assert_eq!(server.ask(A, "POST /notes", &of_a, Some(note)).0, 201);
    eventually("the worker was woken and counted the words", || {
        server.notes(A, &of_a).1.contains(r#""words":2"#)
    });
    assert_eq!(server.notes(B, &of_b), (200, "[]".to_owned()));
    // A's token at B, and B's at A.
    assert_eq!(server.notes(B, &of_a).0, 401);
    assert_eq!(server.notes(A, &of_b).0, 401);
    assert_eq!(server.notes("elsewhere.notes.test", &of_a).0, 404);
    assert_eq!(server.notes("localhost", &of_a).0, 400);

    platform.run("tenant suspend acme");
    eventually("a suspended tenant is served no more", || {
        server.notes(A, &of_a).0 == 404
    });
    assert_eq!(server.notes(B, &of_b).0, 200);
    platform.run("tenant activate acme");
    eventually("its tokens work again", || server.notes(A, &of_a).0 == 200);
    server.ends_when_asked();
}

/// One customer on a server of their own: one URL, any host, no catalog.
pub(crate) fn one_customer_may_have_a_server_of_their_own(program: &'static str, database: &str) {
    let mut command = Command::new(program);
    command
        .env("SECRET", "the application's own")
        .env("DATABASE_URL", url_of(database));
    let server = Server::start(command);
    let token = server.sign_up("anything.test");
    assert_eq!(server.notes("localhost", &token), (200, "[]".to_owned()));
    server.ends_when_asked();
    let mut command = Command::new(program);
    command
        .env("SECRET", "the application's own")
        .env("DATABASE_URL", url_of(database));
    let refused = refused(command, "tenant list");
    assert_eq!(refused, Some(2), "there is no platform to list tenants of");
}
