use crate::Code;

/// Why a token was not accepted, or could not be made.
///
/// The reasons are for the log; an outsider is told only what [`TokenError::code`] tells.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`TOKEN_MAX_BYTES`](crate::limits::TOKEN_MAX_BYTES); it was not looked at.
    #[error("the token is too long to be one of ours")]
    TooLong,
    /// Not three parts of unpadded base64url, or not a refresh token's form.
    #[error("the token is not in the form of one of ours")]
    Malformed,
    /// The header is no JSON object of just `alg`, `kid` and `typ`.
    #[error("the token's header is not one that we write")]
    Header(#[source] serde_json::Error),
    /// The header's `typ` is not that of an access token (RFC 9068).
    #[error("the token is of another kind than an access token")]
    Kind,
    /// No key has the header's `kid`.
    #[error("the token names a key that we do not have; was the key removed too early?")]
    UnknownKey,
    /// The header's `alg` is not the key's only algorithm.
    #[error("the token names another algorithm than its key has")]
    Algorithm,
    /// The signature is not that of the key.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing, of the wrong type, out of bounds or there twice.
    #[error("the token's claims are not those that we write")]
    Claims(#[source] serde_json::Error),
    /// A realm's own claim is missing or unknown, stands in a token of the other realm, or is
    /// reserved.
    #[error("the token's claims do not belong together")]
    ClaimsMixed,
    /// It was issued by somebody else.
    #[error("the token was issued by another issuer than ours")]
    Issuer,
    /// Its audience is not the realm of the key that signed it.
    #[error("the token's audience is not its key's realm")]
    Audience,
    /// Its times cannot be: from the future, ending before they begin, or living too long.
    #[error("the token's times are impossible; is the issuer's clock right?")]
    Times,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Genuine, but of the other realm.
    #[error("the token belongs to the other realm")]
    WrongRealm,
    /// The claims could not be written as a token.
    #[error("the token could not be written")]
    Encoding(#[source] serde_json::Error),
    /// The key could not sign.
    #[error("the token could not be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
    /// The operating system gave no random bytes.
    #[error("no random bytes for a token from the operating system")]
    Randomness(#[source] getrandom::Error),
}

impl TokenError {
    /// What an outsider is told.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Expired => Code::TokenExpired,
            Self::WrongRealm => Code::WrongRealm,
            Self::Encoding(_) | Self::Signing(_) | Self::Randomness(_) => Code::Internal,
            _ => Code::TokenInvalid,
        }
    }
}
