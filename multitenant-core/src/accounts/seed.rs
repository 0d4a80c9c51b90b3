use sqlx::QueryBuilder;

use super::record::NewUser;
use super::user_rows::{self, NewPerson};
use super::{ADMIN, AccountError, TEMPORARY_PASSWORD_LASTS};
use crate::catalog::{AuditEntry, Change, add_audit_row};
use crate::engine::AnyTransaction;
use crate::password::PasswordHash;
use crate::rbac::{Registry, Role};
use crate::tenant::AnySql;
use crate::{Email, RoleName, Timestamp, UserId, on};

/// The first person of a tenant.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// What they will sign in with.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// Their temporary password, hashed.
    pub password: PasswordHash,
}

/// Gives a new tenant its default roles and its first admin, in one transaction. Where it has
/// them already, nothing is made twice: the admin with this address gets this password, which
/// is a temporary one from `now` on.
///
/// # Errors
/// [`AccountError::Database`].
pub async fn seed(
    db: &AnySql,
    change: &Change,
    registry: &Registry,
    admin: &FirstAdmin,
    now: Timestamp,
) -> Result<(), AccountError> {
    let mut tx = db.begin().await?;
    add_roles(&mut tx, &Role::defaults(registry), now).await?;
    let user = add_admin(&mut tx, admin, now).await?;
    let entry = AuditEntry::new("tenant.seed", "user", user);
    add_audit_row(&mut tx, change, now, entry).await?;
    Ok(tx.commit().await?)
}

/// Two statements for all roles together: each way to the server counts while somebody waits for
/// their tenant.
async fn add_roles(
    tx: &mut AnyTransaction,
    roles: &[Role],
    now: Timestamp,
) -> Result<(), AccountError> {
    const ROLES: &str = "INSERT INTO mt_roles (id, name, is_system, created_at, updated_at) ";
    const GRANTS: &str = "INSERT INTO mt_role_permissions (role_id, permission) \
         SELECT mt_roles.id, granted.column2 FROM (";
    const TO_ROLES: &str = ") AS granted JOIN mt_roles ON mt_roles.name = granted.column1 \
         WHERE true ON CONFLICT DO NOTHING";
    let mut grants: Vec<(&str, &str)> = Vec::new();
    for role in roles {
        let of_role = role.permissions.iter();
        grants.extend(of_role.map(|text| (role.name.as_str(), text.as_str())));
    }
    on!(tx, sql => {
        let mut insert = QueryBuilder::new(ROLES);
        insert.push_values(roles, |mut row, role| {
            row.push_bind(UserId::generate().as_uuid())
                .push_bind(role.name.as_str())
                .push_bind(true)
                .push_bind(now)
                .push_bind(now);
        });
        insert.push(" ON CONFLICT (name) DO NOTHING");
        insert.build().execute(&mut **sql).await?;

        let mut grant = QueryBuilder::new(GRANTS);
        grant.push_values(grants, |mut row, (role, permission)| {
            row.push_bind(role).push_bind(permission);
        });
        grant.push(TO_ROLES);
        grant.build().execute(&mut **sql).await?;
        Ok(())
    })
}

async fn add_admin(
    tx: &mut AnyTransaction,
    admin: &FirstAdmin,
    now: Timestamp,
) -> Result<UserId, AccountError> {
    const FORGET: &str = "DELETE FROM mt_users WHERE email = $1";
    let id = UserId::generate();
    let roles = vec![RoleName::new(ADMIN).map_err(|_| AccountError::Unreadable("roles"))?];
    let new = NewUser {
        email: admin.email.clone(),
        name: admin.name.clone(),
        roles,
    };
    let person = NewPerson {
        id,
        new: &new,
        hash: &admin.password.to_phc_string(),
        temporary_until: now + TEMPORARY_PASSWORD_LASTS,
    };
    on!(&mut *tx, sql => sqlx::query(FORGET)
        .bind(admin.email.as_str())
        .execute(&mut **sql)
        .await.map(drop))?;
    user_rows::insert(tx, &person, now).await?;
    user_rows::set_roles(tx, id, &new.roles).await?;
    Ok(id)
}
