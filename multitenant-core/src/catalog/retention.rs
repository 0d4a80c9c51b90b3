use std::time::Duration;

use crate::limits::ENDED_SESSION_SECONDS;

/// How long a catalog keeps what nobody asks for any more. Audit rows are kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// How long an event stays in the log of changes. A node that has not read the log for so long
    /// reads everything anew. Default 7 days.
    pub events: Duration,
    /// For how long the repetition of a request with an idempotency key is recognised. Default 24
    /// hours.
    pub idempotency_keys: Duration,
    /// How long a session of the platform's staff is kept after its end. Default 7 days; a sign-in
    /// deletes some that have been over for so long, whatever is set here.
    pub sessions: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            events: DAY * 7,
            idempotency_keys: DAY,
            sessions: Duration::from_secs(ENDED_SESSION_SECONDS),
        }
    }
}

/// What was deleted because nobody asks for it any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pruned {
    /// Events.
    pub events: u64,
    /// Idempotency keys.
    pub idempotency_keys: u64,
    /// Sessions of the platform's staff.
    pub sessions: u64,
}
