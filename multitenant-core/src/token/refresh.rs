use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::refresh_body::{RefreshBody, RefreshScope};
use super::ring::RingKey;
use super::{KeyRings, TokenError, wire};
use crate::mac;
use crate::{Realm, SessionId, TenantId};

/// What a refresh token begins with, so that it is known for one wherever it turns up, such as in
/// a scan for leaked secrets.
const PREFIX: &str = "mtr1_";

/// Bytes of an HMAC-SHA256.
const TAG_BYTES: usize = 32;

/// More than any refresh token has; a longer text is not looked at.
const TEXT_MAX_BYTES: usize = 160;

/// Stands for a session, and is exchanged for its one successor with each refresh.
///
/// It holds the session, where that lives, a generation that grows by one with each exchange, and
/// 256 random bits, all under an HMAC-SHA256 that is checked before anything is opened. The HMAC's
/// key is derived from the realm's signing secret (RFC 5869, with realm and purpose as salt), so
/// refresh tokens of the realms, and access tokens, cannot stand in for each other.
///
/// The successor is derived from the token by HMAC, under the key that authenticates the token: so
/// every node answers a repetition alike, also while a new signing key is rolled out (then the
/// answers may differ in their authentication, not in what they say nor in their hash).
///
/// ```
/// # use multitenant_core::token::{KeyRing, KeyRings, RefreshScope, RefreshToken, SigningKey};
/// # use multitenant_core::{Realm, SessionId, TenantId};
/// # use secrecy::ExposeSecret;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let staff = SigningKey::hs256(&"a secret of the platform's staff only".into())?;
/// # let users = SigningKey::hs256(&"a secret of all the tenants' users".into())?;
/// # let (staff, users) = (KeyRing::new(Realm::Enterprise, staff), KeyRing::new(Realm::Client, users));
/// # let rings = KeyRings::new("https://erp.example", staff, users)?;
/// let scope = RefreshScope::Client(TenantId::generate());
/// let first = RefreshToken::generate(&rings, scope, SessionId::generate())?;
/// let text = first.reveal();
///
/// let presented = RefreshToken::verify(&rings, Realm::Client, text.expose_secret())?;
/// assert_eq!(presented.hash(), first.hash());
/// assert_eq!(presented.successor(&rings).hash(), first.successor(&rings).hash());
/// # Ok(())
/// # }
/// ```
pub struct RefreshToken {
    body: RefreshBody,
    tag: [u8; TAG_BYTES],
    next_secret: Zeroizing<[u8; 32]>,
}

impl RefreshToken {
    /// Makes the first token of a session.
    ///
    /// # Errors
    /// [`TokenError::Randomness`] if the operating system gives no random bytes.
    pub fn generate(
        rings: &KeyRings,
        scope: RefreshScope,
        session: SessionId,
    ) -> Result<Self, TokenError> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(TokenError::Randomness)?;
        let body = RefreshBody {
            scope,
            session,
            generation: 0,
            secret,
        };
        Ok(Self::seal(body, rings))
    }

    /// Takes a token that somebody presents, if it is one of ours and of the expected realm.
    ///
    /// Whether it is the session's present token is for the caller to ask, by its
    /// [`hash`](Self::hash).
    ///
    /// # Errors
    /// [`TokenError::WrongRealm`] for a genuine token of the other realm;
    /// [`TokenError::Malformed`] or [`TokenError::Signature`] for anything else.
    pub fn verify(rings: &KeyRings, expected: Realm, text: &str) -> Result<Self, TokenError> {
        if text.len() > TEXT_MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(TokenError::Malformed)?;
        let bytes = Zeroizing::new(wire::decode(encoded)?);
        let (body, tag) = bytes.split_last_chunk().ok_or(TokenError::Malformed)?;
        let authentic = |(_, ring): &(Realm, &RingKey)| mac::matches(&ring.refresh, body, tag);
        let (realm, key) = rings
            .keys(expected)
            .find(authentic)
            .ok_or(TokenError::Signature)?;
        if realm != expected {
            return Err(TokenError::WrongRealm);
        }
        let opened = RefreshBody::from_bytes(body).ok_or(TokenError::Malformed)?;
        Ok(Self {
            next_secret: next_secret(key, body),
            body: opened,
            tag: *tag,
        })
    }

    fn seal(body: RefreshBody, rings: &KeyRings) -> Self {
        let key = rings.ring(body.scope.realm()).signing();
        let bytes = body.to_bytes();
        Self {
            tag: mac::tag(key.refresh.as_slice(), &[&bytes]),
            next_secret: next_secret(key, &bytes),
            body,
        }
    }

    /// The one token that this one is exchanged for.
    #[must_use]
    pub fn successor(&self, rings: &KeyRings) -> Self {
        let body = RefreshBody {
            scope: self.body.scope,
            session: self.body.session,
            generation: self.body.generation.saturating_add(1),
            secret: self.next_secret.clone(),
        };
        Self::seal(body, rings)
    }

    /// What is stored of it: who reads the database cannot present the token.
    #[must_use]
    pub fn hash(&self) -> RefreshHash {
        RefreshHash(Sha256::digest(self.body.to_bytes()).into())
    }

    /// The token as text, to be sent to its owner and nowhere else.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        let mut bytes = self.body.to_bytes();
        bytes.extend_from_slice(&self.tag);
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        SecretString::from([PREFIX, encoded.as_str()].concat())
    }

    /// The session it stands for.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.body.session
    }

    /// Where the session lives.
    #[must_use]
    pub const fn scope(&self) -> RefreshScope {
        self.body.scope
    }

    /// The tenant whose database holds the session; none for the platform's staff.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        self.body.scope.tenant()
    }

    /// How many exchanges there were before it, from 0.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.body.generation
    }
}

fn next_secret(key: &RingKey, body: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(mac::tag(key.succession.as_slice(), &[body]))
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken")
            .field("scope", &self.body.scope)
            .field("session", &self.body.session)
            .field("generation", &self.body.generation)
            .field("secret", &"[redacted]")
            .finish()
    }
}

/// The SHA-256 of what a refresh token says: what is stored of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefreshHash([u8; 32]);

impl RefreshHash {
    /// Takes the bytes of a column.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a column.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
