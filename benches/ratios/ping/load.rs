//! Requests over a few connections that stay open, each sent when the answer before has come.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::server::Server;

const CONNECTIONS: u64 = 32;

pub(super) struct Load {
    idle: Mutex<Vec<TcpStream>>,
    authorization: String,
}

impl Load {
    pub(super) async fn on(server: &Server) -> Self {
        let mut idle = Vec::new();
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(("127.0.0.1", server.port)).await;
            let stream = stream.expect("a connection to the server");
            stream.set_nodelay(true).expect("small packets at once");
            idle.push(stream);
        }
        Self {
            idle: Mutex::new(idle),
            authorization: server.authorization.clone(),
        }
    }

    /// Asks `times` times in all, over all connections.
    pub(super) async fn ask(&self, path: &str, times: u64) {
        let request: Arc<str> = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\n\r\n",
            self.authorization
        )
        .into();
        let mut asking = JoinSet::new();
        for (number, stream) in (0..CONNECTIONS).zip(std::mem::take(&mut *self.idle.lock())) {
            let share = times / CONNECTIONS + u64::from(number < times % CONNECTIONS);
            asking.spawn(converse(stream, Arc::clone(&request), share));
        }
        *self.idle.lock() = asking.join_all().await;
    }
}

async fn converse(mut stream: TcpStream, request: Arc<str>, times: u64) -> TcpStream {
    let mut buffer = Vec::with_capacity(4096);
    for _ in 0..times {
        let sent = stream.write_all(request.as_bytes()).await;
        sent.expect("a request that is taken");
        let answered = read_answer(&mut stream, &mut buffer).await;
        answered.expect("a whole answer of 200");
    }
    stream
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if is_whole(buffer)? {
            return Ok(());
        }
    }
}

fn is_whole(answer: &[u8]) -> io::Result<bool> {
    let text = std::str::from_utf8(answer).map_err(io::Error::other)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Ok(false);
    };
    if !head.starts_with("HTTP/1.1 200") {
        return Err(io::Error::other(head.to_owned()));
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    Ok(length.and_then(|length| length.parse().ok()) == Some(body.len()))
}
