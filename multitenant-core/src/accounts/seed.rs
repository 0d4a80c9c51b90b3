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
    for role in Role::defaults(registry) {
        add_role(&mut tx, &role, now).await?;
    }
    let user = add_admin(&mut tx, admin, now).await?;
    let entry = AuditEntry::new("tenant.seed", "user", user);
    add_audit_row(&mut tx, change, now, entry).await?;
    Ok(tx.commit().await?)
}

async fn add_role(
    tx: &mut AnyTransaction,
    role: &Role,
    now: Timestamp,
) -> Result<(), AccountError> {
    const ROLE: &str = "INSERT INTO mt_roles (id, name, is_system, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (name) DO NOTHING";
    const GRANT: &str = "INSERT INTO mt_role_permissions (role_id, permission) \
         SELECT id, $2 FROM mt_roles WHERE name = $1 ON CONFLICT DO NOTHING";
    on!(tx, sql => {
        sqlx::query(ROLE)
            .bind(UserId::generate().as_uuid())
            .bind(role.name.as_str())
            .bind(true)
            .bind(now)
            .execute(&mut **sql)
            .await?;
        for permission in &role.permissions {
            sqlx::query(GRANT)
                .bind(role.name.as_str())
                .bind(permission)
                .execute(&mut **sql)
                .await?;
        }
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
