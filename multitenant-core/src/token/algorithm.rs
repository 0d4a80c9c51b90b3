use jsonwebtoken::Algorithm;

/// How a key signs. A key has exactly one algorithm, so that a token cannot choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// HMAC with SHA-256 (RFC 7518, section 3.2): who can check can also sign.
    Hs256,
}

impl SigningAlgorithm {
    /// The algorithm's name in a token's header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
        }
    }

    pub(super) const fn as_jose(self) -> Algorithm {
        match self {
            Self::Hs256 => Algorithm::HS256,
        }
    }
}
