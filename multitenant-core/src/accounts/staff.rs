use super::place::Place;
use super::{AccountError, SqlAccounts};
use crate::catalog::{AuditEntry, Change};
use crate::password::PasswordHash;
use crate::{Email, EnterpriseRole, UserId, on};

/// A member of the staff who is to be made, with a password that is no temporary one.
#[derive(Debug, Clone)]
pub struct NewAdmin {
    /// What they will sign in with.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// Their role.
    pub role: EnterpriseRole,
    /// Their password, hashed.
    pub password: PasswordHash,
}

impl SqlAccounts {
    pub(super) async fn staff_role(
        &self,
        place: &Place,
        admin: UserId,
    ) -> Result<EnterpriseRole, AccountError> {
        const ROLE: &str = "SELECT role FROM mt_admins WHERE id = $1";
        let role: String = on!(&place.db, db =>
            sqlx::query_scalar(ROLE).bind(admin).fetch_one(db).await)?;
        role.parse().map_err(|_| AccountError::Unreadable("staff"))
    }

    /// Whether the platform has any staff yet.
    ///
    /// # Errors
    /// [`AccountError::Database`].
    pub async fn has_staff(&self) -> Result<bool, AccountError> {
        const ANY: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM mt_admins LIMIT 1) a";
        let place = self.place(None).await?;
        let count: i64 = on!(&place.db, db => sqlx::query_scalar(ANY).fetch_one(db).await)?;
        Ok(count > 0)
    }

    /// Makes a member of the staff.
    ///
    /// # Errors
    /// [`AccountError::EmailTaken`].
    pub async fn create_admin(
        &self,
        change: &Change,
        new: &NewAdmin,
    ) -> Result<UserId, AccountError> {
        const INSERT: &str = "INSERT INTO mt_admins (id, email, name, role, password_hash, \
             must_change_password, is_active, ver, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)";
        let place = self.place(None).await?;
        let id = UserId::generate();
        let mut write = self.write(&place, change, Vec::new()).await?;
        let now = write.now();
        let inserted = on!(write.sql(), sql => sqlx::query(INSERT)
            .bind(id)
            .bind(new.email.as_str())
            .bind(&new.name)
            .bind(new.role.as_str())
            .bind(new.password.to_phc_string())
            .bind(false)
            .bind(true)
            .bind(now)
            .execute(&mut **sql)
            .await
            .map(drop));
        inserted.map_err(super::user_rows::taken)?;
        write
            .audit(AuditEntry::new("admin.create", "admin", id))
            .await?;
        write.commit().await?;
        Ok(id)
    }
}
