//! The platform's staff, in the catalog.

use super::passwords::end_all_sessions;
use super::place::Place;
use super::texts::STAFF;
use super::write::Write;
use super::{AccountError, SqlAccounts};
use crate::catalog::{AuditEntry, Change, Listed, Page};
use crate::engine::AnyTransaction;
use crate::events::EventKind;
use crate::password::{PasswordHash, TemporaryPassword};
use crate::{Email, EnterpriseRole, Timestamp, UserId, on};

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

/// A member of the staff, without what only a sign-in needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Admin {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Their role.
    pub role: EnterpriseRole,
    /// Whether they may sign in.
    pub is_active: bool,
    /// Whether they must change a temporary password first.
    pub password_change_due: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub updated_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct AdminRow {
    id: UserId,
    email: String,
    name: String,
    role: String,
    is_active: bool,
    must_change_password: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<AdminRow> for Admin {
    type Error = AccountError;

    fn try_from(row: AdminRow) -> Result<Self, AccountError> {
        let role = row.role.parse();
        Ok(Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role: role.map_err(|_| AccountError::Unreadable("staff"))?,
            is_active: row.is_active,
            password_change_due: row.must_change_password,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

macro_rules! columns {
    () => {
        "SELECT id, email, name, role, is_active, must_change_password, created_at, updated_at \
         FROM mt_admins"
    };
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

    /// Lists the staff, in the order of their addresses.
    ///
    /// # Errors
    /// [`AccountError::Database`], [`AccountError::Unreadable`].
    pub async fn admins(&self, page: Page) -> Result<Listed<Admin>, AccountError> {
        const COUNT: &str = "SELECT COUNT(*) FROM mt_admins";
        const LIST: &str = concat!(columns!(), " ORDER BY email LIMIT $1 OFFSET $2");
        let place = self.place(None).await?;
        let total = on!(&place.db, db => sqlx::query_scalar(COUNT).fetch_one(db).await)?;
        let rows: Vec<AdminRow> = on!(&place.db, db => sqlx::query_as(LIST)
            .bind(page.limit())
            .bind(page.offset())
            .fetch_all(db)
            .await)?;
        let items = rows.into_iter().map(Admin::try_from);
        let items = items.collect::<Result<_, _>>()?;
        Ok(Listed { items, total })
    }

    /// Reads a member of the staff by their address.
    ///
    /// # Errors
    /// [`AccountError::Database`], [`AccountError::Unreadable`].
    pub async fn admin_of_email(&self, email: &Email) -> Result<Option<Admin>, AccountError> {
        const READ: &str = concat!(columns!(), " WHERE email = $1");
        let place = self.place(None).await?;
        let row: Option<AdminRow> = on!(&place.db, db =>
            sqlx::query_as(READ).bind(email.as_str()).fetch_optional(db).await)?;
        row.map(Admin::try_from).transpose()
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
        self.insert_admin(change, new, None).await
    }

    /// Makes a member of the staff with a temporary password, which is shown this once and opens
    /// nothing but its own change, for [`TEMPORARY_PASSWORD_LASTS`](super::TEMPORARY_PASSWORD_LASTS).
    ///
    /// # Errors
    /// [`AccountError::EmailTaken`].
    pub async fn invite_admin(
        &self,
        change: &Change,
        email: Email,
        name: String,
        role: EnterpriseRole,
    ) -> Result<(UserId, TemporaryPassword), AccountError> {
        let (temporary, password) = self.temporary_password().await?;
        let new = NewAdmin {
            email,
            name,
            role,
            password,
        };
        let until = Some(self.temporary_until());
        let id = self.insert_admin(change, &new, until).await?;
        Ok((id, temporary))
    }

    async fn insert_admin(
        &self,
        change: &Change,
        new: &NewAdmin,
        temporary_until: Option<Timestamp>,
    ) -> Result<UserId, AccountError> {
        const INSERT: &str = "INSERT INTO mt_admins (id, email, name, role, password_hash, \
             must_change_password, temporary_password_expires_at, is_active, ver, created_at, \
             updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9)";
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
            .bind(temporary_until.is_some())
            .bind(temporary_until)
            .bind(true)
            .bind(now)
            .execute(&mut **sql)
            .await
            .map(drop));
        inserted.map_err(super::user_rows::taken)?;
        let entry = AuditEntry::new("admin.create", "admin", id);
        let details = serde_json::json!({ "role": new.role.as_str() });
        write.audit(entry.with_details(details)).await?;
        write.commit().await?;
        Ok(id)
    }

    /// Lets a member of the staff sign in, or no longer: then their sessions end everywhere.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], [`AccountError::LastStaffAdmin`].
    pub async fn set_admin_active(
        &self,
        change: &Change,
        admin: UserId,
        is_active: bool,
    ) -> Result<(), AccountError> {
        let place = self.place(None).await?;
        let subject = admin.into();
        let events = vec![EventKind::SubjectChanged {
            tenant: None,
            subject,
        }];
        let mut write = self.write(&place, change, events).await?;
        if let Err(error) = set_active(&mut write, admin, is_active).await {
            write.give_up().await?;
            return Err(error);
        }
        let action = match is_active {
            true => "admin.activate",
            false => "admin.deactivate",
        };
        write.audit(AuditEntry::new(action, "admin", admin)).await?;
        self.commit_in_force(write).await
    }
}

async fn set_active(
    write: &mut Write<'_>,
    admin: UserId,
    is_active: bool,
) -> Result<(), AccountError> {
    const SET: &str = "UPDATE mt_admins SET is_active = $2, ver = ver + 1, updated_at = $3 \
         WHERE id = $1";
    let now = write.now();
    hold_active_admins(write.sql()).await?;
    let set = on!(write.sql(), sql => sqlx::query(SET)
        .bind(admin)
        .bind(is_active)
        .bind(now)
        .execute(&mut **sql)
        .await
        .map(|done| done.rows_affected()))?;
    if set == 0 {
        return Err(AccountError::NotFound);
    }
    if is_active {
        return Ok(());
    }
    if hold_active_admins(write.sql()).await? == 0 {
        return Err(AccountError::LastStaffAdmin);
    }
    end_all_sessions(write.sql(), STAFF, admin, now).await
}

/// How many may administer the platform. Their rows are held, so that two changes that each leave
/// one other cannot pass each other.
async fn hold_active_admins(sql: &mut AnyTransaction) -> Result<u64, AccountError> {
    const HOLD: &str = "UPDATE mt_admins SET ver = ver WHERE role = 'ADMIN' AND is_active";
    Ok(on!(sql, sql => sqlx::query(HOLD)
        .execute(&mut **sql)
        .await
        .map(|done| done.rows_affected()))?)
}
