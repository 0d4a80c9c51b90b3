//! The small application that each adapter serves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use multitenant_core::gate::Gate;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// What the small application needs.
///
/// An adapter serves these routes by its own `Guarded`, its own extractors, and [`handlers`] for
/// what is behind them, under its layers for request ids and problems, a time limit and a limit
/// for bodies:
///
/// | rule | route | answer |
/// | --- | --- | --- |
/// | public | `GET /public` | `everybody` |
/// | `USER` | `GET /who`, `GET /t/{slug}/who` | `<subject> at <slug>` |
/// | `invoices::READ` | `GET /invoices` | `listed` |
/// | `invoices::CREATE` | `POST /invoices` | `created` |
/// | `USER_BEFORE_PASSWORD_CHANGE` | `GET /password` | as `/who` |
/// | `TenantHint` | `GET /login` | `known` or `unknown` |
/// | `EnterpriseAction::Read` | `GET /staff` | the subject |
/// | `EnterpriseAction::Administer` | `POST /staff` | the subject |
/// | public | `POST /orders` with an [`Order`] | the order |
/// | public | `GET /list` with a [`Paging`] | the page, else 1 |
/// | public | `GET /one/{id}`, a `u64` | the id |
/// | public | `GET /name/{name}`, a `String` | the name |
/// | public | `GET /pair/{name}/{number}`, a `(String, u8)` | `<name> <number>` |
/// | public | `GET /wrong/{id}`, taken for a `(u8, u8)` | an error of the code |
/// | public | `GET /codes/{code}` | [`handlers::problem`] |
/// | `USER` | `GET /names` | [`handlers::names`] |
/// | `USER` | `GET /hold` | [`handlers::hold`] |
/// | `USER` | `GET /panic` | [`handlers::panic`] |
/// | `USER` | `GET /stream` | [`handlers::stream`] as a body |
/// | public | `GET /late` | [`handlers::late`] |
/// | `USER` | `GET /events` | [`handlers::events`] as server-sent events, each as data |
/// | `USER` | `GET /socket` | a WebSocket: [`handlers::BEGUN`] as text, then closed with [`handlers::OVER`] once the tenant is revoked |
/// | `USER` | `/any`, every method | `any` |
/// | `USER` | nested at `/lines`: `GET /`, `GET /{id}` (a `u64`), `GET /new`, in this order | `lines`, the id, `new` |
/// | `USER` | merged: `GET /merged` | `merged` |
/// | public | `GET /misplaced/public`, which takes a tenant | an error of the code |
/// | `TenantHint` | `GET /misplaced/hint`, which takes a database | an error of the code |
/// | `EnterpriseAction::Read` | `GET /misplaced/staff`, which takes a tenant | an error of the code |
/// | `USER` | `GET /misplaced/user`, which takes a hinted tenant | an error of the code |
/// | none, beside the guarded ones | `GET /misplaced/none`, which takes who acts | an error of the code |
pub struct Small {
    /// The gate.
    pub gate: Gate,
    /// What handlers and tests tell each other.
    pub signals: Arc<Signals>,
    /// How long a request may take to arrive and be answered.
    pub deadline: Duration,
    /// Most bytes of a body; `None`: what the adapter takes where it is told nothing.
    pub body_limit: Option<usize>,
}

/// What handlers and tests tell each other.
#[derive(Debug, Default)]
pub struct Signals {
    /// A handler has begun.
    pub at_work: Notify,
    /// A handler may go on.
    pub go_on: Notify,
}

/// Serves the small application.
pub trait Adapter {
    /// Serves it on a free port of the loopback for as long as the test runs.
    fn serve(small: Small) -> impl Future<Output = SocketAddr>;
}

/// A body.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// Who orders.
    pub name: String,
    /// What.
    pub line_items: Vec<u8>,
}

/// A query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Which page, from 1.
    pub page: Option<u32>,
}

/// What stands behind the routes, whatever the web framework.
pub mod handlers {
    use std::sync::Arc;

    use futures_core::Stream;
    use multitenant_core::tenant::{Db, Tenant};
    use multitenant_core::{Code, FieldError, Problem};
    use sqlx::Sqlite;

    use super::Signals;

    /// The problem with this code.
    #[must_use]
    pub fn problem(code: &str) -> Problem {
        let named = Code::ALL.iter().find(|known| known.as_str() == code);
        match named {
            Some(Code::ValidationFailed) => {
                Problem::invalid(vec![FieldError::new("name", "is empty")])
            }
            Some(code) => Problem::from(*code),
            None => Problem::from(Code::NotFound),
        }
    }

    /// The names in the tenant's database.
    ///
    /// # Errors
    /// The driver's.
    pub async fn names(db: &Db<Sqlite>) -> sqlx::Result<String> {
        let names = sqlx::query_scalar("SELECT group_concat(name) FROM names");
        names.fetch_one(db).await
    }

    /// Begins a transaction, says so and never ends.
    ///
    /// # Errors
    /// The driver's.
    pub async fn hold(db: &Db<Sqlite>, signals: &Signals) -> sqlx::Result<String> {
        let mut transaction = db.begin().await?;
        sqlx::query("SELECT 1").execute(&mut *transaction).await?;
        signals.at_work.notify_one();
        std::future::pending().await
    }

    /// Panics in a transaction.
    ///
    /// # Errors
    /// The driver's.
    pub async fn panic(db: &Db<Sqlite>) -> sqlx::Result<String> {
        let mut transaction = db.begin().await?;
        sqlx::query("SELECT 1").execute(&mut *transaction).await?;
        panic!("as it was told");
    }

    /// Begins at once, and ends with a query once it may go on. It holds on to the database only.
    pub fn stream(
        db: Db<Sqlite>,
        signals: Arc<Signals>,
    ) -> impl Stream<Item = sqlx::Result<String>> + Send + 'static {
        async_stream::try_stream! {
            yield "first, ".to_owned();
            signals.go_on.notified().await;
            let last: i64 = sqlx::query_scalar("SELECT 1").fetch_one(&db).await?;
            yield format!("last {last}");
        }
    }

    /// What the caller of a stream or a socket hears first.
    pub const BEGUN: &str = "begun";
    /// What they hear last.
    pub const OVER: &str = "over";

    /// Goes on for as long as the tenant is served.
    pub fn events(tenant: Tenant) -> impl Stream<Item = &'static str> + Send + 'static {
        async_stream::stream! {
            yield BEGUN;
            tenant.revoked().await;
            yield OVER;
        }
    }

    /// Says that it has begun and never ends.
    pub async fn late(signals: &Signals) -> &'static str {
        signals.at_work.notify_one();
        std::future::pending().await
    }
}
