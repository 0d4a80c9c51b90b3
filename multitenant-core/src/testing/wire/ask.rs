use std::fmt;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Answer;

/// A request, byte for byte: what no well-behaved client would send, too. Without a `host` of its
/// own it has one.
///
/// ```no_run
/// use multitenant_core::Code;
/// use multitenant_core::testing::Ask;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let address = ([127, 0, 0, 1], 3000).into();
/// let ask = Ask::get("/invoices").bearer("token-of-a").header("x-tenant-id", "tenant-b");
/// let problem = ask.send(address).await.check_problem(Code::TenantMismatch, "A's token at B");
/// # let _ = problem;
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Ask {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    chunked: bool,
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.bytes()))
    }
}

impl Ask {
    /// A request with this method and target.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            ..Self::default()
        }
    }

    /// A `GET`.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// A `POST`.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    /// With one more header, also of a name that is there already.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a bearer token (RFC 6750).
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With a body that is said to be JSON.
    #[must_use]
    pub fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// With a body of no type.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With its body in one chunk, and so of no stated length.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Its target: path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Its headers, but those that only say how the body is sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Its body.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.body
    }

    /// The whole request.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        let mut put = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        };
        put("connection", b"close");
        if !self.headers.iter().any(|(name, _)| *name == "host") {
            put("host", b"localhost");
        }
        for (name, value) in &self.headers {
            put(name, value);
        }
        if self.chunked {
            put("transfer-encoding", b"chunked");
            let size = format!("\r\n{:x}\r\n", self.body.len());
            let parts = [size.as_bytes(), &self.body, b"\r\n0\r\n\r\n"];
            bytes.extend(parts.concat());
        } else {
            put("content-length", self.body.len().to_string().as_bytes());
            bytes.extend([b"\r\n", self.body.as_slice()].concat());
        }
        bytes
    }

    /// Sends the request, and leaves the answer to be read.
    ///
    /// # Panics
    /// Where nobody listens.
    pub async fn begin(&self, address: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("a server");
        let sent = stream.write_all(&self.bytes()).await;
        sent.expect("a server that reads");
        stream
    }

    /// Sends the request and reads the answer to its end; `None` where nobody listens or the
    /// connection ends before the answer begins.
    pub async fn try_send(&self, address: SocketAddr) -> Option<Answer> {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(&self.bytes()).await.ok()?;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        (!bytes.is_empty()).then(|| Answer::read(&bytes))
    }

    /// Sends the request and reads the answer to its end.
    ///
    /// # Panics
    /// Where nobody listens or what comes is no answer.
    pub async fn send(&self, address: SocketAddr) -> Answer {
        let stream = self.begin(address).await;
        Answer::receive(stream).await
    }
}
