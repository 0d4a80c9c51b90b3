use std::fmt;
use std::time::Duration;

#[cfg(feature = "postgres")]
use secrecy::SecretString;
use tokio::task::JoinSet;

use super::error::{Doing, SetUpError};
use super::place::Place;
use super::recorder::Recorder;
use super::tenant::TestTenant;
use crate::platform::{Platform, PlatformBuilder};
use crate::rbac::Registry;

/// How long work that a test left in flight may take.
const DRAIN: Duration = Duration::from_secs(5);

type Configure = dyn FnOnce(PlatformBuilder) -> PlatformBuilder + Send;

/// A whole platform with tenants, for one test. See the [module](super) for a whole test.
///
/// Everything is real: the catalog, the tenants' databases and logins, tokens, passwords (which cost
/// next to nothing here). What was made is gone when this is dropped, also where the test has failed.
pub struct TestPlatform {
    platform: Platform,
    tenants: Vec<TestTenant>,
    place: Place,
}

/// Says what platform a test needs.
#[must_use = "a platform runs once it is started"]
pub struct TestPlatformBuilder {
    place: Result<Place, SetUpError>,
    registry: &'static Registry,
    slugs: Vec<String>,
    configure: Vec<Box<Configure>>,
}

impl TestPlatform {
    /// A platform in a temporary folder.
    #[cfg(feature = "sqlite")]
    pub fn on_sqlite(registry: &'static Registry) -> TestPlatformBuilder {
        TestPlatformBuilder::new(Place::sqlite(), registry)
    }

    /// A platform on a Postgres server; see [`Place::postgres`].
    #[cfg(feature = "postgres")]
    pub fn on_postgres(
        admin: impl Into<SecretString>,
        registry: &'static Registry,
    ) -> TestPlatformBuilder {
        TestPlatformBuilder::new(Ok(Place::postgres(admin)), registry)
    }

    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The tenant with this slug, of those that were asked for.
    ///
    /// # Panics
    /// Where it was not.
    #[must_use]
    pub fn tenant(&self, slug: &str) -> &TestTenant {
        let mut tenants = self.tenants.iter();
        let found = tenants.find(|tenant| tenant.slug().as_str() == slug);
        found.unwrap_or_else(|| panic!("no tenant {slug} was asked for"))
    }

    /// Where its databases stand.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// A recorder of what happens from now on.
    ///
    /// # Errors
    /// Where the catalog cannot be read.
    pub async fn record(&self) -> Result<Recorder, SetUpError> {
        Recorder::start(self.platform.catalog()).await
    }

    /// Ends it and clears everything away. Dropping it does too, but tells nobody where something
    /// is still in use.
    ///
    /// # Errors
    /// Where something cannot be cleared away.
    ///
    /// # Panics
    /// Where work in flight does not end.
    pub async fn end(self) -> Result<(), SetUpError> {
        let ended = self.platform.shut_down(DRAIN).await;
        assert!(ended, "connections of tenants are still in use");
        self.place.clear().await
    }
}

impl fmt::Debug for TestPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slugs = self.tenants.iter().map(|tenant| tenant.slug().as_str());
        f.debug_list().entries(slugs).finish()
    }
}

impl TestPlatformBuilder {
    fn new(place: Result<Place, SetUpError>, registry: &'static Registry) -> Self {
        Self {
            place,
            registry,
            slugs: Vec::new(),
            configure: Vec::new(),
        }
    }

    /// The tenants that there are, by slug.
    pub fn tenants<S: Into<String>>(mut self, slugs: impl IntoIterator<Item = S>) -> Self {
        self.slugs.extend(slugs.into_iter().map(S::into));
        self
    }

    /// What the application says of its platform: `.schema(…)`, `.clock(…)`, `.sources(…)`.
    pub fn with(
        mut self,
        configure: impl FnOnce(PlatformBuilder) -> PlatformBuilder + Send + 'static,
    ) -> Self {
        self.configure.push(Box::new(configure));
        self
    }

    /// Starts the platform and makes its tenants, all at once.
    ///
    /// # Errors
    /// [`SetUpError`] with its sources.
    pub async fn start(self) -> Result<TestPlatform, SetUpError> {
        let place = self.place?;
        let mut builder = place.platform(self.registry);
        for configure in self.configure {
            builder = configure(builder);
        }
        let platform = builder.start().await.to("start")?;
        let tenants = make(&platform, self.slugs).await?;
        Ok(TestPlatform {
            platform,
            tenants,
            place,
        })
    }
}

async fn make(platform: &Platform, slugs: Vec<String>) -> Result<Vec<TestTenant>, SetUpError> {
    let mut making = JoinSet::new();
    for slug in slugs {
        let platform = platform.clone();
        making.spawn(async move { TestTenant::make(&platform, &slug).await });
    }
    let made = making.join_all().await;
    made.into_iter().collect()
}

impl fmt::Debug for TestPlatformBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestPlatformBuilder")
            .field("slugs", &self.slugs)
            .finish_non_exhaustive()
    }
}
