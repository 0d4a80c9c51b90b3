//! Ending without breaking off what runs.
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use crate::common::{LONG, TestServer, read_all, write};
use axum::Router;
use axum::routing::get;
use erp_server::server::{Deadlines, Stop, bind, serve};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Semaphore;

const GET: &str = "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n";

/// A route that says when it was entered, and answers when it is told to.
fn waiting() -> (Router, Arc<Semaphore>, Arc<Semaphore>) {
    let [entered, go_on] = [0, 0].map(|permits| Arc::new(Semaphore::new(permits)));
    let (enters, may_go_on) = (Arc::clone(&entered), Arc::clone(&go_on));
    let route = get(async move || {
        enters.add_permits(1);
        let _permit = may_go_on.acquire().await;
        "finished"
    });
    (Router::new().route("/wait", route), entered, go_on)
}

#[tokio::test]
async fn what_runs_is_finished_and_nothing_more_accepted() {
    let (app, entered, go_on) = waiting();
    let server = TestServer::with(app, Deadlines::default()).await;
    let address = server.address;
    let mut stream = server.connect().await;
    let mut idle = server.connect().await;
    write(&mut stream, GET).await;
    entered.acquire().await.unwrap().forget();

    server.stop.stop();
    assert_eq!(
        read_all(&mut idle).await,
        "",
        "an idle connection is closed at once"
    );
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
    go_on.add_permits(1);
    assert!(read_all(&mut stream).await.ends_with("finished"));
    server.has_ended().await;
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_off() {
    let (app, entered, _go_on) = waiting();
    let deadlines = Deadlines {
        drain: Duration::from_millis(20),
        ..Deadlines::default()
    };
    let server = TestServer::with(app, deadlines).await;
    let mut stream = server.connect().await;
    write(&mut stream, GET).await;
    entered.acquire().await.unwrap().forget();
    server.stop.stop();
    server.has_ended().await;
    assert_eq!(read_all(&mut stream).await, "");
}

#[tokio::test]
async fn whoever_asks_twice_waits_for_nothing() {
    let (app, entered, _go_on) = waiting();
    let server = TestServer::with(app, Deadlines::default()).await;
    let mut stream = server.connect().await;
    write(&mut stream, GET).await;
    entered.acquire().await.unwrap().forget();
    server.stop.stop();
    server.stop.stop();
    server.has_ended().await;
}

#[tokio::test]
async fn a_caller_who_sends_no_whole_head_is_cut_off() {
    let head = Duration::from_millis(50);
    let deadlines = Deadlines {
        head,
        ..Deadlines::default()
    };
    let server = TestServer::with(Router::new(), deadlines).await;
    for beginning in ["", "GET / HTTP/1.1\r\nx-slow: "] {
        let mut stream = server.connect().await;
        write(&mut stream, beginning).await;
        let answer = read_all(&mut stream).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
}

/// Not a test of its own: the server that the next one ends.
#[tokio::test]
#[ignore = "is started as a process by the test below"]
#[allow(clippy::print_stdout, reason = "so it speaks to the test")]
async fn child() {
    let stop = Stop::on_signals().unwrap();
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    println!("\nlistening {}", listener.local_addr().unwrap());
    let route = get(async || {
        println!("entered");
        tokio::time::sleep(Duration::from_millis(300)).await;
        "finished"
    });
    let app = Router::new().route("/wait", route);
    serve(listener, app, Deadlines::default(), stop).await;
    println!("hooks ran");
}

#[tokio::test]
async fn sigterm_and_ctrl_c_let_a_request_in_flight_finish_and_the_process_ends_well() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut child = start_child();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let address = line_after(&mut lines, "listening ").await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        write(&mut stream, GET).await;
        line_after(&mut lines, "entered").await;

        kill(pid(&child), signal).unwrap();
        assert!(read_all(&mut stream).await.ends_with("finished"));
        line_after(&mut lines, "hooks ran").await;
        let status = tokio::time::timeout(LONG, child.wait()).await.unwrap();
        assert_eq!(status.unwrap().code(), Some(0), "{signal}");
    }
}

fn start_child() -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["a_clean_end::child", "--exact", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().unwrap().try_into().unwrap())
}

async fn line_after(lines: &mut BufReader<ChildStdout>, start: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        let read = tokio::time::timeout(LONG, lines.read_line(&mut line)).await;
        assert_ne!(
            read.unwrap().unwrap(),
            0,
            "it ended before it said {start:?}"
        );
        if let Some(rest) = line.strip_prefix(start) {
            return rest.trim().to_owned();
        }
    }
}
