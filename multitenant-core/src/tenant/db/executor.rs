//! sqlx's traits for the handle, so that it stands where a pool stood.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::TryStreamExt;
use sqlx::{Acquire, Describe, Either, Execute, Executor, SqlStr, Transaction};

use super::watched::Watched;
use super::{Db, DbConnection, Source, into_sqlx};
use crate::engine::{SqlConnector, SqlEngine};
use crate::tenant::budget::{LeasedConnection, Share};

type Step<DB> = Either<<DB as sqlx::Database>::QueryResult, <DB as sqlx::Database>::Row>;

impl<'p, DB: SqlEngine> Executor<'p> for &'_ Db<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Step<DB>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        match &self.source {
            Source::Pool(pool) => pool.fetch_many(query),
            Source::Share(share) => fetch_many(share.clone(), query),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<DB::Row>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        match &self.source {
            Source::Pool(pool) => pool.fetch_optional(query),
            Source::Share(share) => {
                let share = share.clone();
                Box::pin(async move {
                    let (query, verdict) = Watched::new(query);
                    let mut lease = begin_use(&share).await?;
                    let row = lease.connection().fetch_optional(query).await;
                    end_use(lease, row.is_ok() && verdict.is_harmless());
                    row
                })
            }
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<DB::Statement>>
    where
        'p: 'e,
    {
        match &self.source {
            Source::Pool(pool) => pool.prepare_with(sql, parameters),
            Source::Share(share) => {
                let share = share.clone();
                Box::pin(async move {
                    let mut lease = begin_use(&share).await?;
                    let statement = lease.connection().prepare_with(sql, parameters).await;
                    end_use(lease, statement.is_ok());
                    statement
                })
            }
        }
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<DB>>>
    where
        'p: 'e,
    {
        match &self.source {
            Source::Pool(pool) => pool.describe(sql),
            Source::Share(share) => {
                let share = share.clone();
                Box::pin(async move {
                    let mut lease = begin_use(&share).await?;
                    let description = lease.connection().describe(sql).await;
                    end_use(lease, description.is_ok());
                    description
                })
            }
        }
    }
}

fn fetch_many<'e, 'q: 'e, DB, E>(
    share: Share<SqlConnector<DB>>,
    query: E,
) -> BoxStream<'e, sqlx::Result<Step<DB>>>
where
    DB: SqlEngine,
    E: 'q + Execute<'q, DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    Box::pin(async_stream::try_stream! {
        let (query, verdict) = Watched::new(query);
        let mut lease = begin_use(&share).await?;
        {
            let mut steps = lease.connection().fetch_many(query);
            while let Some(step) = steps.try_next().await? {
                yield step;
            }
        }
        end_use(lease, verdict.is_harmless());
    })
}

/// Takes a connection for one statement. Until [`end_use`] it counts as soiled, so that a use
/// that is cut off or fails is tidied up before anybody else gets the connection.
async fn begin_use<DB: SqlEngine>(
    share: &Share<SqlConnector<DB>>,
) -> sqlx::Result<LeasedConnection<SqlConnector<DB>>> {
    let mut lease = share.acquire().await.map_err(into_sqlx)?;
    lease.soil();
    Ok(lease)
}

fn end_use<DB: SqlEngine>(mut lease: LeasedConnection<SqlConnector<DB>>, clean: bool) {
    if clean {
        lease.cleanse();
    }
}

impl<'a, DB: SqlEngine> Acquire<'a> for &'_ Db<DB> {
    type Database = DB;
    type Connection = DbConnection<DB>;

    fn acquire(self) -> BoxFuture<'a, sqlx::Result<DbConnection<DB>>> {
        let db = self.clone();
        Box::pin(async move { db.acquire().await })
    }

    fn begin(self) -> BoxFuture<'a, sqlx::Result<Transaction<'a, DB>>> {
        let db = self.clone();
        Box::pin(async move { db.begin().await })
    }
}
