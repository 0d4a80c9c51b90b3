use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use multitenant_core::engine::SqlEngine;
use multitenant_core::gate::Passage;
use multitenant_core::tenant;

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

macro_rules! from_tenant {
    ([$($parameters:tt)*] $extractor:ty, $name:literal, $take:ident) => {
        impl<$($parameters)*> FromRequest for $extractor {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let extensions = request.extensions();
                let tenant = Passage::tenant(extensions.get(), $name).map_err(Problem::from);
                ready(tenant.and_then(|tenant| Ok(Self(tenant.$take()?))))
            }
        }
    };
}

from_tenant!([E: SqlEngine] Db<E>, "Db", db);
from_tenant!([] AnySql, "AnySql", any_sql);
