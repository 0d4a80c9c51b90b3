use std::env::{self, VarError};
use std::error::Error;

use secrecy::SecretString;

use super::{Platform, PlatformBuilder};
use crate::Domain;
use crate::keys::{LocalKeys, Vault};
use crate::rbac::Registry;
use crate::resolve::Sources;
use crate::token::KeyRings;

/// Why a platform cannot be read out of the environment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A variable is not set.
    #[error("{0} is not set in the environment")]
    Missing(&'static str),
    /// A variable cannot be used. Its value is not repeated, since it may be a secret.
    #[error("{name} in the environment cannot be used")]
    Unusable {
        /// Which variable.
        name: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

const CATALOG: &str = "ENTERPRISE_DATABASE_URL";
const STAFF: &str = "ENTERPRISE_JWT_SECRET";
const USERS: &str = "CLIENT_JWT_SECRET";
const SECRETS: &str = "ENTERPRISE_JWT_SECRET or CLIENT_JWT_SECRET";
const VAULT: &str = "DB_ENCRYPTION_KEY";
/// Who issues the tokens: everything that shares the secrets.
const ISSUER: &str = "multitenant";
const BASES: &str = "BASE_DOMAINS";

impl Platform {
    /// A platform as the environment describes it; whatever is set afterwards wins.
    ///
    /// | variable | what |
    /// | --- | --- |
    /// | `ENTERPRISE_DATABASE_URL` | the catalog on Postgres; without it, SQLite in `DATA_DIR` |
    /// | `ADMIN_DATABASE_URL` | a role with CREATEDB and CREATEROLE on the tenants' server; without it, the catalog's |
    /// | `DATA_DIR` | the folder of a platform on SQLite |
    /// | `ENTERPRISE_JWT_SECRET`, `CLIENT_JWT_SECRET` | what the tokens of the staff and of the tenants' users are signed with, 32 bytes or more each |
    /// | `DB_ENCRYPTION_KEY` | what secrets are sealed with, 32 bytes in base64url |
    /// | `BASE_DOMAINS` | domains under which each tenant has its name, separated by commas; none if not set |
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable.
    pub fn from_env(registry: &'static Registry) -> Result<PlatformBuilder, EnvironmentError> {
        read(registry, &|name| match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(error) => Err(unusable(name)(error)),
        })
    }
}

type Lookup<'l> = &'l dyn Fn(&'static str) -> Result<Option<String>, EnvironmentError>;

fn read(registry: &'static Registry, get: Lookup<'_>) -> Result<PlatformBuilder, EnvironmentError> {
    let required = |name| get(name)?.ok_or(EnvironmentError::Missing(name));
    let keys = KeyRings::from_secrets(ISSUER, required(STAFF)?, required(USERS)?);
    let keys = keys.map_err(unusable(SECRETS))?;
    let sealing = SecretString::from(required(VAULT)?);
    let sealing = LocalKeys::from_setting(VAULT, &sealing).map_err(unusable(VAULT))?;
    let vault = Vault::new(sealing);
    let builder = match get(CATALOG)? {
        #[cfg(feature = "postgres")]
        Some(catalog) => {
            let admin = get("ADMIN_DATABASE_URL")?.unwrap_or_else(|| catalog.clone());
            Platform::on_postgres(catalog.into(), admin.into(), keys, vault, registry)
        }
        #[cfg(feature = "sqlite")]
        _ => Platform::on_sqlite(required("DATA_DIR")?, keys, vault, registry),
        #[cfg(not(feature = "sqlite"))]
        _ => return Err(EnvironmentError::Missing(CATALOG)),
    };
    Ok(builder.sources(sources(get)?))
}

fn sources(get: Lookup<'_>) -> Result<Sources, EnvironmentError> {
    let mut sources = Sources::default();
    let bases = get(BASES)?.unwrap_or_default();
    let bases = bases
        .split(',')
        .map(str::trim)
        .filter(|base| !base.is_empty());
    let bases: Result<Vec<Domain>, _> = bases.map(str::parse).collect();
    sources.base_domains = bases.map_err(unusable(BASES))?;
    Ok(sources)
}

fn unusable<E: Error + Send + Sync + 'static>(
    name: &'static str,
) -> impl FnOnce(E) -> EnvironmentError {
    move |source| EnvironmentError::Unusable {
        name,
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::access::REGISTRY;

    const COMPLETE: [(&str, &str); 5] = [
        (STAFF, "a secret of the staff's, which is long enough"),
        (USERS, "a secret of the users', which is long enough"),
        (VAULT, "DpOK8NIOuSOQlTq07Vs33tXyERHwfr_xDXKg8jYgYrI"),
        ("DATA_DIR", "/tmp"),
        (CATALOG, "postgres://localhost/catalog"),
    ];

    fn read_with(changed: &str, to: Option<&str>) -> Result<(), EnvironmentError> {
        let get = |name: &'static str| {
            let set = COMPLETE.iter().find(|(known, _)| *known == name);
            let set = set.map(|(_, value)| *value);
            let value = if name == changed { to } else { set };
            Ok(value.map(str::to_owned))
        };
        read(REGISTRY, &get).map(drop)
    }

    #[test]
    fn a_variable_that_is_missing_or_cannot_be_used_is_named() {
        assert!(read_with("", None).is_ok());
        assert!(read_with(BASES, Some("example.com, erp.test,")).is_ok());
        for name in [STAFF, USERS, VAULT] {
            let missing = read_with(name, None).unwrap_err();
            assert!(matches!(missing, EnvironmentError::Missing(which) if which == name));
            let unusable = read_with(name, Some("canary")).unwrap_err();
            assert!(
                !format!("{unusable:?} {unusable}").contains("canary"),
                "{unusable:?}"
            );
        }
        let unusable = read_with(BASES, Some("exa mple")).unwrap_err();
        assert!(unusable.to_string().contains(BASES), "{unusable}");
    }
}
