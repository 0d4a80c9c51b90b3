use crate::directory::TenantStatus;
use crate::{ServerId, Slug, TenantId, Timestamp};

use super::SealedSecret;

/// A tenant as the catalog holds it, its secret sealed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TenantRow {
    /// Its id.
    pub id: TenantId,
    /// Its slug, which no other tenant has.
    pub slug: Slug,
    /// Its name, for people.
    pub name: String,
    /// Whether it is served.
    pub status: TenantStatus,
    /// What it pays for, in the platform's words.
    pub tier: String,
    /// What kind of business it is.
    pub business_type: Option<String>,
    /// To which part of the market it belongs.
    pub segment: Option<String>,
    /// The e-mail address of its first admin.
    pub admin_email: Option<String>,
    /// The server that holds its database, or will.
    pub server: ServerId,
    /// Where its database is, once there is one.
    pub placement: Option<Placement>,
    /// When it was reserved.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Where a tenant's database is and how to get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The server.
    pub server: ServerId,
    /// The database's name; on SQLite, the file's.
    pub database: String,
    /// The login role; `None` on SQLite, which has none.
    pub role: Option<String>,
    /// The role's password, sealed; `None` where none is needed.
    pub secret: Option<SealedSecret>,
    /// Up to which version the database is migrated.
    pub schema_version: String,
}

/// A tenant that is to be made.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// Its slug.
    pub slug: Slug,
    /// Its name, 1 to 200 characters.
    pub name: String,
    /// What it pays for.
    pub tier: String,
    /// What kind of business it is.
    pub business_type: Option<String>,
    /// To which part of the market it belongs.
    pub segment: Option<String>,
    /// The e-mail address of its first admin.
    pub admin_email: Option<String>,
    /// The server that will hold its database, by name; see
    /// [`add_server`](super::Catalog::add_server). `None`: the one that the platform's placement
    /// chooses, and without one, the main server.
    pub server: Option<ServerId>,
}

impl NewTenant {
    /// A tenant on whichever server, with a new id and nothing but what is needed.
    pub fn new(slug: Slug, name: impl Into<String>, tier: impl Into<String>) -> Self {
        Self {
            id: TenantId::generate(),
            slug,
            name: name.into(),
            tier: tier.into(),
            business_type: None,
            segment: None,
            admin_email: None,
            server: None,
        }
    }
}

/// What is to be different about a tenant; `None` leaves as it is, `Some(None)` clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantPatch {
    /// Its name, 1 to 200 characters.
    pub name: Option<String>,
    /// What it pays for.
    pub tier: Option<String>,
    /// What kind of business it is.
    pub business_type: Option<Option<String>>,
    /// To which part of the market it belongs.
    pub segment: Option<Option<String>>,
}

/// Which tenants are wanted; `None` asks for any.
#[derive(Debug, Clone, Default)]
pub struct TenantFilter {
    /// Those whose name, slug or admin's e-mail address contains this, in either case.
    pub search: Option<String>,
    /// Those of one status.
    pub status: Option<TenantStatus>,
}
