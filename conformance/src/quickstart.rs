//! A quickstart as a reader runs it, and what each must do.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use multitenant_core::Code;
use multitenant_core::testing::{Ask, eventually};
use tempfile::TempDir;

/// A quickstart that runs in a folder of its own until this is dropped.
pub struct Quickstart {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    _folder: TempDir,
}

impl Quickstart {
    /// Starts the program and waits until it listens.
    pub async fn start(program: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut command = Command::new(program);
        command
            .current_dir(folder.path())
            .env("PORT", address.port().to_string())
            .stdin(Stdio::null());
        let quickstart = Self {
            child: command.spawn().unwrap(),
            address,
            _folder: folder,
        };
        let listens = async || Ask::get("/").try_send(address).await.is_some();
        eventually("the quickstart listens", listens).await;
        quickstart
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks that two tenants keep their notes apart, and that A is refused at B.
pub async fn two_tenants_keep_their_notes_apart(program: &str) {
    let quickstart = Quickstart::start(program).await;
    let notes = |key: &str| Ask::get("/notes").bearer(key);
    let add = Ask::post("/notes")
        .bearer("key-of-acme")
        .json(r#""call Bob""#);
    assert_eq!(add.send(quickstart.address).await.status, 201);
    for (key, shown) in [("key-of-acme", r#"["call Bob"]"#), ("key-of-globex", "[]")] {
        let answer = notes(key).send(quickstart.address).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, shown),
            "{key}"
        );
    }
    for (ask, code) in [
        (
            notes("key-of-acme").header("x-tenant-id", "globex"),
            Code::TenantMismatch,
        ),
        (notes("key-of-nobody"), Code::TokenInvalid),
        (Ask::get("/notes"), Code::TokenMissing),
        (Ask::get("/"), Code::NotFound),
    ] {
        let answer = ask.send(quickstart.address).await;
        let _ = answer.check_problem(code, &format!("{ask:?}"));
    }
}

/// Lines that are neither empty nor a comment.
#[must_use]
pub fn lines_of_code(source: &str) -> usize {
    let lines = source.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}
