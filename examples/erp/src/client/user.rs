//! What a user is: the rules of their forms, and how they are shown. No I/O.

use multitenant_core::accounts::{NewUser, User, UserFilter, UserPatch};
use multitenant_core::catalog::Page;
use multitenant_core::{Problem, RoleName, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub(super) struct NewUserForm {
    /// What they will sign in with.
    #[schema(format = "email", example = "bob@acme.example")]
    email: String,
    /// What they are called.
    #[schema(min_length = 1, max_length = 200, example = "Bob")]
    name: String,
    /// Their roles, by name.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["Viewer"]))]
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
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = UserPatch)]
pub(super) struct UserPatchForm {
    #[schema(format = "email")]
    email: Option<String>,
    #[schema(min_length = 1, max_length = 200, example = "Bobby")]
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
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RolesOfUser)]
pub(super) struct RolesForm {
    #[schema(max_items = 50, example = json!(["Manager"]))]
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
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UsersQuery {
    /// Those whose name or address contains this.
    #[param(min_length = 1, max_length = 200)]
    search: Option<String>,
    /// Which page, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295u32)]
    page: Option<u32>,
    /// Most entries on a page.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
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
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(super) struct UserView {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = "email", example = "bob@acme.example")]
    email: String,
    #[schema(example = "Bob")]
    name: String,
    is_active: bool,
    must_change_password: bool,
    #[schema(example = json!(["Viewer"]))]
    roles: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
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
