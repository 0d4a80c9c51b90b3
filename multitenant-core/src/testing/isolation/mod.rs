//! Whether one tenant's user reaches another tenant, whatever is tried.

mod application;
mod leak;
mod party;
mod path;
mod probe;
mod search;
mod snapshot;

use std::fmt;

pub use application::{Application, Listed};
pub use leak::Leak;
pub use party::Party;

use search::Search;

/// Tries the credentials and the ids of each of two tenants on every route of the other, and panics
/// with the routes that let something through.
///
/// On every route, for each of the two against the other:
///
/// - its credentials where everything else in the request names the other: must be refused;
/// - its own request, plain and with the other's name in a query or a body: must show no id and no
///   mark of the other;
/// - the other's ids in its path: must be answered as ids that nobody has, but for what repeats them;
/// - all of it: must change nothing in the other's database, where its handle was handed in.
///
/// It panics also where nothing could have been found: where no route lets a tenant in with its own
/// credentials, or none shows a tenant anything of what it is to be recognised by.
///
/// ```
/// use multitenant_core::testing::{Application, Party, assert_isolated};
///
/// async fn tenants_are_isolated(app: impl Application) {
///     let acme = Party::new("acme").bearer("token-of-acme").id("0190c4de-0000-7000-8000-000000000001");
///     let globex = Party::new("globex").bearer("token-of-globex").mark("a row of globex");
///     assert_isolated(&app, acme, globex).await;
/// }
/// ```
///
/// It cannot know by which bodies a route does its work, nor of routes that are not listed: see
/// [`Isolation`].
///
/// # Panics
/// As said above.
pub async fn assert_isolated(app: &impl Application, a: impl Into<Party>, b: impl Into<Party>) {
    Isolation::of(app).check(a, b).await;
}

/// [`assert_isolated`] with more to say: bodies that routes take, and routes to leave out.
///
/// ```
/// use multitenant_core::testing::{Application, Isolation, Party};
///
/// async fn tenants_are_isolated(app: impl Application, a: Party, b: Party) {
///     Isolation::of(&app)
///         .body("/invoices", r#"{"totalMinor": 1200}"#)
///         .without("/events")
///         .check(a, b)
///         .await;
/// }
/// ```
#[must_use = "nothing is tried before `check`"]
pub struct Isolation<'a, A> {
    app: &'a A,
    bodies: Vec<(String, String)>,
    left_out: Vec<String>,
}

impl<'a, A: Application> Isolation<'a, A> {
    /// Tries every route of this application.
    pub const fn of(app: &'a A) -> Self {
        Self {
            app,
            bodies: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// The JSON that a route's path takes, where `{}` is not enough to come far.
    pub fn body(mut self, path: &str, json: &str) -> Self {
        self.bodies.push((path.to_owned(), json.to_owned()));
        self
    }

    /// Leaves a path out, such as that of a stream that never ends.
    pub fn without(mut self, path: &str) -> Self {
        self.left_out.push(path.to_owned());
        self
    }

    /// Everything by which one of the two reaches the other, or that made a test of it worthless.
    pub async fn leaks(self, a: impl Into<Party>, b: impl Into<Party>) -> Vec<Leak> {
        let (a, b) = (a.into(), b.into());
        let mut leaks = Search::new(&self, &a, &b).await.run().await;
        leaks.extend(Search::new(&self, &b, &a).await.run().await);
        leaks
    }

    /// Tries everything.
    ///
    /// # Panics
    /// Where anything was found, with all of it.
    pub async fn check(self, a: impl Into<Party>, b: impl Into<Party>) {
        let leaks = self.leaks(a, b).await;
        let lines: Vec<_> = leaks.iter().map(Leak::to_string).collect();
        assert!(
            lines.is_empty(),
            "tenants are not isolated:\n- {}",
            lines.join("\n- ")
        );
    }
}

impl<A> fmt::Debug for Isolation<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolation")
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}
