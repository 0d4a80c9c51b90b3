//! A tenant's users in SQL.

use std::collections::HashMap;

use super::AccountError;
use super::place::Place;
use super::record::{NewUser, PersonRow, User, UserPatch};
use crate::catalog::{Listed, Page};
use crate::engine::AnyTransaction;
use crate::{Email, RoleName, Timestamp, UserId, on};

/// The users whose name or address matches.
macro_rules! matching {
    () => {
        " FROM mt_users WHERE lower(email) LIKE $1 ESCAPE '!' OR lower(name) LIKE $1 ESCAPE '!'"
    };
}

const ROLES: &str = "SELECT r.name FROM mt_user_roles u JOIN mt_roles r ON r.id = u.role_id \
     WHERE u.user_id = $1 ORDER BY r.name";

pub(super) async fn row_of(place: &Place, user: UserId) -> Result<Option<PersonRow>, AccountError> {
    let text = place.texts().by_id;
    Ok(on!(&place.db, db => sqlx::query_as(text).bind(user).fetch_optional(db).await)?)
}

pub(super) async fn row_of_email(
    place: &Place,
    email: &Email,
) -> Result<Option<PersonRow>, AccountError> {
    let text = place.texts().by_email;
    Ok(on!(&place.db, db =>
        sqlx::query_as(text).bind(email.as_str()).fetch_optional(db).await)?)
}

pub(super) async fn roles_of(place: &Place, user: UserId) -> Result<Vec<String>, AccountError> {
    Ok(on!(&place.db, db => sqlx::query_scalar(ROLES).bind(user).fetch_all(db).await)?)
}

/// The same within a transaction.
pub(super) async fn roles_within(
    sql: &mut AnyTransaction,
    user: UserId,
) -> Result<Vec<String>, AccountError> {
    Ok(on!(sql, sql => sqlx::query_scalar(ROLES).bind(user).fetch_all(&mut **sql).await)?)
}

pub(super) async fn read(place: &Place, user: UserId) -> Result<User, AccountError> {
    let row = row_of(place, user).await?.ok_or(AccountError::NotFound)?;
    Ok(User::from_row(row, roles_of(place, user).await?))
}

/// The users whose name or address fits the pattern, in the order of their addresses.
pub(super) async fn list(
    place: &Place,
    pattern: &str,
    page: Page,
) -> Result<Listed<User>, AccountError> {
    const COUNT: &str = concat!("SELECT COUNT(*)", matching!());
    const LIST: &str = concat!(
        "SELECT id, email, name, password_hash, must_change_password, \
         temporary_password_expires_at, is_active, ver, created_at, updated_at",
        matching!(),
        " ORDER BY email LIMIT $2 OFFSET $3"
    );
    let total = on!(&place.db, db => sqlx::query_scalar(COUNT).bind(pattern).fetch_one(db).await)?;
    let rows: Vec<PersonRow> = on!(&place.db, db => sqlx::query_as(LIST)
        .bind(pattern)
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(db)
        .await)?;
    let mut roles = roles_on_page(place, pattern, page).await?;
    let with_roles = |row: PersonRow| {
        let roles = roles.remove(&row.id).unwrap_or_default();
        User::from_row(row, roles)
    };
    let items = rows.into_iter().map(with_roles).collect();
    Ok(Listed { items, total })
}

async fn roles_on_page(
    place: &Place,
    pattern: &str,
    page: Page,
) -> sqlx::Result<HashMap<UserId, Vec<String>>> {
    const ON_PAGE: &str = concat!(
        "SELECT u.user_id, r.name FROM mt_user_roles u JOIN mt_roles r ON r.id = u.role_id \
         WHERE u.user_id IN (SELECT id",
        matching!(),
        " ORDER BY email LIMIT $2 OFFSET $3) ORDER BY r.name"
    );
    let rows: Vec<(UserId, String)> = on!(&place.db, db => sqlx::query_as(ON_PAGE)
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

pub(super) async fn patch(
    sql: &mut AnyTransaction,
    user: UserId,
    patch: &UserPatch,
) -> Result<(), AccountError> {
    const PATCH: &str = "UPDATE mt_users SET email = COALESCE($2, email), \
         name = COALESCE($3, name), is_active = COALESCE($4, is_active) WHERE id = $1";
    let patched = on!(sql, sql => sqlx::query(PATCH)
        .bind(user)
        .bind(patch.email.as_ref().map(Email::as_str))
        .bind(patch.name.as_deref())
        .bind(patch.is_active)
        .execute(&mut **sql)
        .await
        .map(drop));
    patched.map_err(taken)
}

pub(super) async fn delete(sql: &mut AnyTransaction, user: UserId) -> Result<(), AccountError> {
    const DELETE: &str = "DELETE FROM mt_users WHERE id = $1";
    Ok(on!(sql, sql => sqlx::query(DELETE)
        .bind(user)
        .execute(&mut **sql)
        .await
        .map(drop))?)
}

/// Raises somebody's version and so holds their row; returns how many there are.
pub(super) async fn raise_version(
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

/// How many active users have this role. The role's row is held, so that two changes that each
/// leave one other cannot pass each other.
pub(super) async fn count_active(
    sql: &mut AnyTransaction,
    role: &str,
) -> Result<i64, AccountError> {
    const LOCK: &str = "UPDATE mt_roles SET updated_at = updated_at WHERE name = $1";
    const LEFT: &str = "SELECT COUNT(*) FROM mt_users u \
         JOIN mt_user_roles ur ON ur.user_id = u.id JOIN mt_roles r ON r.id = ur.role_id \
         WHERE r.name = $1 AND u.is_active";
    Ok(on!(sql, sql => {
        sqlx::query(LOCK).bind(role).execute(&mut **sql).await?;
        sqlx::query_scalar(LEFT).bind(role).fetch_one(&mut **sql).await?
    }))
}

pub(super) fn taken(error: sqlx::Error) -> AccountError {
    let is_taken = |error: &dyn sqlx::error::DatabaseError| error.is_unique_violation();
    match error.as_database_error().is_some_and(is_taken) {
        true => AccountError::EmailTaken,
        false => error.into(),
    }
}
