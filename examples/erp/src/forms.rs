//! What callers send, checked field by field: every offending field is told at once.

use std::fmt::Display;

use multitenant_core::catalog::Page;
use multitenant_core::limits::{NAME_MAX_CHARS, PAGE_DEFAULT};
use multitenant_core::password::Password;
use multitenant_core::{FieldError, Problem};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

/// Collects what is wrong with a form.
#[derive(Debug, Default)]
pub(crate) struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    /// Keeps what was read, or notes why it could not be.
    pub(crate) fn field<T, E: Display>(&mut self, name: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.wrong(name, error)).ok()
    }

    /// Notes that a field is wrong.
    pub(crate) fn wrong(&mut self, name: &str, why: impl Display) {
        self.errors.push(FieldError::new(name, why.to_string()));
    }

    /// A name of 1 to 200 characters, as people write one.
    pub(crate) fn name(&mut self, field: &str, text: &str) -> Option<String> {
        let text = text.trim();
        let is_name = !text.is_empty()
            && text.chars().count() <= NAME_MAX_CHARS
            && !text.chars().any(char::is_control);
        if !is_name {
            self.wrong(
                field,
                "expected 1 to 200 characters, none of them a control character",
            );
        }
        is_name.then(|| text.to_owned())
    }

    /// The same where it may be left out.
    pub(crate) fn optional_name(&mut self, field: &str, text: Option<&str>) -> Option<String> {
        text.and_then(|text| self.name(field, text))
    }

    /// A text to search for: anything that can stand in a name.
    pub(crate) fn search(&mut self, text: Option<String>) -> Option<String> {
        text.and_then(|text| self.name("search", &text))
    }

    /// The form, if nothing was wrong with it.
    ///
    /// # Errors
    /// A [`Problem`] that tells every offending field.
    pub(crate) fn done<T>(self, form: Option<T>) -> Result<T, Problem> {
        match form {
            Some(form) if self.errors.is_empty() => Ok(form),
            _ => Err(Problem::invalid(self.errors)),
        }
    }
}

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Paging {
    page: Option<u32>,
    limit: Option<u32>,
}

impl Paging {
    /// Whatever was asked for.
    #[must_use]
    pub(crate) const fn new(page: Option<u32>, limit: Option<u32>) -> Self {
        Self { page, limit }
    }

    /// The page, if it can be asked for.
    pub(crate) fn read(self, check: &mut Check) -> Option<Page> {
        let number = self.page.unwrap_or(1);
        let limit = self.limit.unwrap_or(PAGE_DEFAULT);
        let field = if number == 0 { "page" } else { "limit" };
        check.field(field, Page::new(number, limit))
    }
}

/// Reads a field that is there, so that `null` is told from a field that is left out.
///
/// # Errors
/// Those of the value.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Who wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignIn)]
pub(crate) struct LoginForm {
    /// With which address.
    #[schema(example = "ann@acme.example")]
    pub(crate) email: String,
    /// With which password.
    #[schema(value_type = String, format = Password, example = "correct horse battery")]
    pub(crate) password: SecretString,
}

/// Which refresh token is to be exchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = Refresh)]
pub(crate) struct RefreshForm {
    /// The token.
    #[schema(value_type = String)]
    pub(crate) refresh_token: SecretString,
}

/// A password that is to be changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = PasswordChange)]
pub(crate) struct PasswordForm {
    /// The present one.
    #[schema(value_type = String, format = Password)]
    pub(crate) current_password: SecretString,
    /// The one to come: 12 to 1,024 bytes.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 1024)]
    new_password: SecretString,
}

impl PasswordForm {
    /// The new password, if it is long enough and not too long.
    ///
    /// # Errors
    /// A [`Problem`] that tells the field.
    pub(crate) fn new_password(&self) -> Result<Password, Problem> {
        let mut check = Check::default();
        let new = check.field("newPassword", Password::new(self.new_password.clone()));
        check.done(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offending_field_is_told() {
        let mut check = Check::default();
        let name = check.name("name", " \n ");
        let email = check.field("email", "nobody".parse::<multitenant_core::Email>());
        let problem = check.done(name.zip(email)).unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["name", "email"]);
    }

    #[test]
    fn pages_out_of_range_are_told() {
        let table = [
            (None, None, None),
            (Some(1), Some(200), None),
            (Some(0), None, Some("page")),
            (None, Some(0), Some("limit")),
            (None, Some(201), Some("limit")),
        ];
        for (page, limit, wrong) in table {
            let mut check = Check::default();
            let read = Paging { page, limit }.read(&mut check);
            let field = check
                .done(read)
                .err()
                .map(|problem| problem.errors[0].field.clone());
            assert_eq!(field.as_deref(), wrong, "{page:?} {limit:?}");
        }
    }
}
