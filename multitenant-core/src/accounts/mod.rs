//! Users, sessions, roles and audit rows in SQL: in a tenant's database, and for the platform's
//! staff in the catalog.
#![doc = include_str!("../docs/accounts.md")]

mod error;
mod passwords;
mod place;
mod record;
mod roles;
#[cfg(feature = "provision")]
mod schema;
mod seed;
mod sessions;
mod staff;
mod texts;
mod user_rows;
mod users;
mod write;

use std::sync::Arc;
use std::time::Duration;

use crate::auth::sign_in::{HashingQueue, Origin};
use crate::catalog::{Actor, Change, SqlCatalog};
use crate::events::{EventKind, Follower, Intents};
use crate::limits::ENDED_SESSION_SECONDS;
use crate::rbac::Registry;
use crate::tenant::Tenants;
use crate::{Clock, Subject, TenantId, Timestamp};

pub use error::AccountError;
pub use record::{CreatedUser, NewUser, StoredRole, User, UserFilter, UserPatch};
#[cfg(all(feature = "postgres", feature = "provision"))]
pub use schema::postgres_schema;
#[cfg(all(feature = "provision", feature = "sqlite"))]
pub use schema::sqlite_schema;
pub use seed::{FirstAdmin, seed};
pub use staff::{Admin, NewAdmin};

use place::Place;
use write::{TenantWrite, Write};

/// The role that at least one active user of every tenant has.
const ADMIN: &str = "Admin";

/// How long a temporary password works.
pub const TEMPORARY_PASSWORD_LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a session is kept after its end. Sessions grow in number by sign-ins only, so some of those
/// that have been over for so long are deleted with each, twenty for the one that it adds: a tenant's
/// database is not opened for that alone. So where nobody signs in any more, what is left stays, and
/// grows no more. Those of the staff are also deleted from time to time
/// ([`Retention::sessions`](crate::catalog::Retention::sessions)).
pub const ENDED_SESSION_LASTS: Duration = Duration::from_secs(ENDED_SESSION_SECONDS);

/// People, their sessions and their roles, in SQL. Implements the stores that
/// [`SignIn`](crate::auth::sign_in::SignIn), [`Sessions`](crate::auth::Sessions) and
/// [`Policies`](crate::auth::Policies) need. Cheap to clone.
#[derive(Clone)]
pub struct SqlAccounts {
    inner: Arc<Inner>,
}

struct Inner {
    catalog: SqlCatalog,
    intents: Arc<dyn Intents>,
    tenants: Arc<dyn Tenants>,
    follower: Follower,
    hashing: HashingQueue,
    registry: &'static Registry,
    clock: Arc<dyn Clock>,
}

impl SqlAccounts {
    /// The people of a platform: `catalog` holds its staff, `tenants` leads to its tenants' users,
    /// `follower` brings changes into force on this node, `registry` says what can be granted, and
    /// `clock` what has expired.
    pub fn new(
        catalog: SqlCatalog,
        tenants: Arc<dyn Tenants>,
        follower: Follower,
        hashing: HashingQueue,
        registry: &'static Registry,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                intents: Arc::new(catalog.clone()),
                catalog,
                tenants,
                follower,
                hashing,
                registry,
                clock,
            }),
        }
    }

    /// The present moment, by the clock that was handed in.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    async fn place(&self, tenant: Option<TenantId>) -> Result<Place, AccountError> {
        match tenant {
            None => Ok(Place::staff(&self.inner.catalog)),
            Some(tenant) => self.tenant_place(tenant).await,
        }
    }

    async fn tenant_place(&self, tenant: TenantId) -> Result<Place, AccountError> {
        let db = self.inner.tenants.tenant(tenant).await?.any_sql()?;
        Ok(Place::of_tenant(tenant, db))
    }

    /// Begins a change whose `events` every node hears of once it is committed.
    async fn write<'c>(
        &self,
        place: &Place,
        change: &'c Change,
        events: Vec<EventKind>,
    ) -> Result<Write<'c>, AccountError> {
        if place.tenant.is_some() {
            let intents = &self.inner.intents;
            let write = TenantWrite::begin(&place.db, change, self.now(), intents, events).await?;
            return Ok(Write::Tenant(write));
        }
        let mut write = self.inner.catalog.write(change).await?;
        for event in events {
            write.publish(event);
        }
        Ok(Write::Staff(Box::new(write)))
    }

    /// Commits a change with events and brings it into force on this node.
    async fn commit_in_force(&self, write: Write<'_>) -> Result<(), AccountError> {
        write.commit().await?;
        Ok(self.inner.follower.catch_up().await?)
    }
}

/// The change that somebody makes on their own account.
fn by_themselves(tenant: Option<TenantId>, subject: &Subject, origin: &Origin) -> Change {
    let change = Change::by(Actor::person(tenant, subject.clone()));
    match &origin.request_id {
        Some(request) => change.in_request(request.clone()),
        None => change,
    }
}
