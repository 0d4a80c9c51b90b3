use std::collections::HashMap;

use super::place::Place;
use super::record::{CreatedUser, NewUser, PersonRow, StoredRole, User, UserFilter, UserPatch};
use super::roles::read_all;
use super::sessions::{NewPassword, end_all_sessions};
use super::write::Write;
use super::{AccountError, SqlAccounts, TEMPORARY_PASSWORD_LASTS};
use crate::catalog::{AuditEntry, Change, Listed, Page};
use crate::engine::AnyTransaction;
use crate::events::EventKind;
use crate::password::TemporaryPassword;
use crate::rbac::PermissionSet;
use crate::{Clock, RoleName, SystemClock, TenantId, Timestamp, UserId, on};

/// The role that at least one active user of every tenant has.
pub(super) const ADMIN: &str = "Admin";

pub(super) async fn row_of(place: &Place, user: UserId) -> Result<Option<PersonRow>, AccountError> {
    let text = place.texts().by_id;
    Ok(on!(&place.db, db => sqlx::query_as(text).bind(user).fetch_optional(db).await)?)
}

const ROLES: &str = "SELECT r.name FROM mt_user_roles u JOIN mt_roles r ON r.id = u.role_id \
     WHERE u.user_id = $1 ORDER BY r.name";

pub(super) async fn roles_of(place: &Place, user: UserId) -> Result<Vec<String>, AccountError> {
    Ok(on!(&place.db, db => sqlx::query_scalar(ROLES).bind(user).fetch_all(db).await)?)
}

async fn read(place: &Place, user: UserId) -> Result<User, AccountError> {
    let row = row_of(place, user).await?.ok_or(AccountError::NotFound)?;
    Ok(User::from_row(row, roles_of(place, user).await?))
}

impl SqlAccounts {
    /// Lists a tenant's users, in the order of their addresses.
    ///
    /// # Errors
    /// [`AccountError::Tenant`], [`AccountError::Database`].
    pub async fn users(
        &self,
        tenant: TenantId,
        filter: &UserFilter,
        page: Page,
    ) -> Result<Listed<User>, AccountError> {
        const COUNT: &str = "SELECT COUNT(*) FROM mt_users \
             WHERE lower(email) LIKE $1 ESCAPE '\\' OR lower(name) LIKE $1 ESCAPE '\\'";
        const LIST: &str = "SELECT id, email, name, password_hash, must_change_password, \
             temporary_password_expires_at, is_active, ver, created_at, updated_at FROM mt_users \
             WHERE lower(email) LIKE $1 ESCAPE '\\' OR lower(name) LIKE $1 ESCAPE '\\' \
             ORDER BY email LIMIT $2 OFFSET $3";
        let place = self.tenant_place(tenant).await?;
        let pattern = containing(filter.search.as_deref().unwrap_or_default());
        let total = on!(&place.db, db =>
            sqlx::query_scalar(COUNT).bind(&pattern).fetch_one(db).await)?;
        let rows: Vec<PersonRow> = on!(&place.db, db => sqlx::query_as(LIST)
            .bind(&pattern)
            .bind(page.limit())
            .bind(page.offset())
            .fetch_all(db)
            .await)?;
        let mut roles = roles_on_page(&place, &pattern, page).await?;
        let with_roles = |row: PersonRow| {
            let roles = roles.remove(&row.id).unwrap_or_default();
            User::from_row(row, roles)
        };
        let items = rows.into_iter().map(with_roles).collect();
        Ok(Listed { items, total })
    }

    /// Reads a tenant's user.
    ///
    /// # Errors
    /// [`AccountError::NotFound`].
    pub async fn user(&self, tenant: TenantId, user: UserId) -> Result<User, AccountError> {
        read(&self.tenant_place(tenant).await?, user).await
    }

    /// Makes a user with a temporary password. `held` is what the maker may do: nobody gives what
    /// they do not hold.
    ///
    /// # Errors
    /// [`AccountError::EmailTaken`], [`AccountError::RoleUnknown`], [`AccountError::GrantsMore`].
    pub async fn create_user(
        &self,
        change: &Change,
        tenant: TenantId,
        new: NewUser,
        held: &PermissionSet,
    ) -> Result<CreatedUser, AccountError> {
        let place = self.tenant_place(tenant).await?;
        self.check_grant(&place, &new.roles, held).await?;
        let temporary = TemporaryPassword::generate()?;
        let hash = self.inner.hashing.hash(temporary.as_password().clone());
        let hash = hash.await?.to_phc_string();
        let id = UserId::generate();
        let mut write = self.write(&place, change, Vec::new()).await?;
        let person = NewPerson {
            id,
            new: &new,
            hash: &hash,
            temporary_until: SystemClock.now() + TEMPORARY_PASSWORD_LASTS,
        };
        let now = write.now();
        insert(write.sql(), &person, now).await?;
        set_roles(write.sql(), id, &new.roles).await?;
        let entry = AuditEntry::new("user.create", "user", id);
        write
            .audit(entry.with_details(roles_detail(&new.roles)))
            .await?;
        write.commit().await?;
        Ok(CreatedUser {
            user: read(&place, id).await?,
            temporary_password: temporary.reveal().into(),
        })
    }

    /// Changes a user, after which their tokens are refused. `held` is what the changer may do:
    /// taking over the account of somebody who may more, by changing its address, would give them
    /// what they do not hold.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], [`AccountError::GrantsMore`], [`AccountError::EmailTaken`], [`AccountError::LastAdmin`].
    pub async fn patch_user(
        &self,
        change: &Change,
        tenant: TenantId,
        user: UserId,
        patch: UserPatch,
        held: &PermissionSet,
    ) -> Result<User, AccountError> {
        const PATCH: &str = "UPDATE mt_users SET email = COALESCE($2, email), \
             name = COALESCE($3, name), is_active = COALESCE($4, is_active) WHERE id = $1";
        let place = self.tenant_place(tenant).await?;
        let mut write = self.write_over(&place, change, user, held).await?;
        let patched = on!(write.sql(), sql => sqlx::query(PATCH)
            .bind(user)
            .bind(patch.email.as_ref().map(crate::Email::as_str))
            .bind(patch.name.as_deref())
            .bind(patch.is_active)
            .execute(&mut **sql)
            .await
            .map(drop));
        if let Err(error) = patched {
            write.give_up().await?;
            return Err(taken(error));
        }
        if patch.is_active == Some(false) {
            let now = write.now();
            end_all_sessions(write.sql(), place.texts(), user, now).await?;
        }
        self.finish(write, AuditEntry::new("user.update", "user", user))
            .await?;
        read(&place, user).await
    }

    /// Deletes a user with their sessions. `held` is what the deleter may do: nobody deletes
    /// somebody who may more.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], [`AccountError::GrantsMore`], [`AccountError::LastAdmin`].
    pub async fn delete_user(
        &self,
        change: &Change,
        tenant: TenantId,
        user: UserId,
        held: &PermissionSet,
    ) -> Result<(), AccountError> {
        const DELETE: &str = "DELETE FROM mt_users WHERE id = $1";
        let place = self.tenant_place(tenant).await?;
        let mut write = self.write_over(&place, change, user, held).await?;
        on!(write.sql(), sql => sqlx::query(DELETE)
            .bind(user)
            .execute(&mut **sql)
            .await
            .map(drop))?;
        self.finish(write, AuditEntry::new("user.delete", "user", user))
            .await
    }

    /// Gives a user these roles and no others. `held` is what the giver may do.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], [`AccountError::RoleUnknown`], [`AccountError::GrantsMore`],
    /// [`AccountError::LastAdmin`].
    pub async fn set_user_roles(
        &self,
        change: &Change,
        tenant: TenantId,
        user: UserId,
        roles: &[RoleName],
        held: &PermissionSet,
    ) -> Result<User, AccountError> {
        let place = self.tenant_place(tenant).await?;
        self.check_grant(&place, roles, held).await?;
        let mut write = self.write_over(&place, change, user, held).await?;
        set_roles(write.sql(), user, roles).await?;
        let entry = AuditEntry::new("user.roles", "user", user);
        self.finish(write, entry.with_details(roles_detail(roles)))
            .await?;
        read(&place, user).await
    }

    /// Gives somebody who has not changed their temporary password yet a fresh one; `None` where
    /// they have, or are gone.
    ///
    /// # Errors
    /// [`AccountError::Tenant`], [`AccountError::Database`].
    pub async fn renew_temporary_password(
        &self,
        change: &Change,
        tenant: TenantId,
        email: &crate::Email,
    ) -> Result<Option<TemporaryPassword>, AccountError> {
        let place = self.tenant_place(tenant).await?;
        let text = place.texts().by_email;
        let row: Option<PersonRow> = on!(&place.db, db =>
            sqlx::query_as(text).bind(email.as_str()).fetch_optional(db).await)?;
        let Some(row) = row.filter(|row| row.must_change_password) else {
            return Ok(None);
        };
        let temporary = TemporaryPassword::generate()?;
        let hash = self.inner.hashing.hash(temporary.as_password().clone());
        let (subject, until) = (row.id.into(), SystemClock.now() + TEMPORARY_PASSWORD_LASTS);
        let hash = hash.await?;
        let new = NewPassword {
            version: row.ver,
            hash: &hash,
            temporary_until: Some(until),
        };
        let set = self.write_password(change, Some(tenant), &subject, &new);
        Ok(set.await?.then_some(temporary))
    }

    /// Checks that somebody's present roles grant nothing that `held` lacks. Their row is held by
    /// the transaction, so that nobody gives them more meanwhile.
    async fn check_outranked(
        &self,
        known: &[StoredRole],
        sql: &mut AnyTransaction,
        user: UserId,
        held: &PermissionSet,
    ) -> Result<(), AccountError> {
        let roles: Vec<String> =
            on!(sql, sql => sqlx::query_scalar(ROLES).bind(user).fetch_all(&mut **sql).await)?;
        let roles: Vec<_> = roles.into_iter().flat_map(RoleName::new).collect();
        self.check_grants(known, &roles, held)
    }

    /// Begins a change of somebody of whom every node hears, and whose rights `held` covers. Their
    /// version is raised first, which holds their row.
    async fn write_over<'c>(
        &self,
        place: &Place,
        change: &'c Change,
        user: UserId,
        held: &PermissionSet,
    ) -> Result<Write<'c>, AccountError> {
        let known = read_all(place).await?;
        let tenant = place.tenant;
        let subject = user.into();
        let events = vec![EventKind::SubjectChanged { tenant, subject }];
        let mut write = self.write(place, change, events).await?;
        let now = write.now();
        let checked = match raise_version(write.sql(), user, now).await? {
            0 => Err(AccountError::NotFound),
            _ => self.check_outranked(&known, write.sql(), user, held).await,
        };
        match checked {
            Ok(()) => Ok(write),
            Err(error) => {
                write.give_up().await?;
                Err(error)
            }
        }
    }

    /// Ends such a change: somebody is left to administer the tenant, and it is in force here.
    async fn finish(&self, mut write: Write<'_>, entry: AuditEntry) -> Result<(), AccountError> {
        if let Err(error) = check_admin_left(write.sql()).await {
            write.give_up().await?;
            return Err(error);
        }
        write.audit(entry).await?;
        self.commit_in_force(write).await
    }
}

/// Raises somebody's version and so holds their row; returns how many there are.
async fn raise_version(
    sql: &mut AnyTransaction,
    user: UserId,
    now: Timestamp,
) -> Result<u64, AccountError> {
    const RAISE: &str = "UPDATE mt_users SET ver = ver + 1, updated_at = $2 WHERE id = $1";
    Ok(on!(sql, sql => sqlx::query(RAISE)
        .bind(user)
        .bind(now)
        .execute(&mut **sql)
        .await
        .map(|done| done.rows_affected()))?)
}

/// A pattern for LIKE that finds texts containing this one, in lower case.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

async fn roles_on_page(
    place: &Place,
    pattern: &str,
    page: Page,
) -> sqlx::Result<HashMap<UserId, Vec<String>>> {
    const ROLES: &str = "SELECT u.user_id, r.name FROM mt_user_roles u \
         JOIN mt_roles r ON r.id = u.role_id WHERE u.user_id IN (SELECT id FROM mt_users \
         WHERE lower(email) LIKE $1 ESCAPE '\\' OR lower(name) LIKE $1 ESCAPE '\\' \
         ORDER BY email LIMIT $2 OFFSET $3) ORDER BY r.name";
    let rows: Vec<(UserId, String)> = on!(&place.db, db => sqlx::query_as(ROLES)
        .bind(pattern)
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(db)
        .await)?;
    let mut roles: HashMap<UserId, Vec<String>> = HashMap::new();
    for (user, name) in rows {
        roles.entry(user).or_default().push(name);
    }
    Ok(roles)
}

/// A user as a row that is to be written.
pub(super) struct NewPerson<'n> {
    pub(super) id: UserId,
    pub(super) new: &'n NewUser,
    pub(super) hash: &'n str,
    pub(super) temporary_until: Timestamp,
}

pub(super) async fn insert(
    sql: &mut AnyTransaction,
    person: &NewPerson<'_>,
    now: Timestamp,
) -> Result<(), AccountError> {
    const INSERT: &str = "INSERT INTO mt_users (id, email, name, password_hash, \
         must_change_password, temporary_password_expires_at, is_active, ver, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $5, 1, $7, $7)";
    let inserted = on!(sql, sql => sqlx::query(INSERT)
        .bind(person.id)
        .bind(person.new.email.as_str())
        .bind(&person.new.name)
        .bind(person.hash)
        .bind(true)
        .bind(person.temporary_until)
        .bind(now)
        .execute(&mut **sql)
        .await
        .map(drop));
    inserted.map_err(taken)
}

/// Gives a user these roles and no others.
pub(super) async fn set_roles(
    sql: &mut AnyTransaction,
    user: UserId,
    roles: &[RoleName],
) -> Result<(), AccountError> {
    const CLEAR: &str = "DELETE FROM mt_user_roles WHERE user_id = $1";
    const GIVE: &str = "INSERT INTO mt_user_roles (user_id, role_id) \
         SELECT $1, id FROM mt_roles WHERE name = $2 ON CONFLICT DO NOTHING";
    on!(sql, sql => {
        sqlx::query(CLEAR).bind(user).execute(&mut **sql).await?;
        for role in roles {
            sqlx::query(GIVE).bind(user).bind(role.as_str()).execute(&mut **sql).await?;
        }
        Ok(())
    })
}

/// Refuses what would leave nobody to administer the tenant. On Postgres the role's row is locked,
/// so that two such changes cannot pass each other.
async fn check_admin_left(sql: &mut AnyTransaction) -> Result<(), AccountError> {
    const LOCK: &str = "UPDATE mt_roles SET updated_at = updated_at WHERE name = $1";
    const LEFT: &str = "SELECT COUNT(*) FROM mt_users u \
         JOIN mt_user_roles ur ON ur.user_id = u.id JOIN mt_roles r ON r.id = ur.role_id \
         WHERE r.name = $1 AND u.is_active";
    let left: i64 = on!(sql, sql => {
        sqlx::query(LOCK).bind(ADMIN).execute(&mut **sql).await?;
        sqlx::query_scalar(LEFT).bind(ADMIN).fetch_one(&mut **sql).await?
    });
    if left == 0 {
        return Err(AccountError::LastAdmin);
    }
    Ok(())
}

fn roles_detail(roles: &[RoleName]) -> serde_json::Value {
    let names: Vec<_> = roles.iter().map(RoleName::as_str).collect();
    serde_json::json!({ "roles": names })
}

pub(super) fn taken(error: sqlx::Error) -> AccountError {
    let is_taken = |error: &dyn sqlx::error::DatabaseError| error.is_unique_violation();
    match error.as_database_error().is_some_and(is_taken) {
        true => AccountError::EmailTaken,
        false => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn a_search_is_taken_literally() {
        assert_eq!(containing("50%_off\\"), r"%50\%\_off\\%");
        assert_eq!(containing(""), "%%");
    }
}
