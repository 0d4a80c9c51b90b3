use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names a database server; connections are budgeted by server.
///
/// Cheap to clone. A platform with one server calls it [`ServerId::main`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(Arc<str>);

impl ServerId {
    /// Names a server by a short word of the operator's choice.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The server of a platform that has only one.
    #[must_use]
    pub fn main() -> Self {
        Self(Arc::from("main"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
