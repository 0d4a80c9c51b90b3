//! Who there is.

use async_trait::async_trait;
use multitenant_core::auth::{AuthError, Authenticator, Identity};
use multitenant_core::{Code, EnterpriseRole, Realm, Standing, Subject, TenantId};

use multitenant_core::testing::ToldToFail;

/// Knows people by words: `viewer-of-a`, `admin-of-b`, `reader-of-staff`, `due-of-a`; and what is
/// wrong with a token by its code.
pub(crate) struct Words {
    pub(crate) a: TenantId,
    pub(crate) b: TenantId,
}

#[async_trait]
impl Authenticator for Words {
    async fn authenticate(&self, realm: Realm, credential: &str) -> Result<Identity, AuthError> {
        let refused = |code| Err(AuthError::Refused { code, reason: None });
        let (role, place) = match credential.split_once("-of-") {
            Some(words) => words,
            None if credential == "revoked" => return Err(AuthError::Revoked),
            None if credential == "away" => return Err(AuthError::unavailable(ToldToFail)),
            None => {
                let code = Code::ALL.iter().find(|code| code.as_str() == credential);
                return refused(*code.unwrap_or(&Code::TokenInvalid));
            }
        };
        let user_of = |tenant| {
            let name = if role == "viewer" { "Viewer" } else { "Admin" };
            let roles = vec![name.parse().expect("a role")];
            Standing::User { tenant, roles }
        };
        let identity = Identity {
            subject: Subject::new(credential).expect("a subject"),
            session: None,
            standing: match place {
                "a" => user_of(self.a),
                "b" => user_of(self.b),
                _ => Standing::Staff(EnterpriseRole::ReadOnly),
            },
            password_change_due: role == "due",
        };
        if identity.realm() != realm {
            return refused(Code::WrongRealm);
        }
        Ok(identity)
    }
}
