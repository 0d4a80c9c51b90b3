use std::collections::BTreeMap;

use super::place::Place;
use super::record::StoredRole;
use super::{AccountError, SqlAccounts};
use crate::rbac::{PermissionSet, Role};
use crate::{RoleName, TenantId, on};

#[derive(sqlx::FromRow)]
struct GrantRow {
    name: String,
    is_system: bool,
    permission: Option<String>,
}

/// Reads every role of a tenant with what it grants, in the order of names.
pub(super) async fn read_all(place: &Place) -> Result<Vec<StoredRole>, AccountError> {
    const ALL: &str = "SELECT r.name, r.is_system, p.permission FROM mt_roles r \
         LEFT JOIN mt_role_permissions p ON p.role_id = r.id ORDER BY r.name, p.permission";
    let rows: Vec<GrantRow> = on!(&place.db, db => sqlx::query_as(ALL).fetch_all(db).await)?;
    let mut roles: BTreeMap<String, StoredRole> = BTreeMap::new();
    for row in rows {
        let name = RoleName::new(&row.name).map_err(|_| AccountError::Unreadable("a role"))?;
        let role = roles.entry(row.name).or_insert_with(|| StoredRole {
            name,
            is_system: row.is_system,
            permissions: Vec::new(),
        });
        role.permissions.extend(row.permission);
    }
    Ok(roles.into_values().collect())
}

impl From<StoredRole> for Role {
    fn from(role: StoredRole) -> Self {
        Self {
            name: role.name,
            permissions: role.permissions,
        }
    }
}

impl SqlAccounts {
    /// Reads every role of a tenant, in the order of names.
    ///
    /// # Errors
    /// [`AccountError::Tenant`], [`AccountError::Database`].
    pub async fn roles(&self, tenant: TenantId) -> Result<Vec<StoredRole>, AccountError> {
        read_all(&self.tenant_place(tenant).await?).await
    }

    /// Checks that the tenant has these roles, and that they grant nothing that `held` lacks:
    /// nobody gives what they do not hold.
    pub(super) async fn check_grant(
        &self,
        place: &Place,
        roles: &[RoleName],
        held: &PermissionSet,
    ) -> Result<(), AccountError> {
        self.check_grants(&read_all(place).await?, roles, held)
    }

    /// The same where the tenant's roles are known.
    pub(super) fn check_grants(
        &self,
        known: &[StoredRole],
        roles: &[RoleName],
        held: &PermissionSet,
    ) -> Result<(), AccountError> {
        for name in roles {
            let role = known.iter().find(|role| role.name == *name);
            let role = role.ok_or_else(|| AccountError::RoleUnknown(name.clone()))?;
            let grants = role.permissions.iter().map(String::as_str);
            if !held.covers(&self.inner.registry.expand(grants)) {
                return Err(AccountError::GrantsMore(name.clone()));
            }
        }
        Ok(())
    }
}
