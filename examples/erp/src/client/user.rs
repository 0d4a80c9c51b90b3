//! What a user is: the rules of their forms, and how they are shown. No I/O.

use multitenant_core::accounts::{NewUser, User, UserFilter, UserPatch};
use multitenant_core::catalog::Page;
use multitenant_core::{Problem, RoleName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::forms::{Check, Paging};

/// Most roles that one user has.
const ROLES_MAX: usize = 50;

fn roles(check: &mut Check, names: &[String]) -> Option<Vec<RoleName>> {
    if names.len() > ROLES_MAX {
        check.wrong("roles", "expected at most 50 roles");
    }
    let read =
        |(at, name): (usize, &String)| check.field(&format!("roles[{at}]"), RoleName::new(name));
    names.iter().take(ROLES_MAX).enumerate().map(read).collect()
}

/// A user who is to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUserForm {
    email: String,
    name: String,
    #[serde(default)]
    roles: Vec<String>,
}

impl NewUserForm {
    pub(super) fn read(&self) -> Result<NewUser, Problem> {
        let mut check = Check::default();
        let email = check.field("email", self.email.parse());
        let name = check.name("name", &self.name);
        let roles = roles(&mut check, &self.roles);
        let form = email.zip(name).zip(roles);
        check.done(form.map(|((email, name), roles)| NewUser { email, name, roles }))
    }
}

/// What is to be different about a user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct UserPatchForm {
    email: Option<String>,
    name: Option<String>,
    is_active: Option<bool>,
}

impl UserPatchForm {
    pub(super) fn read(&self) -> Result<UserPatch, Problem> {
        let mut check = Check::default();
        let email = self.email.as_deref();
        let patch = UserPatch {
            email: email.and_then(|email| check.field("email", email.parse())),
            name: check.optional_name("name", self.name.as_deref()),
            is_active: self.is_active,
        };
        check.done(Some(patch))
    }
}

/// The roles that a user is to have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RolesForm {
    roles: Vec<String>,
}

impl RolesForm {
    pub(super) fn read(&self) -> Result<Vec<RoleName>, Problem> {
        let mut check = Check::default();
        let roles = roles(&mut check, &self.roles);
        check.done(roles)
    }
}

/// Which users are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UsersQuery {
    search: Option<String>,
    page: Option<u32>,
    limit: Option<u32>,
}

impl UsersQuery {
    pub(super) fn read(self) -> Result<(UserFilter, Page), Problem> {
        let mut check = Check::default();
        let page = Paging::new(self.page, self.limit).read(&mut check);
        let filter = UserFilter {
            search: check.search(self.search),
        };
        check.done(page.map(|page| (filter, page)))
    }
}

/// A user, as colleagues see them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserView {
    id: String,
    email: String,
    name: String,
    is_active: bool,
    must_change_password: bool,
    roles: Vec<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email,
            name: user.name,
            is_active: user.is_active,
            must_change_password: user.password_change_due,
            roles: user.roles,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}
