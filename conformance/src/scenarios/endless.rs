//! What goes on for as long as its tenant is served.

use multitenant_core::directory::TenantStatus;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bodies::{read_to, rest};
use crate::handlers::{BEGUN, OVER};
use crate::{Adapter, Ask, Server, World};

async fn suspend(world: &World) {
    let suspended = TenantStatus::Suspended;
    world.directory.set_status(world.a.id, suspended);
    world.manager.catch_up().await.unwrap();
}

/// Server-sent events: the stream says its last word, and the response ends.
pub async fn a_stream_of_events_ends_when_its_tenant_is_suspended<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    let ask = Ask::get("/events").bearer("viewer-of-a");
    let mut stream = ask.begin(server.address).await;
    read_to(&mut stream, "text/event-stream").await;
    read_to(&mut stream, &format!("data: {BEGUN}\n\n")).await;
    suspend(&world).await;
    assert!(rest(stream).await.contains(&format!("data: {OVER}\n\n")));
}

/// A WebSocket: a frame tells why, and the connection ends.
pub async fn a_web_socket_ends_when_its_tenant_is_suspended<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    let mut socket = upgraded(&server).await;
    assert_eq!(frame(&mut socket).await, (TEXT, BEGUN.as_bytes().to_vec()));
    suspend(&world).await;
    let (kind, reason) = frame(&mut socket).await;
    assert_eq!(kind, CLOSE);
    assert_eq!(&reason[2..], OVER.as_bytes(), "a status code comes first");
    socket.write_all(&CLOSED).await.unwrap();
    assert_eq!(rest(socket).await, "");
}

/// Somebody else's socket is none of its business.
pub async fn a_web_socket_outlives_the_suspension_of_another_tenant<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    let mut socket = upgraded(&server).await;
    assert_eq!(frame(&mut socket).await.0, TEXT);
    world
        .directory
        .set_status(world.b.id, TenantStatus::Suspended);
    world.manager.catch_up().await.unwrap();
    socket.write_all(&PING).await.unwrap();
    assert_eq!(frame(&mut socket).await.0, PONG);
}

// Frames of RFC 6455, section 5.2: the kind with the bit that says it is whole, then the length,
// with the bit that says it is masked in what a client sends, here by zeros.
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8a;
const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
const CLOSED: [u8; 8] = [CLOSE, 0x82, 0, 0, 0, 0, 3, 0xe8];

/// Opens a WebSocket by hand (RFC 6455, section 4.1).
async fn upgraded(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /socket HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer viewer-of-a\r\n\
         connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to(&mut stream, " 101 ").await;
    read_to(&mut stream, "\r\n\r\n").await;
    stream
}

/// Reads a short frame of a server: its kind and what is in it.
async fn frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let (kind, length) = (
        stream.read_u8().await.unwrap(),
        stream.read_u8().await.unwrap(),
    );
    let mut payload = vec![0; length.into()];
    stream.read_exact(&mut payload).await.unwrap();
    (kind, payload)
}
