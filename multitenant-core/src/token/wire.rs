//! How an access token is written: RFC 7515 (compact form), RFC 7519 (claims), RFC 9068 (`typ`).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::{AccessClaims, SigningAlgorithm, TokenError};
use crate::{EnterpriseRole, Realm, RoleName, SessionId, Standing, Subject, TenantId, TokenId};

/// The `typ` of an access token; `application/at+jwt` means the same.
const KIND: &str = "at+jwt";

/// A token's header. Anything else in it (`crit`, `jku`, `jwk`, `x5u`, `x5c`, `zip`, `b64`, a name
/// twice) makes it no token of ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub(super) alg: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kid: Cow<'a, str>,
    #[serde(borrow)]
    typ: Cow<'a, str>,
}

impl<'a> Header<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, TokenError> {
        serde_json::from_slice(json).map_err(TokenError::Header)
    }

    pub(super) fn is_access_token(&self) -> bool {
        let kind = self.typ.strip_prefix("application/").unwrap_or(&self.typ);
        kind.eq_ignore_ascii_case(KIND)
    }
}

/// The header of each token that a key signs. A key's id needs no escape.
pub(super) fn encode_header(algorithm: SigningAlgorithm, key_id: &str) -> String {
    let algorithm = algorithm.as_str();
    URL_SAFE_NO_PAD.encode(format!(
        r#"{{"typ":"{KIND}","alg":"{algorithm}","kid":"{key_id}"}}"#
    ))
}

/// A token's three parts, still encoded, and the two that are signed.
pub(super) struct Compact<'a> {
    pub(super) header: &'a str,
    payload: &'a str,
    pub(super) message: &'a str,
    signature: &'a str,
}

impl<'a> Compact<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, TokenError> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        Ok(Self {
            header,
            payload,
            message,
            signature,
        })
    }

    pub(super) fn signature(&self) -> Result<Vec<u8>, TokenError> {
        decode(self.signature)
    }

    pub(super) fn payload(&self) -> Result<Vec<u8>, TokenError> {
        decode(self.payload)
    }
}

/// Unpadded base64url in its one spelling: stray bits at the end are refused.
pub(super) fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    let decoded = URL_SAFE_NO_PAD.decode(part);
    decoded.map_err(|_| TokenError::Malformed)
}

/// The claims as they are read. A name twice, a missing one or a wrong type is an error; names we
/// do not know are nobody's business (RFC 7519, section 4).
#[derive(Deserialize)]
pub(super) struct Received<'a> {
    #[serde(borrow)]
    pub(super) iss: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) aud: Cow<'a, str>,
    pub(super) sub: Subject,
    pub(super) iat: i64,
    pub(super) exp: i64,
    #[serde(default, deserialize_with = "present")]
    pub(super) nbf: Option<i64>,
    pub(super) jti: TokenId,
    pub(super) sid: SessionId,
    pub(super) ver: i64,
    #[serde(default, borrow, deserialize_with = "present")]
    role: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "present")]
    tenant_id: Option<TenantId>,
    #[serde(default, deserialize_with = "present")]
    roles: Option<Vec<RoleName>>,
    /// Somebody else acts (RFC 8693): reserved, and not to be overlooked.
    #[serde(default, deserialize_with = "present")]
    act: Option<IgnoredAny>,
}

/// Reads a claim that may be missing but not null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl<'a> Received<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, TokenError> {
        serde_json::from_slice(json).map_err(TokenError::Claims)
    }

    /// Takes out the claims of one realm; there must be all of that realm's and none of the other.
    pub(super) fn take_standing(&mut self, realm: Realm) -> Result<Standing, TokenError> {
        let (role, tenant, roles) = (self.role.take(), self.tenant_id, self.roles.take());
        match (realm, role, tenant, roles, &self.act) {
            (Realm::Enterprise, Some(role), None, None, None) => {
                let role = role.parse().map_err(|_| TokenError::ClaimsMixed)?;
                Ok(Standing::Staff(role))
            }
            (Realm::Client, None, Some(tenant), Some(roles), None) => {
                Ok(Standing::User { tenant, roles })
            }
            _ => Err(TokenError::ClaimsMixed),
        }
    }
}

/// The claims as they are written.
#[derive(Serialize)]
struct Sent<'a> {
    iss: &'a str,
    aud: Realm,
    sub: &'a Subject,
    iat: i64,
    exp: i64,
    jti: TokenId,
    sid: SessionId,
    ver: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<EnterpriseRole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [RoleName]>,
}

pub(super) fn encode_claims(issuer: &str, claims: &AccessClaims) -> Result<String, TokenError> {
    let (role, roles) = match &claims.standing {
        Standing::Staff(role) => (Some(*role), None),
        Standing::User { roles, .. } => (None, Some(roles.as_slice())),
    };
    let sent = Sent {
        iss: issuer,
        aud: claims.standing.realm(),
        sub: &claims.subject,
        iat: claims.issued_at.timestamp(),
        exp: claims.expires_at.timestamp(),
        jti: claims.token,
        sid: claims.session,
        ver: claims.version,
        role,
        tenant_id: claims.standing.tenant(),
        roles,
    };
    let json = serde_json::to_vec(&sent).map_err(TokenError::Encoding)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}
