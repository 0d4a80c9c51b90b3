//! A tenant's users: who may make, change and delete them.

use super::passwords::end_all_sessions;
use super::place::Place;
use super::record::{CreatedUser, NewUser, StoredRole, User, UserFilter, UserPatch};
use super::roles::read_all;
use super::user_rows::{self, NewPerson};
use super::write::Write;
use super::{ADMIN, AccountError, SqlAccounts};
use crate::catalog::{AuditEntry, Change, Listed, Page, containing};
use crate::engine::AnyTransaction;
use crate::events::EventKind;
use crate::rbac::PermissionSet;
use crate::{RoleName, TenantId, UserId};

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
        let pattern = containing(filter.search.as_deref().unwrap_or_default());
        let place = self.tenant_place(tenant).await?;
        user_rows::list(&place, &pattern, page).await
    }

    /// Reads a tenant's user.
    ///
    /// # Errors
    /// [`AccountError::NotFound`].
    pub async fn user(&self, tenant: TenantId, user: UserId) -> Result<User, AccountError> {
        user_rows::read(&self.tenant_place(tenant).await?, user).await
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
        let (temporary, hash) = self.temporary_password().await?;
        let id = UserId::generate();
        let mut write = self.write(&place, change, Vec::new()).await?;
        let person = NewPerson {
            id,
            new: &new,
            hash: &hash.to_phc_string(),
            temporary_until: self.temporary_until(),
        };
        let now = write.now();
        user_rows::insert(write.sql(), &person, now).await?;
        user_rows::set_roles(write.sql(), id, &new.roles).await?;
        let entry = AuditEntry::new("user.create", "user", id);
        write
            .audit(entry.with_details(roles_detail(&new.roles)))
            .await?;
        write.commit().await?;
        Ok(CreatedUser {
            user: user_rows::read(&place, id).await?,
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
        let place = self.tenant_place(tenant).await?;
        let mut write = self.write_over(&place, change, user, held).await?;
        if let Err(error) = user_rows::patch(write.sql(), user, &patch).await {
            write.give_up().await?;
            return Err(error);
        }
        if patch.is_active == Some(false) {
            let now = write.now();
            end_all_sessions(write.sql(), place.texts(), user, now).await?;
        }
        self.finish(write, AuditEntry::new("user.update", "user", user))
            .await?;
        user_rows::read(&place, user).await
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
        let place = self.tenant_place(tenant).await?;
        let mut write = self.write_over(&place, change, user, held).await?;
        user_rows::delete(write.sql(), user).await?;
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
        user_rows::set_roles(write.sql(), user, roles).await?;
        let entry = AuditEntry::new("user.roles", "user", user);
        self.finish(write, entry.with_details(roles_detail(roles)))
            .await?;
        user_rows::read(&place, user).await
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
        let roles = user_rows::roles_within(sql, user).await?;
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
        let checked = match user_rows::raise_version(write.sql(), user, now).await? {
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

/// Refuses what would leave nobody to administer the tenant.
async fn check_admin_left(sql: &mut AnyTransaction) -> Result<(), AccountError> {
    match user_rows::count_active(sql, ADMIN).await? {
        0 => Err(AccountError::LastAdmin),
        _ => Ok(()),
    }
}

fn roles_detail(roles: &[RoleName]) -> serde_json::Value {
    let names: Vec<_> = roles.iter().map(RoleName::as_str).collect();
    serde_json::json!({ "roles": names })
}
