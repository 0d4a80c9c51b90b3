use multitenant_core::directory::TenantStatus;
use multitenant_core::{Code, input};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Adapter, Answer, Ask, World};

/// Reads until the text has come.
pub(super) async fn read_to(stream: &mut TcpStream, text: &str) {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(text) {
        bytes.push(stream.read_u8().await.unwrap());
    }
}

/// What comes until the end.
pub(super) async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A tenant that was pushed out of memory while a response streams is still found and ended when
/// it is suspended: the response holds on to it.
pub async fn a_stream_keeps_its_tenant_within_reach_until_it_ends<A: Adapter>() {
    let world = World::with_little_memory().await;
    let server = world.serve::<A>().await;
    let ask = Ask::get("/stream").bearer("viewer-of-a");
    let mut stream = ask.begin(server.address).await;
    read_to(&mut stream, "first, ").await;
    world.tenant(&world.b).await;
    let suspended = TenantStatus::Suspended;
    world.directory.set_status(world.a.id, suspended);
    world.manager.catch_up().await.unwrap();
    world.signals.go_on.notify_one();
    assert!(!rest(stream).await.contains("last"));
}

/// The same without a suspension: eviction breaks nothing.
pub async fn a_stream_that_is_let_run_ends_well<A: Adapter>() {
    let world = World::with_little_memory().await;
    let server = world.serve::<A>().await;
    let ask = Ask::get("/stream").bearer("viewer-of-a");
    let mut stream = ask.begin(server.address).await;
    read_to(&mut stream, "first, ").await;
    world.tenant(&world.b).await;
    world.signals.go_on.notify_one();
    assert!(rest(stream).await.contains("last 1"));
}

const ORDER: &str = r#"{"name":"a","lineItems":[1]}"#;

/// A body that comes in two halves is waited for, and meanwhile nothing is taken.
pub async fn a_body_that_trickles_in_holds_no_connection<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    let whole = Ask::post("/orders").json(ORDER).bytes();
    let (first, second) = whole.split_at(whole.len() - 4);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(first).await.unwrap();
    // Others are served meanwhile, more than there are connections.
    for _ in 0..5 {
        let names = server.ask(Ask::get("/names").bearer("viewer-of-a")).await;
        assert_eq!(names.text(), "row of a");
    }
    let (open, idle) = world.tenant(&world.a).await.connections();
    assert_eq!(open, idle);
    stream.write_all(second).await.unwrap();
    let answer = Answer::receive(stream).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ORDER));
}

/// Where the application says nothing, a body may have as many bytes as with another adapter.
pub async fn a_body_may_have_as_many_bytes_as_elsewhere<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve_without_a_limit::<A>().await;
    let padded = |bytes: usize| {
        let padding = " ".repeat(bytes - ORDER.len());
        Ask::post("/orders").json(format!("{ORDER}{padding}"))
    };
    let largest = server.ask(padded(input::BODY_LIMIT)).await;
    assert_eq!((largest.status, largest.text().as_str()), (200, ORDER));
    let larger = padded(input::BODY_LIMIT + 1).chunked();
    let answer = server.ask(larger).await;
    let _ = answer.check_problem(Code::BodyTooLarge, "a byte more");
}

/// A body whose sender goes away before its end.
pub async fn a_body_that_breaks_off_harms_nobody<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    let whole = Ask::post("/orders").json(ORDER);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let bytes = whole.bytes();
    stream.write_all(&bytes[..bytes.len() - 4]).await.unwrap();
    drop(stream);
    assert_eq!(server.ask(whole).await.status, 200);
}
