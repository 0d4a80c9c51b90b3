use std::fmt::Write as _;
use std::io::{self, Write};

use multitenant_core::accounts::{AccountError, NewUser};
use multitenant_core::catalog::{Actor, Catalog, CatalogError, Change, NewTenant};
use multitenant_core::platform::Platform as Core;
use multitenant_core::provision::{ProvisioningError, TenantRequest};
use multitenant_core::rbac::PermissionSet;
use multitenant_core::{InvalidEmail, InvalidName, InvalidSlug, RoleName, Slug, TenantId};
use secrecy::ExposeSecret;

use crate::config::Config;
use crate::enterprise::TIERS;
use crate::platform::Platform;

/// Each client's slug and name; its people have addresses under `<slug>.example`.
const CLIENTS: [(&str, &str); 2] = [("acme", "Acme Ltd"), ("globex", "Globex Inc")];
/// Who works there beside the first admin, `ann`: their names and roles.
const PEOPLE: [(&str, &str); 2] = [("Mia", "Manager"), ("Vic", "Viewer")];

/// Why the clients to try things out with could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Customers depend on this server.
    #[error("--demo prints passwords and is not for APP_ENV=production; leave it out")]
    Production,
    /// A client could not be looked up.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A client could not be made.
    #[error(transparent)]
    Provisioning(#[from] ProvisioningError),
    /// A client's user could not be made.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A slug among them is none.
    #[error(transparent)]
    Slug(#[from] InvalidSlug),
    /// An address among them is none.
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    /// A role among them is none.
    #[error(transparent)]
    Role(#[from] InvalidName),
    /// Who can sign in could not be written.
    #[error("it could not be written who can sign in")]
    Output(#[from] io::Error),
}

/// Makes two clients with three people each, where they are not there yet, and writes of those
/// that were made who can sign in, and with which temporary password.
///
/// # Errors
/// [`DemoError`] says what could not be done.
pub async fn fill_demo(
    platform: &Platform,
    config: &Config,
    out: &mut impl Write,
) -> Result<(), DemoError> {
    if config.environment.is_production() {
        return Err(DemoError::Production);
    }
    let (core, mut shown) = (platform.core(), String::new());
    for (slug, name) in CLIENTS {
        let slug: Slug = slug.parse()?;
        if core.catalog().tenant_of_slug(&slug).await?.is_none() {
            fill(core, slug, name, &mut shown).await?;
        }
    }
    Ok(out.write_all(shown.as_bytes())?)
}

async fn fill(
    platform: &Core,
    slug: Slug,
    name: &str,
    shown: &mut String,
) -> Result<(), DemoError> {
    let change = Change::by(Actor::System).because("--demo");
    let domain = format!("{slug}.example");
    let email = format!("ann@{domain}");
    let request = TenantRequest {
        tenant: NewTenant {
            admin_email: Some(email.clone()),
            ..NewTenant::new(slug, name, TIERS[0])
        },
        admin_email: email.parse()?,
        admin_name: "Ann".to_owned(),
    };
    let provisioning = platform.provisioning();
    let made = provisioning.create(&change, &request, None).await?;
    let mut show = |email: &str, role: &str, password: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(shown, "{name:<12} {email:<22} {role:<8} {password}");
    };
    if let Some(password) = &made.temporary_password {
        show(&email, "Admin", password.reveal());
    }
    for (person, role) in PEOPLE {
        let email = format!("{}@{domain}", person.to_lowercase());
        let password = employ(platform, &change, made.tenant.id, &email, person, role).await?;
        show(&email, role, password.expose_secret());
    }
    Ok(())
}

async fn employ(
    platform: &Core,
    change: &Change,
    tenant: TenantId,
    email: &str,
    name: &str,
    role: &str,
) -> Result<secrecy::SecretString, DemoError> {
    let mut held = PermissionSet::empty(platform.registry());
    held.extend(platform.registry().permissions().iter().copied());
    let new = NewUser {
        email: email.parse()?,
        name: name.to_owned(),
        roles: vec![RoleName::new(role)?],
    };
    let accounts = platform.accounts();
    let made = accounts.create_user(change, tenant, new, &held).await?;
    Ok(made.temporary_password)
}
