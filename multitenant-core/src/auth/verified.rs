use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use crate::token::{AccessClaims, KeyRings, TokenError};
use crate::{Realm, Timestamp, limits};

/// Verifies access tokens, and remembers those that were good: the next request with the same one
/// costs a look into memory instead of a signature's check and the reading of claims.
///
/// A token that was good at one moment is good at each later one until it expires, for as long as
/// the keys stay. Whether its session is alive is for the caller to ask, each time.
pub(super) struct VerifiedTokens {
    keys: Arc<KeyRings>,
    good: Mutex<LruCache<Box<str>, Good>>,
}

/// What a token said, and since when it is known to be good.
#[derive(Clone)]
struct Good {
    claims: Arc<AccessClaims>,
    since: Timestamp,
}

/// Most tokens remembered, the least recently used of which goes first: some 8 MB.
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

impl VerifiedTokens {
    pub(super) fn new(keys: Arc<KeyRings>) -> Self {
        let good = Mutex::new(LruCache::new(CAPACITY));
        Self { keys, good }
    }

    /// As [`KeyRings::verify`].
    pub(super) fn verify(
        &self,
        realm: Realm,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<AccessClaims>, TokenError> {
        if token.len() > limits::TOKEN_MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        let known = self.good.lock().get(token).cloned();
        if let Some(good) = known.filter(|good| good.holds(realm, now)) {
            return Ok(good.claims);
        }
        let claims = Arc::new(self.keys.verify(realm, token, now)?.into_inner());
        let good = Good {
            claims: Arc::clone(&claims),
            since: now,
        };
        self.good.lock().put(token.into(), good);
        Ok(claims)
    }
}

impl Good {
    fn holds(&self, realm: Realm, now: Timestamp) -> bool {
        let lifetime = self.since..self.claims.expires_at;
        self.claims.standing.realm() == realm && lifetime.contains(&now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::token::{KeyRing, SigningKey};
    use crate::{Clock, SessionId, Standing, Subject, SystemClock, TenantId};

    fn keys() -> KeyRings {
        let ring = |realm, secret: &str| {
            let key = SigningKey::hs256(&secret.repeat(8).into()).unwrap();
            KeyRing::new(realm, key)
        };
        let staff = ring(Realm::Enterprise, "staff-key");
        KeyRings::new("test", staff, ring(Realm::Client, "users-key")).unwrap()
    }

    fn token(keys: &KeyRings, now: Timestamp) -> String {
        let (tenant, roles) = (TenantId::generate(), Vec::new());
        let standing = Standing::User { tenant, roles };
        let subject = Subject::new("someone").unwrap();
        let claims = AccessClaims::new(subject, SessionId::generate(), 1, standing, now);
        keys.issue(&claims).unwrap()
    }

    #[test]
    fn a_remembered_token_is_checked_for_all_that_may_have_changed() {
        let (now, keys) = (SystemClock.now(), keys());
        let token = token(&keys, now);
        let mut forged = token.clone();
        let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
        forged.push(last);
        let long_before = now - TimeDelta::seconds(2 * limits::ISSUED_AHEAD_MAX_SECONDS);
        let end = now + TimeDelta::seconds(limits::ACCESS_TOKEN_SECONDS);
        let verified = VerifiedTokens::new(Arc::new(keys));
        let table = [
            (Realm::Client, &token, now, None),
            (Realm::Client, &token, now, None),
            (Realm::Enterprise, &token, now, Some("wrong_realm")),
            (Realm::Client, &forged, now, Some("token_invalid")),
            (Realm::Client, &token, long_before, Some("token_invalid")),
            (Realm::Client, &token, end, Some("token_expired")),
            (Realm::Client, &token, now, None),
        ];
        for (realm, token, at, expected) in table {
            let refused = verified.verify(realm, token, at).err();
            let code = refused.map(|error| error.code().to_string());
            assert_eq!(code.as_deref(), expected, "{realm:?} at {at}");
        }
    }

    #[test]
    fn only_good_tokens_are_remembered_and_no_more_than_there_is_room_for() {
        let (now, verified) = (SystemClock.now(), VerifiedTokens::new(Arc::new(keys())));
        verified.good.lock().resize(NonZeroUsize::MIN);
        for _ in 0..3 {
            let token = token(&verified.keys, now);
            verified.verify(Realm::Client, &token, now).unwrap();
            verified.verify(Realm::Client, "a.b.c", now).unwrap_err();
            let remembered = verified.good.lock();
            assert!(remembered.contains(token.as_str()) && remembered.len() == 1);
        }
    }
}
