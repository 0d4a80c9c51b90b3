//! A platform that runs, and what the tests do with one.

use std::time::Duration;

use multitenant_core::accounts::CreatedUser;
use multitenant_core::auth::sign_in::{Door, Origin, SignInError, SignedIn};
use multitenant_core::catalog::{Actor, Catalog, Change, Idempotency, NewTenant};
use multitenant_core::directory::TenantStatus;
use multitenant_core::gate::{Access, Passage, Principal};
use multitenant_core::password::Password;
use multitenant_core::platform::{Platform, PlatformBuilder};
use multitenant_core::provision::{CreatedTenant, ProvisioningError, TenantRequest};
use multitenant_core::testing::TestRequest;
use multitenant_core::{Code, Problem, Realm, TenantId};
use secrecy::{ExposeSecret, SecretString};

pub mod permissions {
    multitenant_core::permissions! {
        extends multitenant_core::rbac::access::REGISTRY;
        invoices: [READ, CREATE],
    }
}

pub async fn ever_reserved(platform: &Platform) -> Vec<TenantId> {
    let filter = multitenant_core::catalog::AuditFilter {
        action: Some("tenant.reserve".to_owned()),
        ..Default::default()
    };
    let page = multitenant_core::catalog::Page::default();
    let audit = platform.catalog().audit_logs(&filter, page).await;
    let audit = audit.expect("audit rows");
    audit.items.iter().filter_map(|row| row.tenant).collect()
}

pub struct Running {
    pub platform: Platform,
}

impl Running {
    pub async fn start(builder: PlatformBuilder) -> Self {
        Self {
            platform: builder.start().await.expect("a platform that starts"),
        }
    }

    pub fn change(&self) -> Change {
        Change::by(Actor::System).in_request("test")
    }

    fn request(slug: &str) -> TenantRequest {
        TenantRequest {
            tenant: NewTenant::new(slug.parse().expect("a slug"), slug, "BASIC"),
            admin_email: "admin@example.com".parse().expect("an address"),
            admin_name: "Admin".to_owned(),
        }
    }

    pub async fn create(&self, slug: &str) -> Result<CreatedTenant, ProvisioningError> {
        let request = Self::request(slug);
        let provisioning = self.platform.provisioning();
        provisioning.create(&self.change(), &request, None).await
    }

    pub async fn create_with_key(
        &self,
        slug: &str,
        key: &str,
    ) -> Result<CreatedTenant, ProvisioningError> {
        let request = Self::request(slug);
        let idempotency = Idempotency::new(key, slug.as_bytes()).expect("a key");
        let provisioning = self.platform.provisioning();
        provisioning
            .create(&self.change(), &request, Some(&idempotency))
            .await
    }

    pub async fn sign_in(&self, tenant: TenantId, password: &str) -> Result<SignedIn, SignInError> {
        self.sign_in_as(tenant, "admin@example.com", password).await
    }

    pub async fn sign_in_as(
        &self,
        tenant: TenantId,
        email: &str,
        password: &str,
    ) -> Result<SignedIn, SignInError> {
        let sign_in = self.platform.sign_in();
        let (door, password) = (Door::Tenant(tenant), password.to_owned().into());
        sign_in
            .sign_in(door, email, password, Origin::default())
            .await
    }

    pub async fn refresh(
        &self,
        realm: Realm,
        token: &SecretString,
    ) -> Result<SignedIn, SignInError> {
        let sign_in = self.platform.sign_in();
        sign_in
            .refresh(realm, token.expose_secret(), &Origin::default())
            .await
    }

    pub async fn code(&self, request: &TestRequest, access: impl Into<Access>) -> Option<Code> {
        let admitted = self.platform.gate().admit(request, access.into()).await;
        admitted.err().map(|refusal| Problem::from(&refusal).code)
    }

    pub async fn change_password(
        &self,
        request: &TestRequest,
        current: &str,
        new: &str,
    ) -> Result<(), SignInError> {
        let access = Access::USER_BEFORE_PASSWORD_CHANGE;
        let passage = self.platform.gate().admit(request, access).await;
        let Ok(Passage::User(who, _)) = passage else {
            panic!("{passage:?}");
        };
        let new = Password::new(new.to_owned().into()).expect("a password");
        let sign_in = self.platform.sign_in();
        let current = current.to_owned().into();
        sign_in
            .change_password(who.identity(), current, new, &Origin::default())
            .await
    }

    /// Makes a tenant whose first admin has chosen a password.
    pub async fn tenant_at_work(&self, slug: &str) -> (TenantId, String) {
        let made = self.create(slug).await.expect("a tenant");
        let temporary = made.temporary_password.expect("a temporary password");
        let password = "a password of my own".to_owned();
        self.choose_password(
            made.tenant.id,
            "admin@example.com",
            temporary.reveal(),
            &password,
        )
        .await;
        (made.tenant.id, password)
    }

    async fn choose_password(&self, tenant: TenantId, email: &str, temporary: &str, new: &str) {
        let signed_in = self.sign_in_as(tenant, email, temporary).await;
        let signed_in = signed_in.expect("a sign-in");
        let request = TestRequest::default().token(&signed_in.access_token);
        let changed = self.change_password(&request, temporary, new).await;
        changed.expect("a changed password");
    }

    pub async fn principal(&self, tenant: TenantId, password: &str) -> Principal {
        let signed_in = self.sign_in(tenant, password).await.expect("a sign-in");
        let request = TestRequest::default().token(&signed_in.access_token);
        match self.platform.gate().admit(&request, Access::USER).await {
            Ok(Passage::User(who, _)) => who,
            other => panic!("{other:?}"),
        }
    }

    /// The request of a user who has chosen a password.
    pub async fn viewer_at_work(&self, tenant: TenantId, made: &CreatedUser) -> TestRequest {
        let (email, password) = (made.user.email.as_str(), "a viewer's own password");
        let temporary = made.temporary_password.expose_secret();
        self.choose_password(tenant, email, temporary, password)
            .await;
        let signed_in = self.sign_in_as(tenant, email, password).await;
        TestRequest::default().token(&signed_in.expect("a sign-in").access_token)
    }

    pub async fn set_status(&self, tenant: TenantId, status: TenantStatus) {
        let catalog = self.platform.catalog();
        let set = catalog.set_status(&self.change(), tenant, status).await;
        set.expect("another status");
        let caught_up = self.platform.tenants().catch_up().await;
        caught_up.expect("the log can be read");
    }

    /// Deletes every tenant and stops.
    pub async fn stop(&self) {
        let page = multitenant_core::catalog::Page::default();
        let (all, change) = (Default::default(), self.change());
        let tenants = self.platform.catalog().tenants(&all, page).await;
        for tenant in tenants.expect("a list").items {
            let provisioning = self.platform.provisioning();
            let deleted = provisioning.delete(&change, tenant.id).await;
            deleted.expect("a deleted tenant");
        }
        assert!(self.platform.shut_down(Duration::from_secs(5)).await);
    }
}
