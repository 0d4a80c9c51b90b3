use crate::TenantId;
use crate::catalog::SqlCatalog;
use crate::engine::PerEngine;
use crate::tenant::{AnySql, Db};

use super::texts::{STAFF, Texts, USERS};

/// Where somebody lives: in the catalog, or in one tenant's database.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) tenant: Option<TenantId>,
    pub(super) db: AnySql,
}

impl Place {
    pub(super) fn staff(catalog: &SqlCatalog) -> Self {
        let db = match catalog.pool() {
            #[cfg(feature = "postgres")]
            PerEngine::Postgres(pool) => AnySql::Postgres(Db::from(pool.clone())),
            #[cfg(feature = "sqlite")]
            PerEngine::Sqlite(pool) => AnySql::Sqlite(Db::from(pool.clone())),
            #[cfg(not(feature = "postgres"))]
            PerEngine::Postgres(never) => crate::engine::absurd(never),
            #[cfg(not(feature = "sqlite"))]
            PerEngine::Sqlite(never) => crate::engine::absurd(never),
        };
        Self { tenant: None, db }
    }

    pub(super) const fn of_tenant(tenant: TenantId, db: AnySql) -> Self {
        Self {
            tenant: Some(tenant),
            db,
        }
    }

    pub(super) const fn texts(&self) -> &'static Texts {
        match self.tenant {
            None => STAFF,
            Some(_) => USERS,
        }
    }
}
