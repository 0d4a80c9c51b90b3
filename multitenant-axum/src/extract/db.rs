use multitenant_core::engine::SqlEngine;
use multitenant_core::tenant;

use super::{from_passage, thin};

/// The database of the tenant that the user acts in: on a route with a rule for users, where
/// `State(pool): State<PgPool>` would stand with one tenant.
///
/// ```
/// # #[cfg(feature = "postgres")] {
/// use multitenant_axum::{Db, Problem};
/// use sqlx::Postgres;
///
/// async fn count(Db(db): Db<Postgres>) -> Result<String, Problem> {
///     let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM invoices").fetch_one(&db).await?;
///     Ok(count.to_string())
/// }
/// # }
/// ```
///
/// It is taken apart like axum's own extractors: what is inside is core's handle
/// [`Db`](tenant::Db), on which sqlx runs, and which every function of yours takes whatever the
/// web framework. No connection is taken before the first query.
#[derive(Debug, Clone)]
pub struct Db<E: SqlEngine>(pub tenant::Db<E>);

/// The same for a binary that runs on both engines; [`on!`](multitenant_core::on) writes each
/// query once.
///
/// ```
/// # #[cfg(any(feature = "postgres", feature = "sqlite"))] {
/// use multitenant_axum::{AnySql, Problem};
/// use multitenant_core::on;
///
/// async fn count(AnySql(db): AnySql) -> Result<String, Problem> {
///     let count = "SELECT COUNT(*) FROM invoices";
///     let count: i64 = on!(&db, db => sqlx::query_scalar(count).fetch_one(db).await)?;
///     Ok(count.to_string())
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AnySql(pub tenant::AnySql);

from_passage!([E: SqlEngine] Db<E>, tenant::Db<E>);
from_passage!([] AnySql, tenant::AnySql);
