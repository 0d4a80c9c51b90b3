use std::borrow::Cow;

use sqlx::error::DatabaseError;

/// Whether a database is only out of reach or out of means, and may serve in a moment.
pub(crate) fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => has_passing_code(&**database),
        _ => false,
    }
}

/// On Postgres the classes 08 (connection), 53 (resources) and 57P (shutdown), on SQLite
/// `SQLITE_BUSY` and `SQLITE_FULL`, the lower byte of an extended code.
fn has_passing_code(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or(Cow::Borrowed(""));
    if code.len() == 5 {
        return ["08", "53", "57P"]
            .iter()
            .any(|class| code.starts_with(class));
    }
    code.parse()
        .is_ok_and(|code: u32| matches!(code & 0xff, 5 | 13))
}
