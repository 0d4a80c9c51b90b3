//! Sign-ins: the stores that signing in and checking tokens need.

use async_trait::async_trait;

use super::passwords::NewPassword;
use super::place::Place;
use super::record::{PersonRow, user_id};
use super::{AccountError, ENDED_SESSION_LASTS, SqlAccounts, by_themselves, user_rows};
use crate::auth::sign_in::{
    Account, NewSession, Origin, RefreshStore, Rotation, StoredSession, UserStore,
};
use crate::auth::{AuthError, LiveSession, PolicyStore, SessionStore};
use crate::catalog::AuditEntry;
use crate::events::EventKind;
use crate::password::PasswordHash;
use crate::rbac::Policy;
use crate::token::RefreshHash;
use crate::{Email, RoleName, SessionId, Standing, Subject, TenantId, Timestamp, UserId, on};

#[derive(sqlx::FromRow)]
struct LiveRow {
    id: UserId,
    ver: i64,
    must_change_password: bool,
    expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    user_id: UserId,
    generation: i64,
    refresh_hash: Vec<u8>,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl SessionRow {
    fn read(self) -> Result<StoredSession, AccountError> {
        let unreadable = AccountError::Unreadable("a session");
        let hash: Option<[u8; 32]> = self.refresh_hash.try_into().ok();
        let (Ok(generation), Some(hash)) = (u32::try_from(self.generation), hash) else {
            return Err(unreadable);
        };
        Ok(StoredSession {
            subject: self.user_id.into(),
            generation,
            refresh: RefreshHash::from_bytes(hash),
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
            ended: self.ended_at.is_some(),
        })
    }
}

#[async_trait]
impl SessionStore for SqlAccounts {
    async fn live_session(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
    ) -> Result<Option<LiveSession>, AuthError> {
        let place = self.place(tenant).await?;
        let row = live_row(&place, session)
            .await
            .map_err(AccountError::from)?;
        let now = self.now();
        Ok(row
            .filter(|row| row.expires_at > now)
            .map(|row| LiveSession {
                subject: row.id.into(),
                version: row.ver,
                password_change_due: row.must_change_password,
            }))
    }
}

async fn live_row(place: &Place, session: SessionId) -> sqlx::Result<Option<LiveRow>> {
    let text = place.texts().live_session;
    on!(&place.db, db => sqlx::query_as(text).bind(session).fetch_optional(db).await)
}

#[async_trait]
impl RefreshStore for SqlAccounts {
    async fn begin(
        &self,
        tenant: Option<TenantId>,
        session: &NewSession,
    ) -> Result<bool, AuthError> {
        Ok(self.begin_session(tenant, session).await?)
    }

    async fn stored(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
    ) -> Result<Option<StoredSession>, AuthError> {
        let place = self.place(tenant).await?;
        let text = place.texts().session;
        let row: Result<Option<SessionRow>, _> = on!(&place.db, db =>
            sqlx::query_as(text).bind(session).fetch_optional(db).await);
        let row = row.map_err(AccountError::from)?;
        Ok(row.map(SessionRow::read).transpose()?)
    }

    async fn rotate(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
        rotation: &Rotation,
    ) -> Result<bool, AuthError> {
        Ok(self.rotate_session(tenant, session, rotation).await?)
    }

    async fn end(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
        reason: &'static str,
        origin: &Origin,
    ) -> Result<(), AuthError> {
        Ok(self.end_session(tenant, session, reason, origin).await?)
    }
}

impl SqlAccounts {
    async fn begin_session(
        &self,
        tenant: Option<TenantId>,
        session: &NewSession,
    ) -> Result<bool, AccountError> {
        let place = self.place(tenant).await?;
        let user = user_id(&session.subject).ok_or(AccountError::NotFound)?;
        let change = by_themselves(tenant, &session.subject, &session.origin);
        let mut write = self.write(&place, &change, Vec::new()).await?;
        // Holds the person's row, so that whoever changes them comes before or after.
        let text = place.texts().hold_version;
        let held = on!(write.sql(), sql => sqlx::query(text)
            .bind(user)
            .bind(session.version)
            .execute(&mut **sql)
            .await
            .map(|done| done.rows_affected()))?;
        if held == 0 {
            write.give_up().await?;
            return Ok(false);
        }
        let text = place.texts().begin_session;
        let origin = &session.origin;
        on!(write.sql(), sql => sqlx::query(text)
            .bind(session.id)
            .bind(user)
            .bind(&session.refresh.as_bytes()[..])
            .bind(session.created_at)
            .bind(session.expires_at)
            .bind(origin.user_agent.as_deref())
            .bind(origin.address.map(|address| address.to_string()))
            .execute(&mut **sql)
            .await.map(drop))?;
        write
            .audit(AuditEntry::new("session.begin", "session", session.id))
            .await?;
        write.commit().await?;
        if let Err(error) = prune_sessions(&place, session.created_at).await {
            tracing::debug!(%error, "sessions that are over stay for now");
        }
        Ok(true)
    }

    async fn rotate_session(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
        rotation: &Rotation,
    ) -> Result<bool, AccountError> {
        let place = self.place(tenant).await?;
        let change = by_themselves(tenant, &rotation.subject, &rotation.origin);
        let mut write = self.write(&place, &change, Vec::new()).await?;
        let text = place.texts().rotate_session;
        let rotated = on!(write.sql(), sql => sqlx::query(text)
            .bind(session)
            .bind(i64::from(rotation.generation))
            .bind(&rotation.next.as_bytes()[..])
            .bind(rotation.at)
            .execute(&mut **sql)
            .await
            .map(|done| done.rows_affected()))?;
        if rotated == 0 {
            write.give_up().await?;
            return Ok(false);
        }
        write
            .audit(AuditEntry::new("session.refresh", "session", session))
            .await?;
        write.commit().await?;
        Ok(true)
    }

    async fn end_session(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
        reason: &'static str,
        origin: &Origin,
    ) -> Result<(), AccountError> {
        let place = self.place(tenant).await?;
        let Some(row) = live_row(&place, session).await? else {
            return Ok(());
        };
        let change = by_themselves(tenant, &row.id.into(), origin).because(reason);
        let events = vec![EventKind::SessionEnded { tenant, session }];
        let mut write = self.write(&place, &change, events).await?;
        let (now, text) = (write.now(), place.texts().end_session);
        on!(write.sql(), sql => sqlx::query(text)
            .bind(session)
            .bind(now)
            .execute(&mut **sql)
            .await.map(drop))?;
        write
            .audit(AuditEntry::new("session.end", "session", session))
            .await?;
        self.commit_in_force(write).await
    }

    async fn account(&self, place: &Place, row: PersonRow) -> Result<Account, AuthError> {
        let standing = match place.tenant {
            None => Standing::Staff(self.staff_role(place, row.id).await?),
            Some(tenant) => Standing::User {
                tenant,
                roles: self.role_names(place, row.id).await?,
            },
        };
        row.into_account(standing)
    }

    async fn role_names(&self, place: &Place, user: UserId) -> Result<Vec<RoleName>, AccountError> {
        let names = user_rows::roles_of(place, user).await?;
        let readable = |name: String| RoleName::new(name).ok();
        Ok(names.into_iter().filter_map(readable).collect())
    }
}

/// Deletes some of the sessions that have been over for long: more than one sign-in adds, and few
/// enough not to hold it up.
async fn prune_sessions(place: &Place, now: Timestamp) -> sqlx::Result<()> {
    const AT_ONCE: i64 = 20;
    let (text, over_since) = (place.texts().prune_sessions, now - ENDED_SESSION_LASTS);
    on!(&place.db, db => sqlx::query(text)
        .bind(over_since)
        .bind(AT_ONCE)
        .execute(db)
        .await
        .map(drop))
}

#[async_trait]
impl UserStore for SqlAccounts {
    async fn by_email(
        &self,
        tenant: Option<TenantId>,
        email: &Email,
    ) -> Result<Option<Account>, AuthError> {
        let place = self.place(tenant).await?;
        match user_rows::row_of_email(&place, email).await? {
            Some(row) => self.account(&place, row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn by_subject(
        &self,
        tenant: Option<TenantId>,
        subject: &Subject,
    ) -> Result<Option<Account>, AuthError> {
        let Some(user) = user_id(subject) else {
            return Ok(None);
        };
        let place = self.place(tenant).await?;
        match user_rows::row_of(&place, user).await? {
            Some(row) => self.account(&place, row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn set_password(
        &self,
        tenant: Option<TenantId>,
        subject: &Subject,
        version: i64,
        password: &PasswordHash,
        origin: &Origin,
    ) -> Result<bool, AuthError> {
        let change = by_themselves(tenant, subject, origin);
        let new = NewPassword {
            version,
            hash: password,
            temporary_until: None,
            before_first_sign_in: false,
        };
        let place = self.place(tenant).await?;
        Ok(self.write_password(&change, &place, subject, &new).await?)
    }
}

#[async_trait]
impl PolicyStore for SqlAccounts {
    async fn policy(&self, tenant: TenantId) -> Result<Policy, AuthError> {
        let place = self.tenant_place(tenant).await?;
        let roles = super::roles::read_all(&place).await?;
        let roles: Vec<_> = roles.into_iter().map(crate::rbac::Role::from).collect();
        Ok(Policy::compile(self.inner.registry, 0, &roles))
    }
}
