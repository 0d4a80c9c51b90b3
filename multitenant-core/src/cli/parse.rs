//! Reads what is on the command line.

use std::str::FromStr;

use crate::limits::NAME_MAX_CHARS;
use crate::{InvalidSlug, Slug, TenantId};

/// How a tenant is named: by its id or its slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TenantName {
    Id(TenantId),
    Slug(Slug),
}

impl FromStr for TenantName {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        let id = text.parse().map(Self::Id);
        id.or_else(|_| text.parse().map(Self::Slug))
    }
}

impl std::fmt::Display for TenantName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Slug(slug) => slug.fmt(f),
        }
    }
}

/// What a person or a tenant is called, as the catalog takes it.
pub(super) fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_name = !text.is_empty()
        && text.chars().count() <= NAME_MAX_CHARS
        && !text.chars().any(char::is_control);
    match is_name {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "expected 1 to {NAME_MAX_CHARS} characters, none of them a control character"
        )),
    }
}
