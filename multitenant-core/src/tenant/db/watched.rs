//! A look at each statement on its way to the connection: may it leave something behind?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::error::BoxDynError;
use sqlx::{Database, Execute, SqlStr};

/// A query whose text is looked at when the connection takes it.
pub(super) struct Watched<E> {
    query: E,
    verdict: Verdict,
}

/// What was found about a [`Watched`] query.
#[derive(Clone)]
pub(super) struct Verdict {
    harmless: Arc<AtomicBool>,
}

impl Verdict {
    pub(super) fn is_harmless(&self) -> bool {
        self.harmless.load(Ordering::Relaxed)
    }

    fn suspect(&self) {
        self.harmless.store(false, Ordering::Relaxed);
    }
}

impl<E> Watched<E> {
    pub(super) fn new(query: E) -> (Self, Verdict) {
        let verdict = Verdict {
            harmless: Arc::new(AtomicBool::new(true)),
        };
        let watched = Self {
            query,
            verdict: verdict.clone(),
        };
        (watched, verdict)
    }
}

impl<'q, DB: Database, E: Execute<'q, DB>> Execute<'q, DB> for Watched<E> {
    fn sql(self) -> SqlStr {
        let sql = self.query.sql();
        if !leaves_nothing_behind(sql.as_str()) {
            self.verdict.suspect();
        }
        sql
    }

    fn statement(&self) -> Option<&DB::Statement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        let arguments = self.query.take_arguments()?;
        // A text without arguments, not even none, may hold several statements.
        if arguments.is_none() {
            self.verdict.suspect();
        }
        Ok(arguments)
    }

    fn persistent(&self) -> bool {
        self.query.persistent()
    }
}

/// Whether a statement cannot leave an open transaction or a changed setting behind.
fn leaves_nothing_behind(sql: &str) -> bool {
    const HARMLESS: [&str; 7] = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "MERGE",
    ];
    let text = sql.trim();
    if text.trim_end_matches(';').contains(';') {
        return false;
    }
    let word = text
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    HARMLESS
        .iter()
        .any(|harmless| word.eq_ignore_ascii_case(harmless))
}

#[cfg(test)]
mod tests {
    use super::leaves_nothing_behind;

    #[test]
    fn only_plain_statements_are_taken_to_leave_nothing_behind() {
        let table = [
            ("SELECT 1", true),
            ("  \n select 1", true),
            ("WITH x AS (SELECT 1) SELECT * FROM x", true),
            ("INSERT INTO a VALUES (1)", true),
            ("BEGIN", false),
            ("begin", false),
            ("START TRANSACTION", false),
            ("SAVEPOINT a", false),
            ("SET search_path = x", false),
            ("SELECT 1;", true),
            ("SELECT 1; BEGIN", false),
            ("selection", false),
            ("-- a comment\nBEGIN", false),
            ("/* SELECT */ BEGIN", false),
            ("", false),
        ];
        for (sql, expected) in table {
            assert_eq!(leaves_nothing_behind(sql), expected, "{sql:?}");
        }
    }
}
