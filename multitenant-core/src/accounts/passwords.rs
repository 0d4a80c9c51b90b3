use super::place::Place;
use super::record::user_id;
use super::texts::Texts;
use super::{AccountError, SqlAccounts, TEMPORARY_PASSWORD_LASTS, user_rows};
use crate::catalog::{AuditEntry, Change};
use crate::engine::AnyTransaction;
use crate::events::EventKind;
use crate::password::{PasswordHash, TemporaryPassword};
use crate::{Email, Subject, TenantId, Timestamp, UserId, on};

/// A password that takes the place of another.
pub(super) struct NewPassword<'p> {
    /// The person's version when it was decided upon.
    pub(super) version: i64,
    pub(super) hash: &'p PasswordHash,
    /// It is a temporary one, and works until then.
    pub(super) temporary_until: Option<Timestamp>,
    /// Whether it is set only where the person has never signed in: they have no session, not even
    /// one that has ended. Those stay for longer than anybody asks.
    pub(super) before_first_sign_in: bool,
}

impl SqlAccounts {
    /// A random password to begin with, and its hash.
    pub(super) async fn temporary_password(
        &self,
    ) -> Result<(TemporaryPassword, PasswordHash), AccountError> {
        let temporary = TemporaryPassword::generate()?;
        let hash = self.inner.hashing.hash(temporary.as_password().clone());
        let hash = hash.await?;
        Ok((temporary, hash))
    }

    /// Until when a temporary password works that is given now.
    pub(super) fn temporary_until(&self) -> Timestamp {
        self.now() + TEMPORARY_PASSWORD_LASTS
    }

    /// Gives somebody who has never signed in a fresh temporary password; `None` where they have,
    /// or are gone. One that they were given again later is not touched.
    ///
    /// # Errors
    /// [`AccountError::Tenant`], [`AccountError::Database`].
    pub async fn renew_temporary_password(
        &self,
        change: &Change,
        tenant: TenantId,
        email: &Email,
    ) -> Result<Option<TemporaryPassword>, AccountError> {
        let place = self.tenant_place(tenant).await?;
        let row = user_rows::row_of_email(&place, email).await?;
        let Some(row) = row.filter(|row| row.must_change_password) else {
            return Ok(None);
        };
        let (temporary, hash) = self.temporary_password().await?;
        let new = NewPassword {
            version: row.ver,
            hash: &hash,
            temporary_until: Some(self.temporary_until()),
            before_first_sign_in: true,
        };
        let subject = row.id.into();
        let set = self.write_password(change, &place, &subject, &new);
        Ok(set.await?.then_some(temporary))
    }

    /// Sets a password and ends all of the person's sessions. `false`: the person changed
    /// meanwhile, or has signed in where they must not have, and nothing else has.
    pub(super) async fn write_password(
        &self,
        change: &Change,
        place: &Place,
        subject: &Subject,
        new: &NewPassword<'_>,
    ) -> Result<bool, AccountError> {
        let user = user_id(subject).ok_or(AccountError::NotFound)?;
        let (tenant, subject) = (place.tenant, subject.clone());
        let events = vec![EventKind::SubjectChanged { tenant, subject }];
        let mut write = self.write(place, change, events).await?;
        let (now, texts) = (write.now(), place.texts());
        let set = on!(write.sql(), sql => sqlx::query(texts.set_password)
            .bind(user)
            .bind(new.hash.to_phc_string())
            .bind(new.temporary_until.is_some())
            .bind(new.temporary_until)
            .bind(now)
            .bind(new.version)
            .bind(!new.before_first_sign_in)
            .execute(&mut **sql)
            .await
            .map(|done| done.rows_affected()))?;
        if set == 0 {
            write.give_up().await?;
            return Ok(false);
        }
        end_all_sessions(write.sql(), texts, user, now).await?;
        write
            .audit(AuditEntry::new("password.change", "user", user))
            .await?;
        self.commit_in_force(write).await?;
        Ok(true)
    }
}

/// Ends every sign-in of a person.
pub(super) async fn end_all_sessions(
    sql: &mut AnyTransaction,
    texts: &Texts,
    user: UserId,
    now: Timestamp,
) -> Result<(), AccountError> {
    on!(sql, sql => sqlx::query(texts.end_sessions_of)
        .bind(user)
        .bind(now)
        .execute(&mut **sql)
        .await
        .map(drop))?;
    Ok(())
}
