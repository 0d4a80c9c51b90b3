use std::fmt;
use std::str::FromStr;

use crate::{Subject, TenantId};

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Actor {
    /// The platform itself: a saga that is resumed, a sweep.
    System,
    /// Whoever runs commands on the platform's machine, by the name of their account there.
    Operator(Subject),
    /// A member of the platform's staff.
    Admin(Subject),
    /// A user of one tenant.
    User {
        /// The tenant.
        tenant: TenantId,
        /// The user.
        subject: Subject,
    },
}

impl Actor {
    /// The person behind a subject: a user of `tenant`, or with `None` one of the staff.
    #[must_use]
    pub const fn person(tenant: Option<TenantId>, subject: Subject) -> Self {
        match tenant {
            None => Self::Admin(subject),
            Some(tenant) => Self::User { tenant, subject },
        }
    }
}

/// A text that names no actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an actor: expected `system`, `operator:<account>`, `admin:<subject>` or `user:<tenant>:<subject>`"
)]
pub struct InvalidActor;

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Operator(account) => write!(f, "operator:{account}"),
            Self::Admin(subject) => write!(f, "admin:{subject}"),
            Self::User { tenant, subject } => write!(f, "user:{tenant}:{subject}"),
        }
    }
}

impl FromStr for Actor {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Self, InvalidActor> {
        let subject = |text| Subject::new(text).map_err(|_| InvalidActor);
        match text.split_once(':') {
            None if text == "system" => Ok(Self::System),
            Some(("operator", account)) => subject(account).map(Self::Operator),
            Some(("admin", admin)) => subject(admin).map(Self::Admin),
            Some(("user", user)) => {
                let (tenant, user) = user.split_once(':').ok_or(InvalidActor)?;
                Ok(Self::User {
                    tenant: tenant.parse().map_err(|_| InvalidActor)?,
                    subject: subject(user)?,
                })
            }
            _ => Err(InvalidActor),
        }
    }
}

/// On whose account something is changed; it goes into each audit row.
///
/// ```
/// use multitenant_core::Subject;
/// use multitenant_core::catalog::{Actor, Change};
/// # fn main() -> Result<(), multitenant_core::InvalidName> {
/// let change = Change::by(Actor::Admin(Subject::new("0190f5fe")?)).because("unpaid since May");
/// assert_eq!(change.actor.to_string(), "admin:0190f5fe");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Change {
    /// Who changes it.
    pub actor: Actor,
    /// In whose place, where somebody acts for another (RFC 8693, section 4.1).
    pub on_behalf_of: Option<Actor>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// The request that asked for it.
    pub request_id: Option<String>,
}

impl Change {
    /// A change by this actor, on their own account.
    #[must_use]
    pub const fn by(actor: Actor) -> Self {
        Self {
            actor,
            on_behalf_of: None,
            reason: None,
            request_id: None,
        }
    }

    /// In whose place it is made.
    #[must_use]
    pub fn on_behalf_of(self, actor: Actor) -> Self {
        Self {
            on_behalf_of: Some(actor),
            ..self
        }
    }

    /// Why it is made.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// The request that asked for it.
    #[must_use]
    pub fn in_request(self, id: impl Into<String>) -> Self {
        Self {
            request_id: Some(id.into()),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_survives_its_text_form() {
        let subject = Subject::new("idp:some|one").unwrap();
        let tenant = TenantId::generate();
        let actors = [
            Actor::System,
            Actor::Operator(subject.clone()),
            Actor::Admin(subject.clone()),
            Actor::User { tenant, subject },
        ];
        for actor in actors {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
    }

    #[test]
    fn other_texts_are_no_actors() {
        for text in [
            "",
            "System",
            "operator:",
            "admin",
            "admin:",
            "user:x",
            "user:x:y",
            "root:1",
        ] {
            assert_eq!(text.parse::<Actor>(), Err(InvalidActor), "{text:?}");
        }
    }
}
