use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::limits::REQUEST_ID_MAX_BYTES;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id under which a request stands in the log, in a problem and in an audit row.
///
/// A caller may bring one; whatever could forge a line in a log is replaced.
///
/// ```
/// use multitenant_core::RequestId;
///
/// let theirs = RequestId::accept(Some(b"4bf92f35-77b3"));
/// assert_eq!(theirs.as_str(), "4bf92f35-77b3");
/// assert_ne!(RequestId::accept(Some(b"a\nb")).as_str(), "a\nb");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The header in which a request and its response carry the id.
    pub const HEADER: &'static str = "x-request-id";

    /// A fresh one.
    #[must_use]
    pub fn generate() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }

    /// The caller's, where it is a sane token (RFC 9110, section 5.6.2) of at most 128 bytes; else
    /// a fresh one.
    #[must_use]
    pub fn accept(header: Option<&[u8]>) -> Self {
        header.and_then(Self::read).unwrap_or_else(Self::generate)
    }

    /// As [`accept`](Self::accept), from every value of the header that came: two name nobody.
    #[must_use]
    pub fn accept_only<'h>(values: impl IntoIterator<Item = &'h [u8]>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (one, None) => Self::accept(one),
            _ => Self::generate(),
        }
    }

    /// Runs `future` as the work on this request: [`current`](Self::current) tells it the id.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// The id of the request that this task works on.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > REQUEST_ID_MAX_BYTES {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        text.bytes().all(is_token).then(|| Self(text.into()))
    }

    /// The id as text; visible ASCII only.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_ids_neither_is_kept() {
        let one: [&[u8]; 1] = [b"theirs"];
        assert_eq!(RequestId::accept_only(one).as_str(), "theirs");
        for others in [&[][..], &[&b"theirs"[..], b"theirs"]] {
            let given = RequestId::accept_only(others.iter().copied());
            assert_ne!(given.as_str(), "theirs");
        }
    }

    #[tokio::test]
    async fn work_on_a_request_knows_its_id() {
        let id = RequestId::generate();
        let found = id.clone().scope(async { RequestId::current() }).await;
        assert_eq!(found, Some(id));
        assert_eq!(RequestId::current(), None);
    }

    #[test]
    fn only_a_sane_token_is_kept() {
        let longest = "a".repeat(REQUEST_ID_MAX_BYTES);
        for kept in ["a", "4bf92f3577b34da6", "A.b_c~d-1", longest.as_str()] {
            assert_eq!(RequestId::accept(Some(kept.as_bytes())).as_str(), kept);
        }
        let longer = "a".repeat(REQUEST_ID_MAX_BYTES + 1);
        for replaced in ["", " ", "a b", "a\r\nb", "\u{1b}[31m", "é", longer.as_str()] {
            assert_ne!(
                RequestId::accept(Some(replaced.as_bytes())).as_str(),
                replaced
            );
        }
        assert_ne!(RequestId::accept(Some(b"\xff")), RequestId::accept(None));
    }
}
