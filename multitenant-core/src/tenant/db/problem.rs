//! What a caller is told of a database that fails.

use std::time::Duration;

use crate::engine::is_passing;
use crate::tenant::{AcquireError, WrongEngine};
use crate::{Code, Problem};

const RETRY: Duration = Duration::from_secs(1);

impl From<&sqlx::Error> for Problem {
    /// A database that cannot be reached now, or takes no more, is 503; a row that is not there is
    /// 404; the rest is a fault of the server. Whatever is not the caller's business goes to the
    /// log.
    fn from(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Code::NotFound.into(),
            passing if is_passing(passing) => unavailable(error, RETRY),
            sqlx::Error::Configuration(source) => match source.downcast_ref::<AcquireError>() {
                Some(refused) => refused.into(),
                None => Self::internal(error),
            },
            _ => Self::internal(error),
        }
    }
}

impl From<&AcquireError> for Problem {
    fn from(error: &AcquireError) -> Self {
        unavailable(error, error.retry_after())
    }
}

impl From<&WrongEngine> for Problem {
    fn from(error: &WrongEngine) -> Self {
        Self::internal(error)
    }
}

crate::error::problem_by_value!(sqlx::Error, AcquireError, WrongEngine);

fn unavailable(error: &(dyn std::error::Error + 'static), retry_after: Duration) -> Problem {
    tracing::warn!(error, "the tenant's database is not available");
    Problem::retry_later(
        Code::TenantUnavailable,
        retry_after,
        "try again in a moment",
    )
}

#[cfg(test)]
mod tests {
    use super::super::into_sqlx;
    use super::*;

    #[test]
    fn what_a_caller_is_told_of_a_failing_database() {
        let io = || std::io::Error::other("host 10.0.0.7 is down");
        let acquire = || AcquireError::QueueFull {
            waiting: 7,
            retry_after: Duration::from_secs(3),
        };
        let table = [
            (sqlx::Error::RowNotFound, Code::NotFound),
            (sqlx::Error::Io(io()), Code::TenantUnavailable),
            (sqlx::Error::PoolTimedOut, Code::TenantUnavailable),
            (sqlx::Error::PoolClosed, Code::TenantUnavailable),
            (into_sqlx(acquire()), Code::TenantUnavailable),
            (sqlx::Error::Configuration(Box::new(io())), Code::Internal),
            (sqlx::Error::Protocol("secret".into()), Code::Internal),
            (sqlx::Error::ColumnNotFound("secret".into()), Code::Internal),
        ];
        for (error, code) in table {
            let problem = Problem::from(&error);
            assert_eq!(problem.code, code, "{error}");
            assert_eq!(problem.retry_after.is_some(), code.status() == 503);
            assert!(!problem.detail.contains("secret") && !problem.detail.contains("10.0"));
        }
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn a_busy_file_is_unavailable_and_a_broken_rule_is_not() {
        use sqlx::Connection;

        let folder = tempfile::TempDir::new().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("a.db").display());
        let mut first = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let make = sqlx::raw_sql("CREATE TABLE one (id INTEGER PRIMARY KEY); BEGIN IMMEDIATE");
        make.execute(&mut first).await.unwrap();
        let options = url.parse::<sqlx::sqlite::SqliteConnectOptions>().unwrap();
        let options = options.busy_timeout(Duration::ZERO);
        let mut second = sqlx::SqliteConnection::connect_with(&options)
            .await
            .unwrap();
        let insert = "INSERT INTO one VALUES (1), (1)";
        let busy = sqlx::query(insert).execute(&mut second).await.unwrap_err();
        assert_eq!(Problem::from(&busy).code, Code::TenantUnavailable);
        let twice = sqlx::query(insert).execute(&mut first).await.unwrap_err();
        assert_eq!(Problem::from(&twice).code, Code::Internal);
    }
}
