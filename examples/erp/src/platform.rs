//! The catalog, the clients and their databases, joined.

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;

use crate::banner::NewAdmin;
use crate::config::Config;
use crate::health::{CacheHealth, Probe, ProbeError};
use crate::keys::Secrets;

/// What the routes stand on.
#[derive(Debug)]
pub struct Platform;

impl Platform {
    /// Opens the catalog, and makes it if it is missing.
    ///
    /// # Errors
    /// None yet.
    pub async fn start(_config: &Config, _secrets: Secrets) -> Result<Self, Infallible> {
        Ok(Self)
    }

    /// The platform admin that this start has made, if it was the first.
    #[must_use]
    pub fn new_admin(&self) -> Option<&NewAdmin> {
        None
    }

    /// What is asked about the server's health.
    #[must_use]
    pub fn probe(&self) -> Arc<dyn Probe> {
        Arc::new(NoCatalog)
    }

    /// Closes every connection.
    pub async fn shut_down(self) {}
}

struct NoCatalog;

#[async_trait]
impl Probe for NoCatalog {
    async fn ask_catalog(&self) -> Result<(), ProbeError> {
        Err("no catalog is opened yet".into())
    }

    fn cache(&self) -> CacheHealth {
        CacheHealth::default()
    }
}
