//! Requests and answers as bytes.

use std::fmt;
use std::net::SocketAddr;

use multitenant_core::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request, byte for byte. Without a `host` of its own it has one.
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

    /// As the person whom the word stands for.
    #[must_use]
    pub fn by(self, word: &str) -> Self {
        self.header("authorization", format!("Bearer {word}"))
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
    pub async fn begin(&self, address: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&self.bytes()).await.unwrap();
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
    pub async fn send(&self, address: SocketAddr) -> Answer {
        let stream = self.begin(address).await;
        Answer::receive(stream).await
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// Its body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer until the connection ends.
    pub async fn receive(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // One that is reset in the end is as good as what came before.
        let _ = stream.read_to_end(&mut bytes).await;
        Self::read(&bytes)
    }

    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let (head, body) = bytes.split_at(end.expect("an answer with headers"));
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.unwrap().parse().unwrap(),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: body[4..].to_vec(),
        }
    }

    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(header, _)| header == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What is not as it should be of an answer that is to be this problem.
    ///
    /// # Errors
    /// A sentence that names it.
    pub fn problem(&self, code: Code) -> Result<serde_json::Value, String> {
        let expect = |what: &str, found: Option<String>, wanted: Option<String>| {
            (found == wanted)
                .then_some(())
                .ok_or_else(|| format!("{what} is {found:?}, not {wanted:?}"))
        };
        let header = |name| self.header(name).map(ToOwned::to_owned);
        let media_type = Some("application/problem+json".into());
        expect(
            "the status",
            Some(self.status.to_string()),
            Some(code.status().to_string()),
        )?;
        expect("the content type", header("content-type"), media_type)?;
        let challenge = (code.status() == 401).then_some("Bearer".into());
        expect("the challenge", header("www-authenticate"), challenge)?;
        let body: serde_json::Value =
            serde_json::from_slice(&self.body).map_err(|error| error.to_string())?;
        let member = |name: &str| match &body[name] {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        expect("the code", member("code"), Some(code.to_string()))?;
        expect(
            "the status inside",
            member("status"),
            Some(code.status().to_string()),
        )?;
        expect("the title", member("title"), Some(code.title().into()))?;
        expect(
            "the type",
            member("type"),
            Some(format!("/problems/{code}")),
        )?;
        expect(
            "the request id",
            member("requestId"),
            header("x-request-id"),
        )?;
        let has_errors = body["errors"].is_array().to_string();
        let wants_errors = (code == Code::ValidationFailed).to_string();
        expect(
            "whether fields are named",
            Some(has_errors),
            Some(wants_errors),
        )?;
        Ok(body)
    }

    /// Checks that this is the problem, whole and well formed, and returns its body.
    #[must_use]
    pub fn check_problem(&self, code: Code, asked: &str) -> serde_json::Value {
        self.problem(code)
            .unwrap_or_else(|why| panic!("{asked}\n{why}\n{}", self.text()))
    }
}
