use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::error::{Doing, SetUpError};
use super::isolation::Party;
use super::request::TestRequest;
use crate::auth::sign_in::{Door, Origin, SignedIn};
use crate::catalog::{Actor, Change, NewTenant, Page};
use crate::gate::{Access, Passage};
use crate::password::Password;
use crate::platform::Platform;
use crate::provision::TenantRequest;
use crate::tenant::Tenant;
use crate::{Slug, TenantId, UserId};

/// Whom every tenant of a [`TestPlatform`](super::TestPlatform) begins with.
const ADMIN: &str = "admin@example.com";
/// What that person chooses at the first sign-in.
const PASSWORD: &str = "a password of my own";

/// A tenant of a [`TestPlatform`](super::TestPlatform), with its first admin. Cheap to clone.
#[derive(Clone)]
pub struct TestTenant {
    inner: Arc<Inner>,
}

struct Inner {
    platform: Platform,
    id: TenantId,
    slug: Slug,
    admin: UserId,
    /// Until the admin has chosen another.
    temporary: Mutex<Option<SecretString>>,
}

impl TestTenant {
    /// Makes a tenant on a platform that runs. Its first admin is `admin@example.com`.
    ///
    /// # Errors
    /// [`SetUpError`], for a slug that is none or is taken, too.
    pub async fn make(platform: &Platform, slug: &str) -> Result<Self, SetUpError> {
        let slug: Slug = slug.parse().to("make a tenant")?;
        let request = TenantRequest {
            tenant: NewTenant::new(slug.clone(), slug.as_str(), "BASIC"),
            admin_email: ADMIN.parse().to("make a tenant")?,
            admin_name: "Admin".to_owned(),
        };
        let change = Change::by(Actor::System).in_request("test");
        let made = platform
            .provisioning()
            .create(&change, &request, None)
            .await;
        let made = made.to("make a tenant")?;
        let (all, page) = (Default::default(), Page::default());
        let users = platform.accounts().users(made.tenant.id, &all, page).await;
        let admin = users.to("read a tenant's users")?.items;
        let admin = admin
            .first()
            .ok_or("it has no user")
            .to("make a tenant")?
            .id;
        let temporary = made
            .temporary_password
            .map(|password| password.reveal().into());
        Ok(Self {
            inner: Arc::new(Inner {
                platform: platform.clone(),
                id: made.tenant.id,
                slug,
                admin,
                temporary: Mutex::new(temporary),
            }),
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.inner.id
    }

    /// Its slug.
    #[must_use]
    pub fn slug(&self) -> &Slug {
        &self.inner.slug
    }

    /// Its first admin's id.
    #[must_use]
    pub fn admin(&self) -> UserId {
        self.inner.admin
    }

    /// Its handle, to look into its database.
    ///
    /// # Errors
    /// Where it is not served.
    pub async fn handle(&self) -> Result<Tenant, SetUpError> {
        let tenant = self.inner.platform.tenant(self.id()).await;
        tenant.to("serve a tenant")
    }

    /// Signs its first admin in, with a password of their own.
    ///
    /// # Errors
    /// Where that is refused, such as while the tenant is suspended.
    pub async fn sign_in(&self) -> Result<SignedIn, SetUpError> {
        let mut temporary = self.inner.temporary.lock().await;
        if let Some(password) = &*temporary {
            self.choose_password(password).await?;
            *temporary = None;
        }
        self.sign_in_with(&PASSWORD.to_owned().into()).await
    }

    /// A bearer token of its first admin, from a new session.
    ///
    /// # Errors
    /// As [`sign_in`](Self::sign_in).
    pub async fn token(&self) -> Result<String, SetUpError> {
        let signed_in = self.sign_in().await?;
        Ok(signed_in.access_token.expose_secret().to_owned())
    }

    /// A request of its first admin, to ask the gate with.
    ///
    /// # Errors
    /// As [`sign_in`](Self::sign_in).
    pub async fn request(&self) -> Result<TestRequest, SetUpError> {
        let request = TestRequest::default().header("x-tenant-id", self.slug().as_str());
        Ok(request.bearer(&self.token().await?))
    }

    /// One side of [`assert_isolated`](super::assert_isolated): its first admin, who signs in as
    /// often as needed, its id, and its database, in which nothing may change. Add ids of the
    /// application's own rows.
    ///
    /// # Errors
    /// Where the tenant is not served.
    pub async fn party(&self) -> Result<Party, SetUpError> {
        let tenant = self.clone();
        let sign_in = move || {
            let tenant = tenant.clone();
            async move { tenant.token().await.expect("the admin signs in") }
        };
        Ok(Party::new(self.slug().as_str())
            .name(self.id())
            .id(self.admin())
            .database(self.handle().await?)
            .signs_in_by(sign_in))
    }

    async fn sign_in_with(&self, password: &SecretString) -> Result<SignedIn, SetUpError> {
        let (door, password) = (Door::Tenant(self.id()), password.clone());
        let desk = self.inner.platform.sign_in();
        let signed_in = desk.sign_in(door, ADMIN, password, Origin::default());
        signed_in.await.to("sign an admin in")
    }

    async fn choose_password(&self, temporary: &SecretString) -> Result<(), SetUpError> {
        const DOING: &str = "let an admin choose a password";
        let first = self.sign_in_with(temporary).await?;
        let request = TestRequest::default().token(&first.access_token);
        let access = Access::USER_BEFORE_PASSWORD_CHANGE;
        let passage = self.inner.platform.gate().admit(&request, access).await;
        let Passage::User(who, _) = passage.to(DOING)? else {
            return Err("a user is let through as something else").to(DOING);
        };
        let new = Password::new(PASSWORD.to_owned().into()).to(DOING)?;
        let desk = self.inner.platform.sign_in();
        let (current, origin) = (temporary.clone(), Origin::default());
        let changed = desk.change_password(who.identity(), current, new, &origin);
        changed.await.to(DOING).map(drop)
    }
}

impl fmt::Debug for TestTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestTenant")
            .field("id", &self.id())
            .field("slug", &self.slug().as_str())
            .finish_non_exhaustive()
    }
}
