use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::schema::SchemaVersion;
use crate::TenantId;

const TENANT_DATABASE: &str = "client_db_";

/// What all roles and templates of one platform begin with, so that two platforms fit on one
/// Postgres server: 1 to 20 bytes of `a-z`, `0-9` and `_`, with a letter first. `mt` by default.
///
/// The bound keeps every name made from it below the 63 bytes at which Postgres would cut it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RolePrefix(Box<str>);

/// A text that is no role prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a role prefix has 1 to 20 of a-z, 0-9 and _, begins with a letter, and not with the pg_ that \
     Postgres keeps for itself"
)]
pub struct InvalidRolePrefix;

impl Default for RolePrefix {
    fn default() -> Self {
        Self(Box::from("mt"))
    }
}

impl FromStr for RolePrefix {
    type Err = InvalidRolePrefix;

    fn from_str(text: &str) -> Result<Self, InvalidRolePrefix> {
        let first_is_letter = text.starts_with(|first: char| first.is_ascii_lowercase());
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !first_is_letter
            || text.len() > 20
            || text.starts_with("pg_")
            || !text.bytes().all(allowed)
        {
            return Err(InvalidRolePrefix);
        }
        Ok(Self(text.into()))
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Made of `a-z`, `0-9` and `_` only, and shorter than 63 bytes.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The bare name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The name of a database.
    DatabaseName
}
name! {
    /// The name of a Postgres role.
    DatabaseRole
}

impl DatabaseName {
    /// A tenant's database: `client_db_` and the id without hyphens.
    #[must_use]
    pub fn of_tenant(tenant: TenantId) -> Self {
        Self(format!("{TENANT_DATABASE}{}", tenant.as_uuid().simple()))
    }

    /// The migrated database that tenants of this schema are cloned from.
    #[must_use]
    pub(crate) fn of_template(prefix: &RolePrefix, version: &SchemaVersion) -> Self {
        Self(format!("{}_template_{version}", prefix.0))
    }

    /// The template while it is being built.
    #[cfg(feature = "postgres")]
    pub(super) fn of_building(prefix: &RolePrefix, version: &SchemaVersion) -> Self {
        Self(format!("{}_building_{version}", prefix.0))
    }

    /// What templates are built from where an administrator has made it: an empty database from
    /// which a superuser has taken what only a superuser can take.
    #[cfg(feature = "postgres")]
    pub(super) fn of_base(prefix: &RolePrefix) -> Self {
        Self(format!("{}_base", prefix.0))
    }

    /// The tenant whose database has this name, if it is one's.
    pub(super) fn tenant_of(name: &str) -> Option<TenantId> {
        simple_id(name.strip_prefix(TENANT_DATABASE)?)
    }
}

#[cfg(feature = "postgres")]
impl DatabaseName {
    /// Every tenant's database begins with this.
    pub(super) const TENANT_PREFIX: &str = TENANT_DATABASE;

    /// The name as SQL takes it.
    pub(super) fn quoted(&self) -> String {
        quote_identifier(&self.0)
    }
}

#[cfg(feature = "postgres")]
impl DatabaseRole {
    /// Owns what is inside of every tenant's database, and no database. It cannot sign in.
    #[must_use]
    pub fn owner(prefix: &RolePrefix) -> Self {
        Self(format!("{}_owner", prefix.0))
    }

    /// The group of all tenants' logins; the rights on rows are its. It cannot sign in.
    #[must_use]
    pub fn app(prefix: &RolePrefix) -> Self {
        Self(format!("{}_app", prefix.0))
    }

    /// Runs migrations, as a member of the owner.
    #[must_use]
    pub fn migrator(prefix: &RolePrefix) -> Self {
        Self(format!("{}_migrator", prefix.0))
    }

    /// A tenant's login.
    #[must_use]
    pub fn of_tenant(prefix: &RolePrefix, tenant: TenantId) -> Self {
        let id = tenant.as_uuid().simple();
        Self(format!("{}{id}", Self::tenant_prefix(prefix)))
    }

    /// Every tenant's login begins with this.
    pub(super) fn tenant_prefix(prefix: &RolePrefix) -> String {
        format!("{}_t_", prefix.0)
    }

    /// The tenant whose login has this name, if it is one's.
    pub(super) fn tenant_behind(prefix: &RolePrefix, name: &str) -> Option<TenantId> {
        simple_id(name.strip_prefix(&Self::tenant_prefix(prefix))?)
    }

    /// The name as SQL takes it.
    pub(super) fn quoted(&self) -> String {
        quote_identifier(&self.0)
    }

    /// The name as a text in SQL.
    pub(super) fn literal(&self) -> String {
        format!("'{}'", self.0.replace('\'', "''"))
    }
}

#[cfg(feature = "postgres")]
fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn simple_id(text: &str) -> Option<TenantId> {
    let is_simple = text.len() == 32
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let uuid = is_simple.then(|| Uuid::try_parse(text).ok())??;
    Some(TenantId::from_uuid(uuid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_role_prefix() {
        let table = [
            ("mt", true),
            ("a", true),
            ("erp_2", true),
            ("a2345678901234567890", true),
            ("a23456789012345678901", false),
            ("", false),
            ("2mt", false),
            ("_mt", false),
            ("Mt", false),
            ("m-t", false),
            ("m\"t", false),
            ("m't", false),
            ("mt\0", false),
            ("pg_mt", false),
            ("mä", false),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<RolePrefix>().is_ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_database_is_named_after_its_tenant_and_back() {
        let tenant = TenantId::generate();
        let name = DatabaseName::of_tenant(tenant);
        assert_eq!(name.as_str().len(), 42);
        assert_eq!(DatabaseName::tenant_of(name.as_str()), Some(tenant));
    }

    #[test]
    fn only_the_exact_spelling_names_a_tenant() {
        let tenant = TenantId::generate();
        let name = DatabaseName::of_tenant(tenant).to_string();
        let others = [
            name.to_uppercase(),
            format!("{name}0"),
            format!("client_db_{tenant}"),
            format!("other_{name}"),
            "client_db_".to_owned(),
        ];
        for other in others {
            assert_eq!(DatabaseName::tenant_of(&other), None, "{other}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn the_longest_names_stay_below_the_cut_at_63_bytes() {
        let prefix: RolePrefix = "a2345678901234567890".parse().unwrap();
        let tenant = TenantId::generate();
        let login = DatabaseRole::of_tenant(&prefix, tenant);
        assert!(login.as_str().len() < 63, "{login}");
        assert_eq!(
            DatabaseRole::tenant_behind(&prefix, login.as_str()),
            Some(tenant)
        );
        assert!(DatabaseRole::migrator(&prefix).as_str().len() < 63);
    }
}
