use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use multitenant_core::engine::SqlEngine;
use multitenant_core::gate::Passage;
use multitenant_core::tenant::{self, WrongEngine};

use super::thin;
use crate::Problem;

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

thin!([E: SqlEngine] Db<E>, tenant::Db<E>);
thin!([] AnySql, tenant::AnySql);

impl<E: SqlEngine> FromRequest for Db<E> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(of_tenant(request, "Db", tenant::Tenant::db).map(Self))
    }
}

impl FromRequest for AnySql {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(of_tenant(request, "AnySql", tenant::Tenant::any_sql).map(Self))
    }
}

fn of_tenant<T>(
    request: &HttpRequest,
    extractor: &'static str,
    take: impl FnOnce(&tenant::Tenant) -> Result<T, WrongEngine>,
) -> Result<T, Problem> {
    let extensions = request.extensions();
    Ok(take(Passage::tenant(extensions.get(), extractor)?)?)
}
