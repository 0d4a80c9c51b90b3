use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;

use super::ring::RingKey;
use super::wire::{self, Compact, Header, Received};
use super::{AccessClaims, KeyRings, TokenError, Verified};
use crate::limits::{ACCESS_TOKEN_MAX_SECONDS, ISSUED_AHEAD_MAX_SECONDS, TOKEN_MAX_BYTES};
use crate::{Realm, Timestamp};

impl KeyRings {
    /// Writes the claims as an access token, signed with the current key of their realm.
    ///
    /// # Errors
    /// [`TokenError`] if it would not be accepted: it lives longer than
    /// [`ACCESS_TOKEN_MAX_SECONDS`], or is longer than [`TOKEN_MAX_BYTES`].
    pub fn issue(&self, claims: &AccessClaims) -> Result<String, TokenError> {
        check_span(claims.issued_at.timestamp(), claims.expires_at.timestamp())?;
        let key = self.ring(claims.standing.realm()).current();
        let payload = wire::encode_claims(self.issuer(), claims)?;
        let mut token = [key.header(), &payload].join(".");
        let signature = key.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        Ok(token)
    }

    /// Checks an access token by every rule there is, at the moment `now` and without leeway.
    ///
    /// Whether its session was revoked is for the caller to ask, by `session` and `version`.
    ///
    /// # Errors
    /// [`TokenError`] with the first rule that it breaks; [`TokenError::WrongRealm`] only for a
    /// token that a key of the other realm signed.
    pub fn verify(
        &self,
        expected: Realm,
        token: &str,
        now: Timestamp,
    ) -> Result<Verified<AccessClaims>, TokenError> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        let parts = Compact::split(token)?;
        let (realm, ring_key) = self.key_of(expected, parts.header)?;
        let signature = parts.signature()?;
        ring_key.key.check(parts.message.as_bytes(), &signature)?;
        if realm != expected {
            return Err(TokenError::WrongRealm);
        }
        self.read_claims(&parts.payload()?, realm, now)
            .map(Verified::new)
    }

    /// The key that a header names. A header that we wrote is recognised as it stands.
    fn key_of(&self, expected: Realm, header: &str) -> Result<(Realm, &RingKey), TokenError> {
        let ours = self
            .keys(expected)
            .find(|(_, ring)| ring.key.header() == header);
        if let Some(found) = ours {
            return Ok(found);
        }
        let json = wire::decode(header)?;
        let header = Header::read(&json)?;
        if !header.is_access_token() {
            return Err(TokenError::Kind);
        }
        let named = self
            .keys(expected)
            .find(|(_, ring)| ring.key.id() == header.kid);
        let (realm, ring_key) = named.ok_or(TokenError::UnknownKey)?;
        if ring_key.key.algorithm().as_str() != header.alg {
            return Err(TokenError::Algorithm);
        }
        Ok((realm, ring_key))
    }

    fn read_claims(
        &self,
        json: &[u8],
        realm: Realm,
        now: Timestamp,
    ) -> Result<AccessClaims, TokenError> {
        let mut claims = Received::read(json)?;
        if claims.iss != self.issuer() {
            return Err(TokenError::Issuer);
        }
        if claims.aud != realm.as_str() {
            return Err(TokenError::Audience);
        }
        check_times(&claims, now.timestamp())?;
        Ok(AccessClaims {
            standing: claims.take_standing(realm)?,
            subject: claims.sub,
            session: claims.sid,
            version: claims.ver,
            token: claims.jti,
            issued_at: moment(claims.iat)?,
            expires_at: moment(claims.exp)?,
        })
    }
}

/// The rules of time (RFC 7519, section 4.1.4 to 4.1.6), in seconds since 1970.
fn check_times(claims: &Received<'_>, now: i64) -> Result<(), TokenError> {
    check_span(claims.iat, claims.exp)?;
    if claims.iat > now.saturating_add(ISSUED_AHEAD_MAX_SECONDS) {
        return Err(TokenError::Times);
    }
    if claims.nbf.is_some_and(|not_before| not_before > now) {
        return Err(TokenError::Times);
    }
    if claims.exp <= now {
        return Err(TokenError::Expired);
    }
    Ok(())
}

fn check_span(issued: i64, expires: i64) -> Result<(), TokenError> {
    match expires.checked_sub(issued) {
        Some(1..=ACCESS_TOKEN_MAX_SECONDS) => Ok(()),
        _ => Err(TokenError::Times),
    }
}

fn moment(seconds: i64) -> Result<Timestamp, TokenError> {
    DateTime::from_timestamp(seconds, 0).ok_or(TokenError::Times)
}
