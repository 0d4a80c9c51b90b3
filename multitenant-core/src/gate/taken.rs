use super::misplaced::Misplaced;
use super::passage::Passage;
use super::principal::Principal;
use crate::Problem;
#[cfg(feature = "_sql")]
use crate::engine::SqlEngine;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::tenant::AnySql;
#[cfg(feature = "_sql")]
use crate::tenant::Db;
use crate::tenant::Tenant;

/// What a handler may take of the [`Passage`] that a guard left in its request: an adapter's
/// extractors are these, each in a type of the adapter's own.
///
/// ```
/// use multitenant_core::Problem;
/// use multitenant_core::gate::{FromPassage, Passage, Principal};
///
/// /// The extensions of a request, as a web framework has them.
/// fn who(extensions: Option<&Passage>) -> Result<Principal, Problem> {
///     FromPassage::from_passage(extensions)
/// }
///
/// // Nothing stands around the route: an internal error, and the log says what to add.
/// assert_eq!(who(None).map_err(|problem| problem.status()).err(), Some(500));
/// ```
pub trait FromPassage: Sized {
    /// Takes it.
    ///
    /// # Errors
    /// An internal error where the route's rule does not give it, or no guard stands around the
    /// route. The log says what to change.
    fn from_passage(found: Option<&Passage>) -> Result<Self, Problem>;
}

impl Passage {
    /// The tenant that a user acts in, or that is named where the application asks by itself who
    /// acts, for an extractor of this name.
    ///
    /// # Errors
    /// [`Misplaced`] where the route's rule is none for users.
    pub fn tenant<'p>(
        found: Option<&'p Self>,
        extractor: &'static str,
    ) -> Result<&'p Tenant, Misplaced> {
        match found {
            Some(Self::User(_, tenant) | Self::Named(tenant)) => Ok(tenant),
            other => Err(Misplaced::new(extractor, other)),
        }
    }
}

/// Who acts: behind a rule for users or for the staff.
impl FromPassage for Principal {
    fn from_passage(found: Option<&Passage>) -> Result<Self, Problem> {
        match found {
            Some(Passage::User(principal, _) | Passage::Staff(principal)) => Ok(principal.clone()),
            other => Err(Misplaced::new("Principal", other).into()),
        }
    }
}

/// The tenant that a user acts in, or that is named where the application asks by itself who acts.
impl FromPassage for Tenant {
    fn from_passage(found: Option<&Passage>) -> Result<Self, Problem> {
        Ok(Passage::tenant(found, "Tenant")?.clone())
    }
}

/// The tenant that a stranger names: behind [`Access::TenantHint`](super::Access::TenantHint).
impl FromPassage for Option<Tenant> {
    fn from_passage(found: Option<&Passage>) -> Result<Self, Problem> {
        match found {
            Some(Passage::Hinted(tenant)) => Ok(tenant.clone()),
            other => Err(Misplaced::new("HintedTenant", other).into()),
        }
    }
}

/// The database of the [`Tenant`].
#[cfg(feature = "_sql")]
impl<E: SqlEngine> FromPassage for Db<E> {
    fn from_passage(found: Option<&Passage>) -> Result<Self, Problem> {
        Ok(Passage::tenant(found, "Db")?.db()?)
    }
}

/// The database of the [`Tenant`], of whichever engine.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl FromPassage for AnySql {
    fn from_passage(found: Option<&Passage>) -> Result<Self, Problem> {
        Ok(Passage::tenant(found, "AnySql")?.any_sql()?)
    }
}
