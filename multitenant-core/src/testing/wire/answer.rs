use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::Code;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// Its body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer in parts, as a web framework gives it.
    #[must_use]
    pub fn new<'h>(
        status: u16,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let headers = headers.into_iter();
        Self {
            status,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), text(value)))
                .collect(),
            body: body.into(),
        }
    }

    /// Reads an answer until the connection ends.
    ///
    /// # Panics
    /// On what is no answer.
    pub async fn receive(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // One that is reset in the end is as good as what came before.
        let _ = stream.read_to_end(&mut bytes).await;
        Self::read(&bytes)
    }

    pub(super) fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let (head, body) = bytes.split_at(end.expect("an answer with headers"));
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status
                .and_then(|status| status.parse().ok())
                .expect("a status"),
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

    /// Every header, its name in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
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
    pub fn problem(&self, code: Code) -> Result<Value, String> {
        let body = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        let header = |name| self.header(name).map(ToOwned::to_owned);
        let status = Some(code.status().to_string());
        let challenge = (code.status() == 401).then(|| "Bearer".to_owned());
        let media_type = Some("application/problem+json".to_owned());
        let names_fields = (code == Code::ValidationFailed).then(|| "errors".to_owned());
        let fields = body.get("errors").map(|_| "errors".to_owned());
        for (what, found, wanted) in [
            ("status", Some(self.status.to_string()), status.clone()),
            ("content type", header("content-type"), media_type),
            ("challenge", header("www-authenticate"), challenge),
            ("code", member(&body, "code"), Some(code.to_string())),
            ("status inside", member(&body, "status"), status),
            (
                "title",
                member(&body, "title"),
                Some(code.title().to_owned()),
            ),
            (
                "type",
                member(&body, "type"),
                Some(format!("/problems/{code}")),
            ),
            (
                "request id",
                member(&body, "requestId"),
                header("x-request-id"),
            ),
            ("list of fields", fields, names_fields),
        ] {
            if found != wanted {
                return Err(format!("its {what} is {found:?}, not {wanted:?}"));
            }
        }
        Ok(body)
    }

    /// Checks that this is the problem, whole and well formed, and returns its body.
    ///
    /// # Panics
    /// With `asked` and what is wrong, where it is not.
    #[must_use]
    pub fn check_problem(&self, code: Code, asked: &str) -> Value {
        self.problem(code)
            .unwrap_or_else(|why| panic!("{asked}\n{why}\n{}", self.text()))
    }
}

/// A member of an object as text.
fn member(object: &Value, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
