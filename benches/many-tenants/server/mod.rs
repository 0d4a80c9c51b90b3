//! The Postgres server to measure on: somebody's, or one of our own.

mod own;
mod programs;
mod user;

use anyhow::Result;
use url::Url;

use crate::arguments::Arguments;
use own::OwnServer;

/// A server on which databases may be made.
pub(crate) enum Server {
    /// It was there before us and stays.
    Given(Url),
    /// It was made for this run and goes with it.
    Own(Box<OwnServer>),
}

impl Server {
    /// The server that the arguments name, or one of our own, which does not run yet.
    ///
    /// # Errors
    /// Where no server is named and none is installed.
    pub(crate) fn of(arguments: &Arguments) -> Result<Self> {
        match &arguments.postgres_url {
            Some(url) => Ok(Self::Given(url.clone())),
            None => Ok(Self::Own(Box::new(OwnServer::new(arguments.trust)?))),
        }
    }

    /// Its URL, once it runs.
    ///
    /// # Errors
    /// Where it does not start.
    pub(crate) async fn url(&mut self) -> Result<Url> {
        match self {
            Self::Given(url) => Ok(url.clone()),
            Self::Own(server) => server.start().await,
        }
    }

    /// Whether what is made on it stays when we have gone.
    pub(crate) fn outlives_us(&self) -> bool {
        matches!(self, Self::Given(_))
    }

    /// Ends it, if it is ours.
    pub(crate) async fn stop(self) -> Result<()> {
        match self {
            Self::Given(_) => Ok(()),
            Self::Own(server) => server.stop().await,
        }
    }
}
