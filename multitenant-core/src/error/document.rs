//! How a problem is written for the outsider (RFC 9457), whatever the web framework.

use std::borrow::Cow;
use std::error::Error;

use serde::Serialize;

use super::{Code, FieldError, Problem};
use crate::RequestId;

/// The members of a problem as they are sent; any serializer for JSON writes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDocument<'p> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'p str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'p [FieldError],
}

impl Problem {
    /// The media type of a problem (RFC 9457, section 3).
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// The problem's body. `type` is the path of the page that explains the code, `requestId` the
    /// [current](RequestId::current) one.
    #[must_use]
    pub fn document(&self) -> ProblemDocument<'_> {
        ProblemDocument {
            kind: format!("/problems/{}", self.code),
            title: self.code.title(),
            status: self.status(),
            detail: &self.detail,
            code: self.code.as_str(),
            request_id: RequestId::current(),
            errors: &self.errors,
        }
    }

    /// The headers that a problem is sent with.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        let media_type = Some(("content-type", Self::MEDIA_TYPE.into()));
        let retry = self.retry_after_seconds();
        let retry = retry.map(|seconds| ("retry-after", seconds.to_string().into()));
        let challenge = self.challenge();
        let challenge = challenge.map(|scheme| ("www-authenticate", scheme.into()));
        [media_type, retry, challenge]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The problem in place of what a web framework answers by itself: no such route, too late.
    /// `None` where the answer is no error of the contract, or its content type shows a body of
    /// somebody's own making.
    #[must_use]
    pub fn in_place_of(status: u16, content_type: Option<&[u8]>) -> Option<Self> {
        if content_type.is_some_and(|text| !text.starts_with(b"text/plain")) {
            return None;
        }
        Self::from_status(status)
    }

    fn from_status(status: u16) -> Option<Self> {
        let code = match status {
            400 => Code::BodyMalformed,
            404 => Code::NotFound,
            405 => Code::MethodNotAllowed,
            408 => Code::RequestTimeout,
            413 => Code::BodyTooLarge,
            415 => Code::UnsupportedMediaType,
            422 => Code::ValidationFailed,
            500 => Code::Internal,
            503 => Code::Unavailable,
            _ => return None,
        };
        Some(match code {
            Code::MethodNotAllowed => Self::new(code, "use one of the methods in the header Allow"),
            Code::RequestTimeout => Self::new(
                code,
                "it may or may not have been carried out; look before sending it again",
            ),
            _ => code.into(),
        })
    }

    /// The value of the header `Retry-After`: whole seconds, rounded up, so that nobody comes too
    /// early (RFC 9110, section 10.2.3).
    fn retry_after_seconds(&self) -> Option<u64> {
        let wait = self.retry_after?;
        Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }

    /// The value of the header `WWW-Authenticate`, which every 401 must have (RFC 9110, section
    /// 11.6.1).
    fn challenge(&self) -> Option<&'static str> {
        (self.status() == 401).then_some("Bearer")
    }

    /// A failure that the caller cannot mend. The log gets the error with its sources, the caller
    /// nothing of it.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        Self::new(
            Code::Internal,
            "the server failed; report it with the request id if it goes on",
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn waiting_is_rounded_up_to_whole_seconds() {
        for (millis, seconds) in [(0, 0), (1, 1), (1_000, 1), (1_001, 2)] {
            let wait = Duration::from_millis(millis);
            let problem = Problem::retry_later(Code::Unavailable, wait, "later");
            assert_eq!(problem.retry_after_seconds(), Some(seconds), "{millis} ms");
        }
        assert_eq!(Problem::from(Code::NotFound).retry_after_seconds(), None);
    }

    #[test]
    fn a_problem_made_of_a_status_has_that_status() {
        for status in 100..600 {
            let problem = Problem::from_status(status);
            assert!(problem.is_none_or(|problem| problem.status() == status));
        }
        let of_its_own = Problem::in_place_of(404, Some(b"text/html"));
        assert_eq!(of_its_own, None);
        assert!(Problem::in_place_of(404, Some(b"text/plain; charset=utf-8")).is_some());
        let late = Problem::retry_later(Code::Unavailable, Duration::from_secs(2), "later");
        let media_type = ("content-type", Problem::MEDIA_TYPE.into());
        assert_eq!(late.headers(), [media_type, ("retry-after", "2".into())]);
    }

    #[test]
    fn only_a_401_asks_for_a_token() {
        for code in Code::ALL {
            let challenged = Problem::from(*code).challenge().is_some();
            assert_eq!(challenged, code.status() == 401, "{code}");
        }
    }
}
