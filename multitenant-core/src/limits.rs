//! Bounds on what comes from outside, in one place.

/// Fewest bytes in a slug.
pub const SLUG_MIN_BYTES: usize = 3;
/// Most bytes in a slug: one DNS label (RFC 1035).
pub const SLUG_MAX_BYTES: usize = 63;

/// Fewest bytes in a password.
pub const PASSWORD_MIN_BYTES: usize = 12;
/// Most bytes in a password, so that hashing it stays cheap.
pub const PASSWORD_MAX_BYTES: usize = 1_024;

/// Most bytes in an e-mail address (RFC 5321, section 4.5.3.1.3, less the brackets).
pub const EMAIL_MAX_BYTES: usize = 254;
/// Most bytes in a domain's name (RFC 1035, section 2.3.4, as text without the root).
pub const DOMAIN_MAX_BYTES: usize = 253;
/// Most bytes in the name by which a person was signed in (OpenID Connect Core, section 2).
pub const SUBJECT_MAX_BYTES: usize = 255;
/// Most characters in the name of a person, a tenant or a role.
pub const NAME_MAX_CHARS: usize = 200;

/// Most bytes in the id that a caller gives a request.
pub const REQUEST_ID_MAX_BYTES: usize = 128;

/// Most bytes in a bearer token; a longer one is refused before it is looked at.
pub const TOKEN_MAX_BYTES: usize = 8_192;
/// How long an access token lives, in seconds.
pub const ACCESS_TOKEN_SECONDS: i64 = 900;
/// Most seconds that an access token may live; one that claims more is refused.
pub const ACCESS_TOKEN_MAX_SECONDS: i64 = 86_400;
/// How long a session is kept after its end, in seconds.
pub const ENDED_SESSION_SECONDS: u64 = 7 * 24 * 60 * 60;
/// How far ahead of our clock a token may have been issued, in seconds.
pub const ISSUED_AHEAD_MAX_SECONDS: i64 = 60;
/// Fewest bytes in a secret that signs tokens: as many as its hash has (RFC 7518, section 3.2).
pub const SIGNING_SECRET_MIN_BYTES: usize = 32;
/// Most bytes in the name of a key.
pub const KEY_ID_MAX_BYTES: usize = 64;

/// Entries on a page of a list where the caller does not say.
pub const PAGE_DEFAULT: u32 = 50;
/// Most entries on a page of a list.
pub const PAGE_MAX: u32 = 200;
