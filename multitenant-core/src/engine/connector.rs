use std::fmt;
use std::future::Future;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::ServerId;

/// Where one tenant's database is and how to get in, in the clear. Prints without its secret.
#[derive(Clone)]
pub struct ConnectData {
    /// The server whose budget of connections pays for this tenant.
    pub server: ServerId,
    /// A URL as the connector reads it: `postgres://user:password@host/database`,
    /// `sqlite:///folder/file.db`, or whatever a connector of your own understands.
    pub url: SecretString,
}

impl ConnectData {
    /// A database on `server`, reached by `url`.
    pub fn new(server: ServerId, url: impl Into<String>) -> Self {
        Self {
            server,
            url: SecretString::from(url.into()),
        }
    }
}

impl PartialEq for ConnectData {
    fn eq(&self, other: &Self) -> bool {
        self.server == other.server && self.url.expose_secret() == other.url.expose_secret()
    }
}

impl fmt::Debug for ConnectData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectData")
            .field("server", &self.server)
            .field("url", &"[redacted]")
            .finish()
    }
}

/// The right to have one connection open; dropping it gives the right back.
///
/// A connector keeps it for exactly as long as the server may still count the connection.
pub struct Permit {
    give_back: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Permit {
    /// A permit that calls `give_back` when it is dropped.
    pub fn new(give_back: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self {
            give_back: Some(Box::new(give_back)),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(give_back) = self.give_back.take() {
            give_back();
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}

/// Why a connection could not be opened.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The connect data cannot be read. The data itself is not repeated, since it holds a secret.
    #[error("the tenant's connect data cannot be read as a database URL: {0}")]
    Data(&'static str),
    /// The server took too long, refuses connections, or is away.
    #[error("the database server did not accept a connection in time; is it running?")]
    TimedOut,
    /// The server cannot be reached now, or takes no more connections; it may in a moment.
    #[error("the database server takes no connections now")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The database refuses: it is not there, or the password is wrong.
    #[error("the database could not be opened")]
    Failed(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl ConnectError {
    /// Wraps an error of the driver.
    pub fn failed(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(source))
    }

    /// Wraps an error of the driver that concerns the server rather than one database on it.
    pub fn unavailable(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(source))
    }

    /// Whether it may concern every database on the server.
    pub(crate) const fn is_servers(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Unavailable(_))
    }
}

/// Opens, tidies and closes **one connection**. The scheduler above decides when and how many.
///
/// All three methods run on the runtime on which the manager was built.
///
/// ```
/// use multitenant_core::engine::{ConnectData, ConnectError, Connector, Permit};
///
/// /// Opens nothing; for measuring the scheduler alone.
/// struct Nowhere;
///
/// impl Connector for Nowhere {
///     type Connection = Permit;
///
///     async fn connect(&self, _: &ConnectData, permit: Permit) -> Result<Permit, ConnectError> {
///         Ok(permit)
///     }
///     async fn check(&self, _: &mut Permit) -> bool {
///         true
///     }
///     async fn close(&self, _: Permit) {}
/// }
/// ```
pub trait Connector: Send + Sync + 'static {
    /// An open connection, which owns its [`Permit`].
    type Connection: Send + 'static;

    /// Opens a connection. Called with a permit in hand; on failure the permit is dropped.
    ///
    /// # Errors
    /// Any [`ConnectError`]; all who wait for this tenant are told.
    fn connect(
        &self,
        data: &ConnectData,
        permit: Permit,
    ) -> impl Future<Output = Result<Self::Connection, ConnectError>> + Send;

    /// Whether a connection that comes back may go to anybody as it is. One that may not is
    /// [checked](Self::check) first, and what is idle always has been. Costs no I/O.
    fn is_fit(&self, connection: &Self::Connection) -> bool {
        let _ = connection;
        true
    }

    /// Makes a connection fit for the next user after a use that was cut off or may have left
    /// something behind: an unread answer, an open transaction. `false` means it is unfit and
    /// must be closed.
    fn check(&self, connection: &mut Self::Connection) -> impl Future<Output = bool> + Send;

    /// Closes a connection that nobody uses; returns once the server no longer counts it.
    fn close(&self, connection: Self::Connection) -> impl Future<Output = ()> + Send;
}
