//! What an outsider is told when something is refused or fails.

mod by_value;
mod document;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

pub(crate) use by_value::problem_by_value;
pub use document::ProblemDocument;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $status:literal, $title:literal;)+) => {
        /// The stable codes of the HTTP contract. A client may depend on them; sentences may change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as it is sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// The code's page, in Markdown: what happened, what whoever sent the request does, and
            /// what whoever runs the server looks at. A [problem](crate::ProblemDocument)'s `type`
            /// is `/problems/<code>`, where an application may serve it.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../problems/", $text, ".md")),)+ }
            }

            /// A few words that never vary between two problems of one code.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

codes! {
    /// The request's body is not in the expected syntax or encoding.
    BodyMalformed = "body_malformed", 400, "The body cannot be read";
    /// The request must name a tenant and does not.
    TenantRequired = "tenant_required", 400, "A tenant is required";
    /// E-mail and password do not belong together.
    InvalidCredentials = "invalid_credentials", 401, "Wrong e-mail or password";
    /// No token came with the request.
    TokenMissing = "token_missing", 401, "A token is required";
    /// The token is not one of ours, or not of this kind.
    TokenInvalid = "token_invalid", 401, "The token is not valid";
    /// The token's time is over.
    TokenExpired = "token_expired", 401, "The token has expired";
    /// The token's session was ended, or its user changed.
    TokenRevoked = "token_revoked", 401, "The token was revoked";
    /// A token of the platform's staff on a tenant's route, or the reverse.
    WrongRealm = "wrong_realm", 401, "The token belongs to another realm";
    /// The person's account is suspended.
    AccountSuspended = "account_suspended", 403, "The account is suspended";
    /// The person's roles do not allow it.
    PermissionDenied = "permission_denied", 403, "Not permitted";
    /// The tenant has not got the module that the route belongs to.
    ModuleDisabled = "module_disabled", 403, "The module is not enabled";
    /// Two parts of the request name different tenants.
    TenantMismatch = "tenant_mismatch", 403, "The request names two tenants";
    /// The tenant is suspended.
    TenantSuspended = "tenant_suspended", 403, "The tenant is suspended";
    /// The temporary password must be changed first.
    PasswordChangeRequired = "password_change_required", 403, "The password must be changed first";
    /// There is no such tenant.
    TenantUnknown = "tenant_unknown", 404, "No such tenant";
    /// There is no such thing, or not for this caller.
    NotFound = "not_found", 404, "Not found";
    /// The route exists, but not with this method.
    MethodNotAllowed = "method_not_allowed", 405, "The method is not allowed here";
    /// The request took too long to arrive or to answer.
    RequestTimeout = "request_timeout", 408, "The request took too long";
    /// Another tenant has this slug.
    SlugTaken = "slug_taken", 409, "The slug is taken";
    /// The request contradicts the present state.
    Conflict = "conflict", 409, "The request conflicts with the present state";
    /// The body is larger than the route takes.
    BodyTooLarge = "body_too_large", 413, "The body is too large";
    /// The body's content type is not one that the route takes.
    UnsupportedMediaType = "unsupported_media_type", 415, "The content type is not supported";
    /// The body can be read, but a field is unknown, of the wrong type or out of bounds.
    ValidationFailed = "validation_failed", 422, "The request is not valid";
    /// A limit of the tenant's tier is reached.
    LimitReached = "limit_reached", 429, "A limit is reached";
    /// Too many requests from this address or account.
    RateLimited = "rate_limited", 429, "Too many requests";
    /// Something failed that the caller cannot mend.
    Internal = "internal", 500, "Internal error";
    /// The tenant's database cannot be reached now.
    TenantUnavailable = "tenant_unavailable", 503, "The tenant is unavailable for the moment";
    /// The platform cannot answer now.
    Unavailable = "unavailable", 503, "Unavailable for the moment";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One offending field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's path as the caller wrote it, such as `lineItems[2].quantity`.
    pub field: String,
    /// What is wrong with it and what is expected.
    pub message: String,
}

impl FieldError {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// What an outsider is told: a stable code and a sentence one can act on, and nothing that tells
/// whether a tenant, a user or a record exists (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The stable code.
    pub code: Code,
    /// A sentence one can act on.
    pub detail: String,
    /// How long to wait before trying again.
    pub retry_after: Option<Duration>,
    /// Every offending field, for [`Code::ValidationFailed`].
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// A problem with a sentence of its own.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after: None,
            errors: Vec::new(),
        }
    }

    /// A request whose fields are not acceptable.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::new(
                Code::ValidationFailed,
                "correct the fields listed under errors and send the request again",
            )
        }
    }

    /// A failure that is over by itself; `retry_after` says when to try again.
    pub fn retry_later(code: Code, retry_after: Duration, detail: impl Into<String>) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(code, detail)
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }
}

impl From<Code> for Problem {
    /// A problem with its code's title as its sentence.
    fn from(code: Code) -> Self {
        Self::new(code, code.title())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_snake_case_words_with_an_error_status() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code} stands twice");
            assert!(
                code.as_str()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_')
            );
            assert!((400..600).contains(&code.status()), "{code}");
        }
    }

    #[test]
    fn every_code_has_a_page_that_begins_with_what_is_sent() {
        for code in Code::ALL {
            let heading = format!("# `{code}`, {}: {}\n", code.status(), code.title());
            assert!(code.page().starts_with(&heading), "{code}");
            for part in ["## Whoever sent the request", "## Whoever runs the server"] {
                assert!(code.page().contains(part), "{code}: {part}");
            }
        }
    }

    #[test]
    fn every_page_is_that_of_a_code() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/problems");
        for page in std::fs::read_dir(folder).unwrap() {
            let name = page.unwrap().file_name().into_string().unwrap();
            let is_of = |code: &&Code| name == format!("{code}.md");
            assert!(Code::ALL.iter().any(|code| is_of(&code)), "{name}");
        }
    }
}
