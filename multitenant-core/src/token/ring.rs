use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::key::{InvalidSigningKey, SigningKey};
use crate::Realm;
use crate::mac::{self, MacKey};

/// One realm's keys: the current one signs, all of them check.
///
/// To rotate, first give the new key to every node as one that only checks, then make it current
/// everywhere, and drop the old one when the last token it signed has expired.
pub struct KeyRing {
    realm: Realm,
    current: RingKey,
    others: Vec<RingKey>,
}

/// A key with what is derived from it for its realm.
pub(super) struct RingKey {
    pub(super) key: SigningKey,
    /// Authenticates refresh tokens.
    pub(super) refresh: MacKey,
    /// Derives a refresh token's one successor.
    pub(super) succession: MacKey,
}

impl RingKey {
    fn new(realm: Realm, key: SigningKey) -> Self {
        let derive = |purpose: &[u8]| {
            let realm = realm.as_str().as_bytes();
            mac::derive(&[b"multitenant ", purpose, b" v1 ", realm], key.secret())
        };
        Self {
            refresh: derive(b"refresh token"),
            succession: derive(b"refresh successor"),
            key,
        }
    }
}

impl KeyRing {
    /// A ring whose only key signs and checks.
    #[must_use]
    pub fn new(realm: Realm, current: SigningKey) -> Self {
        Self {
            realm,
            current: RingKey::new(realm, current),
            others: Vec::new(),
        }
    }

    /// Adds a key that only checks: one that signed before, or will sign next.
    #[must_use]
    pub fn also_checking(mut self, key: SigningKey) -> Self {
        self.others.push(RingKey::new(self.realm, key));
        self
    }

    /// The realm whose tokens these keys sign.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        self.realm
    }

    /// Whether what the key of this id signed can be checked.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.keys().any(|key| key.key.id() == id)
    }

    /// The key that signs.
    #[must_use]
    pub const fn current(&self) -> &SigningKey {
        &self.current.key
    }

    pub(super) const fn signing(&self) -> &RingKey {
        &self.current
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &RingKey> {
        std::iter::once(&self.current).chain(&self.others)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<_> = self.others.iter().map(|other| other.key.id()).collect();
        f.debug_struct("KeyRing")
            .field("realm", &self.realm)
            .field("current", &self.current.key.id())
            .field("also_checking", &others)
            .finish()
    }
}

/// The key rings of both realms, and the name under which they issue.
///
/// Both are needed to check a token of either: a genuine token of the other realm is told apart
/// from a forgery.
///
/// ```
/// use multitenant_core::token::{AccessClaims, KeyRing, KeyRings, SigningKey};
/// use multitenant_core::{Clock, Realm, SessionId, Standing, Subject, SystemClock, TenantId};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let staff = SigningKey::hs256(&"a secret of the platform's staff only".into())?;
/// let users = SigningKey::hs256(&"a secret of all the tenants' users".into())?;
/// let rings = KeyRings::new(
///     "https://erp.example",
///     KeyRing::new(Realm::Enterprise, staff),
///     KeyRing::new(Realm::Client, users),
/// )?;
///
/// let now = SystemClock.now();
/// let standing = Standing::User { tenant: TenantId::generate(), roles: vec!["Viewer".parse()?] };
/// let claims = AccessClaims::new(Subject::new("42")?, SessionId::generate(), 1, standing, now);
/// let token = rings.issue(&claims)?;
///
/// let verified = rings.verify(Realm::Client, &token, now)?;
/// assert_eq!(verified.subject.as_str(), "42");
/// assert!(rings.verify(Realm::Enterprise, &token, now).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct KeyRings {
    issuer: Arc<str>,
    enterprise: KeyRing,
    client: KeyRing,
}

impl KeyRings {
    /// Two rings of one key each, HMAC-SHA256 under a secret of the staff's and one of the tenants'
    /// users, of 32 bytes or more each.
    ///
    /// # Errors
    /// [`InvalidSigningKey`] if a secret is too short, or both are the same.
    pub fn from_secrets(
        issuer: impl Into<Arc<str>>,
        staff: impl Into<SecretString>,
        users: impl Into<SecretString>,
    ) -> Result<Self, InvalidSigningKey> {
        let staff = KeyRing::new(Realm::Enterprise, SigningKey::hs256(&staff.into())?);
        let users = KeyRing::new(Realm::Client, SigningKey::hs256(&users.into())?);
        Self::new(issuer, staff, users)
    }

    /// Joins the two rings under the issuer's name (the `iss` claim), such as the server's URL.
    ///
    /// # Errors
    /// [`InvalidSigningKey`] if a ring is of the other's realm, or any two keys have the same id or the
    /// same secret.
    pub fn new(
        issuer: impl Into<Arc<str>>,
        enterprise: KeyRing,
        client: KeyRing,
    ) -> Result<Self, InvalidSigningKey> {
        if enterprise.realm != Realm::Enterprise || client.realm != Realm::Client {
            return Err(InvalidSigningKey::Realm);
        }
        let keys: Vec<_> = enterprise.keys().chain(client.keys()).collect();
        let same = |one: &RingKey, other: &RingKey| {
            one.key.id() == other.key.id() || one.key.secret() == other.key.secret()
        };
        let mut rest = keys.as_slice();
        while let [first, others @ ..] = rest {
            if others.iter().any(|other| same(first, other)) {
                return Err(InvalidSigningKey::Repeated);
            }
            rest = others;
        }
        Ok(Self {
            issuer: issuer.into(),
            enterprise,
            client,
        })
    }

    /// One realm's ring.
    #[must_use]
    pub const fn ring(&self, realm: Realm) -> &KeyRing {
        match realm {
            Realm::Enterprise => &self.enterprise,
            Realm::Client => &self.client,
        }
    }

    /// The issuer's name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Every key there is, with its realm; those of the expected realm come first.
    pub(super) fn keys(&self, first: Realm) -> impl Iterator<Item = (Realm, &RingKey)> {
        let second = match first {
            Realm::Enterprise => Realm::Client,
            Realm::Client => Realm::Enterprise,
        };
        [first, second]
            .into_iter()
            .flat_map(move |realm| self.ring(realm).keys().map(move |key| (realm, key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, secret: char) -> SigningKey {
        let secret = secret.to_string().repeat(32);
        SigningKey::hs256_named(id, &secret.into()).unwrap()
    }

    fn join(enterprise: KeyRing, client: KeyRing) -> Option<InvalidSigningKey> {
        KeyRings::new("test", enterprise, client).err()
    }

    #[test]
    fn realms_share_no_key_and_stand_in_their_own_places() {
        let staff = || KeyRing::new(Realm::Enterprise, key("e", 'e'));
        let users = || KeyRing::new(Realm::Client, key("c", 'c'));
        assert_eq!(join(staff(), users()), None);
        assert_eq!(join(users(), staff()), Some(InvalidSigningKey::Realm));
        let same_secret = KeyRing::new(Realm::Client, key("c", 'e'));
        assert_eq!(
            join(staff(), same_secret),
            Some(InvalidSigningKey::Repeated)
        );
        let same_id = users().also_checking(key("e", 'x'));
        assert_eq!(join(staff(), same_id), Some(InvalidSigningKey::Repeated));
        let own_twice = users().also_checking(key("c", 'x'));
        assert_eq!(join(staff(), own_twice), Some(InvalidSigningKey::Repeated));
    }

    #[test]
    fn rings_print_no_secret() {
        let users = KeyRing::new(Realm::Client, key("c", 'z'));
        assert!(!format!("{users:?}").contains("zzz"));
    }
}
