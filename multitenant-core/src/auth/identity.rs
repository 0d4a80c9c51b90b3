use crate::{Realm, RoleName, SessionId, Standing, Subject, TenantId};

/// Who somebody is, once an [`Authenticator`](super::Authenticator) is sure of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub subject: Subject,
    /// The sign-in that they act under, where there are sessions.
    pub session: Option<SessionId>,
    /// Where they stand, and with what rights.
    pub standing: Standing,
    /// Whether they must change a temporary password before anything else.
    pub password_change_due: bool,
}

impl Identity {
    /// A user of a tenant with these roles, who acts without a session.
    pub fn user(
        tenant: TenantId,
        subject: Subject,
        roles: impl IntoIterator<Item = RoleName>,
    ) -> Self {
        Self {
            subject,
            session: None,
            standing: Standing::User {
                tenant,
                roles: roles.into_iter().collect(),
            },
            password_change_due: false,
        }
    }

    /// The realm that the person belongs to.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        self.standing.realm()
    }

    /// The tenant that the person belongs to, if they are a user of one.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        self.standing.tenant()
    }
}
