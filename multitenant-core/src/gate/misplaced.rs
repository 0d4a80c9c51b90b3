use super::passage::Passage;
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
    pub(super) const fn new(extractor: &'static str, found: Option<&Passage>) -> Self {
        Self {
            extractor,
            advice: advice(found),
        }
    }
}

crate::error::problem_by_value!(Misplaced);

impl From<&Misplaced> for Problem {
    fn from(error: &Misplaced) -> Self {
        Self::internal(error)
    }
}

/// What to do where a handler takes what it was not given.
const fn advice(found: Option<&Passage>) -> &'static str {
    match found {
        None => {
            "nothing guards the route, so the layer `Guard` is missing: add the route by \
             Guarded::route(rule, path, handler), or put Guard::new(gate, rule) around it \
             (axum: .route_layer(…) after it; actix-web: .wrap(…) on its resource or scope)"
        }
        Some(Passage::Public) => {
            "the route is public: add it by Guarded::route with a rule instead of \
             Guarded::public"
        }
        Some(Passage::Hinted(_)) => {
            "the route's rule is Access::TenantHint, which gives a HintedTenant and nobody \
             who acts"
        }
        Some(Passage::Named(_)) => {
            "nobody is asked there who they are, since the application does that itself: take \
             Tenant, or put Guard::new(gate, rule) around the route in place of \
             Guard::by_name or TenantRouter"
        }
        Some(Passage::Staff(_)) => {
            "the route's rule is one for the staff, who have no tenant: give it a rule for \
             users"
        }
        Some(Passage::User(..)) => {
            "the route's rule is one for users: give it Access::TenantHint, or take Tenant \
             and Principal instead"
        }
    }
}
