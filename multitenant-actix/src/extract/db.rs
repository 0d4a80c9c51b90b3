use multitenant_core::engine::SqlEngine;
use multitenant_core::tenant;

use super::passage::passage;
use super::{taken_at_once, thin};

/// The database of the tenant that the user acts in: on a route with a rule for users, where
/// `pool: web::Data<PgPool>` would stand with one tenant.
///
/// ```
/// # #[cfg(feature = "postgres")] {
/// use multitenant_actix::{Db, Problem};
/// use sqlx::Postgres;
///
/// async fn count(Db(db): Db<Postgres>) -> Result<String, Problem> {
///     let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM invoices").fetch_one(&db).await?;
///     Ok(count.to_string())
/// }
/// # }
/// ```
///
/// What is inside is core's handle [`Db`](tenant::Db), on which sqlx runs, and which every
/// function of yours takes whatever the web framework. No connection is taken before the first
/// query.
#[derive(Debug, Clone)]
pub struct Db<E: SqlEngine>(pub tenant::Db<E>);

/// The same for a binary that runs on both engines; [`on!`](multitenant_core::on) writes each
/// query once.
///
/// ```
/// # #[cfg(any(feature = "postgres", feature = "sqlite"))] {
/// use multitenant_actix::{AnySql, Problem};
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

taken_at_once!([E: SqlEngine] Db<E>, tenant::Db<E>, passage);
taken_at_once!([] AnySql, tenant::AnySql, passage);
