use std::sync::Arc;

use async_trait::async_trait;

use super::AuthError;
use crate::events::{Event, EventKind, Follow, FollowError};
use crate::tenant::{Cache, CacheOptions, Cached};
use crate::{SessionId, Subject, TenantId};

/// Whose sessions: those of one tenant's users, or of the platform's staff.
pub type SessionKey = (Option<TenantId>, SessionId);

/// What is known of a session that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// Whose it is.
    pub subject: Subject,
    /// The person's version; tokens of any other are refused.
    pub version: i64,
    /// Whether they must change a temporary password first.
    pub password_change_due: bool,
}

/// Where sessions live.
///
#[doc = include_str!("../docs/seams/session_store.md")]
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Reads one session in the database where it lives. `None` where it never was, was ended or
    /// has expired, or where its person is deactivated or gone. Called once for a session that
    /// this node has not seen, and again after an event named it or its person.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when that database cannot be read.
    async fn live_session(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
    ) -> Result<Option<LiveSession>, AuthError>;
}

/// The sessions that this node has seen alive. A warm look reads nothing; the log makes it forget.
/// Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    cache: Cache<SessionKey, LiveSession, AuthError>,
}

impl Sessions {
    /// Sessions kept in `store`. Have the result follow the log, or revocations are not heard of.
    pub fn new(store: Arc<dyn SessionStore>, options: CacheOptions) -> Self {
        let cache = Cache::new(options, move |(tenant, session)| {
            let store = Arc::clone(&store);
            async move {
                let found = store.live_session(tenant, session).await?;
                found.ok_or(AuthError::Revoked)
            }
        });
        Self { cache }
    }

    /// Checks that a session is alive and that its person is still the version that a token names.
    ///
    /// # Errors
    /// [`AuthError::Revoked`] where either is not so.
    pub async fn check(
        &self,
        key: SessionKey,
        subject: &Subject,
        version: i64,
    ) -> Result<Cached<LiveSession>, AuthError> {
        let session = match self.cache.peek(key) {
            Some(session) => session,
            None => self.cache.get(key).await?,
        };
        if session.version != version || session.subject != *subject {
            return Err(AuthError::Revoked);
        }
        Ok(session)
    }
}

#[async_trait]
impl Follow for Sessions {
    async fn apply(&self, event: &Event) -> Result<(), FollowError> {
        match &event.kind {
            EventKind::SessionEnded { tenant, session } => {
                self.cache.remove((*tenant, *session));
            }
            EventKind::SubjectChanged { tenant, subject } => self
                .cache
                .remove_where(|(of, _), session| of == tenant && session.subject == *subject),
            EventKind::TenantDeleted { tenant } => {
                self.cache.remove_where(|(of, _), _| *of == Some(*tenant));
            }
            EventKind::Unknown { tenant, .. } => self.cache.remove_where(|(of, _), _| of == tenant),
            EventKind::Missed => drop(self.cache.clear()),
            _ => {}
        }
        Ok(())
    }
}
