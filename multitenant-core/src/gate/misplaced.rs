use crate::Problem;

/// A handler takes what the rule of its route does not give, or no rule stands around it. To be
/// mended in the code; the caller is told [`Code::Internal`](crate::Code::Internal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a handler cannot take {extractor}: {advice}")]
pub struct Misplaced {
    extractor: &'static str,
    advice: &'static str,
}

impl Misplaced {
    pub(super) const fn new(extractor: &'static str, advice: &'static str) -> Self {
        Self { extractor, advice }
    }
}

impl From<&Misplaced> for Problem {
    fn from(error: &Misplaced) -> Self {
        Self::internal(error)
    }
}
