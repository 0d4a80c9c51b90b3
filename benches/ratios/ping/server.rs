//! A process of its own, whose processor time is the server's alone: this program, started again.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use erp_server::http::Stack;
use erp_server::server::{Deadlines, Stop, bind};
use multitenant_core::platform::Platform;
use multitenant_core::testing::TestPlatform;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::permission::permissions::REGISTRY;

pub(super) const PING: &str = "/api/client/ping";
pub(super) const LAYERED: &str = "/layered";
pub(super) const NAKED: &str = "/naked";

const SLUG: &str = "acme";
const SERVES: &str = "MULTITENANT_BENCH_SERVES";

#[derive(Serialize)]
struct Pong {
    tenant: String,
}

async fn bare() -> Json<Pong> {
    Json(Pong {
        tenant: SLUG.to_owned(),
    })
}

/// The whole ERP server's routes, and the two bare ones.
fn app(platform: &Platform) -> Router {
    let routes = erp_server::routes(platform).route(LAYERED, get(bare));
    let stack = Stack {
        // All requests come from one address.
        rate_limit: false,
        ..Stack::default()
    };
    stack
        .around(routes, Router::new())
        .merge(Router::new().route(NAKED, get(bare)))
}

pub(crate) fn is_server() -> bool {
    std::env::var_os(SERVES).is_some()
}

/// Serves until whoever started it goes away.
pub(crate) fn serve() {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let kit = TestPlatform::on_sqlite(REGISTRY).tenants([SLUG]);
        let kit = kit.start().await.expect("a platform");
        let token = kit.tenant(SLUG).token().await.expect("a token");
        let listener = bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        writeln!(std::io::stdout(), "{port}\nBearer {token}").expect("a reader");
        let (stop, handle) = Stop::by_hand();
        std::thread::spawn(move || {
            let _ = std::io::stdin().read(&mut [0]);
            handle.stop();
        });
        erp_server::server::serve(listener, app(kit.platform()), Deadlines::default(), stop).await;
        kit.end().await.expect("an end");
    });
}

/// The other process. It ends when this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    pub(super) authorization: String,
}

impl Server {
    pub(super) fn start() -> Self {
        let program = std::env::current_exe().expect("this program's path");
        let mut command = Command::new(program);
        command
            .env(SERVES, "")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("a server");
        let said = BufReader::new(child.stdout.take().expect("its output"));
        let mut lines = said.lines().map_while(Result::ok);
        let port = lines.next().and_then(|port| port.parse().ok());
        Self {
            child,
            port: port.expect("a port"),
            authorization: lines.next().expect("a token"),
        }
    }

    /// What all its threads have taken of the processors.
    pub(super) fn processor_time(&self) -> Option<Duration> {
        let tasks = PathBuf::from(format!("/proc/{}/task", self.child.id()));
        let threads = std::fs::read_dir(tasks).ok()?;
        let of_thread = |thread: PathBuf| {
            let text = std::fs::read_to_string(thread.join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        };
        let taken = threads.filter_map(|thread| of_thread(thread.ok()?.path()));
        Some(Duration::from_nanos(taken.sum()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
