//! The whole path through the library: the staff make a tenant, its first admin works there, and
//! nobody else's request reaches it.

use crate::common::platform::{Running, permissions};
use multitenant_core::accounts::{NewUser, UserFilter};
use multitenant_core::auth::sign_in::{Door, Origin, SignInError};
use multitenant_core::catalog::{Catalog, CatalogError, Page};
use multitenant_core::directory::TenantStatus;
use multitenant_core::gate::{Access, Passage};
use multitenant_core::provision::ProvisioningError;
use multitenant_core::rbac::access::users;
use multitenant_core::testing::TestRequest;
use multitenant_core::{Code, Problem, TenantId};

on_both_engines! {
    async fn from_a_new_tenant_to_its_first_admin_at_work(place: Place) {
        let world = Running::start(place.platform()).await;
        let acme = world.create("acme").await.unwrap();
        let tenant = acme.tenant.id;
        assert_eq!(acme.tenant.status, TenantStatus::Active);

        let temporary = acme.temporary_password.unwrap();
        let signed_in = world.sign_in(tenant, temporary.reveal()).await.unwrap();
        assert!(signed_in.account.password_change_due);
        let request = TestRequest::default().token(&signed_in.access_token);
        assert_eq!(world.code(&request, Access::USER).await, Some(Code::PasswordChangeRequired));

        world.change_password(&request, temporary.reveal(), "a password of my own").await.unwrap();
        assert_eq!(world.code(&request, Access::USER).await, Some(Code::TokenRevoked));
        assert!(world.sign_in(tenant, temporary.reveal()).await.is_err());

        let signed_in = world.sign_in(tenant, "a password of my own").await.unwrap();
        let request = TestRequest::default().token(&signed_in.access_token);
        let Passage::User(who, found) = world.platform.gate().admit(&request, users::READ.into()).await.unwrap() else {
            panic!("a user is let through as one");
        };
        assert_eq!((found.id(), found.slug().as_str()), (tenant, "acme"));
        assert!(who.may(permissions::invoices::CREATE));
        let listed = world.platform.accounts().users(tenant, &UserFilter::default(), Page::default()).await.unwrap();
        assert_eq!((listed.total, listed.items[0].email.as_str()), (1, "admin@example.com"));
        world.stop().await;
    }

    async fn credentials_of_one_tenant_are_worth_nothing_at_another(place: Place) {
        let world = Running::start(place.platform()).await;
        let (a, b) = (world.create("tenant-a").await.unwrap(), world.create("tenant-b").await.unwrap());
        let of_a = a.temporary_password.unwrap();
        let wrong = world.sign_in(b.tenant.id, of_a.reveal()).await;
        assert!(matches!(wrong, Err(SignInError::InvalidCredentials)));
        let signed_in = world.sign_in(a.tenant.id, of_a.reveal()).await.unwrap();
        let request = TestRequest::default()
            .token(&signed_in.access_token)
            .header("x-tenant-id", b.tenant.id.to_string());
        let open = Access::USER_BEFORE_PASSWORD_CHANGE;
        assert_eq!(world.code(&request, open).await, Some(Code::TenantMismatch));
        let db = world.platform.tenant(a.tenant.id).await.unwrap().any_sql().unwrap();
        let count: i64 = multitenant_core::on!(&db, db =>
            sqlx::query_scalar("SELECT COUNT(*) FROM mt_users").fetch_one(db).await.unwrap());
        assert_eq!(count, 1);
        world.stop().await;
    }

    async fn signing_out_and_a_used_refresh_token_end_a_session(place: Place) {
        let world = Running::start(place.platform()).await;
        let (tenant, password) = world.tenant_at_work("acme").await;
        let realm = multitenant_core::Realm::Client;
        let first = world.sign_in(tenant, &password).await.unwrap();
        let refresh = world.refresh(realm, &first.refresh_token).await.unwrap();
        let again = world.refresh(realm, &first.refresh_token).await.unwrap();
        use secrecy::ExposeSecret;
        assert_eq!(refresh.refresh_token.expose_secret(), again.refresh_token.expose_secret());
        let third = world.refresh(realm, &refresh.refresh_token).await.unwrap();
        assert_eq!(audit_rows(&world, tenant, "session.refresh").await, 2, "a repetition changes nothing");
        let request = TestRequest::default().token(&third.access_token);
        assert_eq!(world.code(&request, Access::USER).await, None);
        // The first token is two generations old: one of the two who have it stole it.
        assert!(matches!(world.refresh(realm, &first.refresh_token).await, Err(SignInError::Revoked)));
        assert_eq!(world.code(&request, Access::USER).await, Some(Code::TokenRevoked));

        let second = world.sign_in(tenant, &password).await.unwrap();
        let request = TestRequest::default().token(&second.access_token);
        let Passage::User(who, _) = world.platform.gate().admit(&request, Access::USER).await.unwrap() else {
            panic!("a user is let through as one");
        };
        world.platform.sign_in().sign_out(who.identity(), &Origin::default()).await.unwrap();
        assert_eq!(world.code(&request, Access::USER).await, Some(Code::TokenRevoked));
        assert!(matches!(world.refresh(realm, &second.refresh_token).await, Err(SignInError::Revoked)));
        world.stop().await;
    }

    async fn rights_change_at_once_and_nobody_gives_what_they_do_not_hold(place: Place) {
        let world = Running::start(place.platform()).await;
        let (tenant, password) = world.tenant_at_work("acme").await;
        let admin = world.principal(tenant, &password).await;
        let held = admin.granted().unwrap();
        let accounts = world.platform.accounts();
        let change = world.change();
        let new = |email: &str, role: &str| NewUser {
            email: email.parse().unwrap(),
            name: "Somebody".to_owned(),
            roles: vec![role.parse().unwrap()],
        };
        let made = accounts.create_user(&change, tenant, new("viewer@example.com", "Viewer"), held).await.unwrap();
        let taken = accounts.create_user(&change, tenant, new("Viewer@example.com", "Viewer"), held).await;
        assert_eq!(Problem::from(&taken.unwrap_err()).code, Code::Conflict);
        let unknown = accounts.create_user(&change, tenant, new("x@example.com", "Emperor"), held).await;
        assert_eq!(Problem::from(&unknown.unwrap_err()).code, Code::ValidationFailed);

        let viewer = world.viewer_at_work(tenant, &made).await;
        assert_eq!(world.code(&viewer, permissions::invoices::READ).await, None);
        assert_eq!(world.code(&viewer, permissions::invoices::CREATE).await, Some(Code::PermissionDenied));
        let Passage::User(who, _) = world.platform.gate().admit(&viewer, Access::USER).await.unwrap() else {
            panic!("a user is let through as one");
        };
        let too_much = accounts.set_user_roles(&change, tenant, made.user.id, &["Admin".parse().unwrap()], who.granted().unwrap()).await;
        assert_eq!(Problem::from(&too_much.unwrap_err()).code, Code::PermissionDenied);

        accounts.set_user_roles(&change, tenant, made.user.id, &["User".parse().unwrap()], held).await.unwrap();
        assert_eq!(world.code(&viewer, permissions::invoices::READ).await, Some(Code::TokenRevoked));

        let admin_id = admin.subject().as_str().parse().unwrap();
        let last = accounts.delete_user(&change, tenant, admin_id, held).await;
        assert_eq!(Problem::from(&last.unwrap_err()).code, Code::Conflict);
        accounts.delete_user(&change, tenant, made.user.id, held).await.unwrap();
        assert_eq!(accounts.users(tenant, &UserFilter::default(), Page::default()).await.unwrap().total, 1);
        world.stop().await;
    }

    async fn a_deleted_tenant_leaves_nothing_but_its_audit_rows(place: Place) {
        let world = Running::start(place.platform()).await;
        let acme = world.create("acme").await.unwrap();
        let tenant = acme.tenant.id;
        world.platform.tenant(tenant).await.unwrap().any_sql().unwrap().begin().await.unwrap().rollback().await.unwrap();
        world.platform.provisioning().delete(&world.change(), tenant).await.unwrap();
        assert!(world.platform.catalog().tenant(tenant).await.unwrap().is_none());
        assert!(world.platform.tenant(tenant).await.is_err());
        assert!(!place.has_traces(tenant).await);
        let filter = multitenant_core::catalog::AuditFilter { tenant: Some(tenant), ..Default::default() };
        assert!(world.platform.catalog().audit_logs(&filter, Page::default()).await.unwrap().total > 0);
        let again = world.create("acme").await.unwrap();
        assert_ne!(again.tenant.id, tenant);
        world.stop().await;
    }

    async fn of_two_creations_of_one_slug_one_succeeds(place: Place) {
        let world = Running::start(place.platform()).await;
        let (one, other) = tokio::join!(world.create("acme"), world.create("acme"));
        let (made, refused) = match (one, other) {
            (Ok(made), Err(error)) | (Err(error), Ok(made)) => (made, error),
            both => panic!("{both:?}"),
        };
        assert!(matches!(refused, ProvisioningError::Catalog(CatalogError::SlugTaken(_))), "{refused:?}");
        assert_eq!(world.platform.catalog().tenants(&Default::default(), Page::default()).await.unwrap().total, 1);
        assert!(place.has_traces(made.tenant.id).await);
        world.stop().await;
    }

    async fn a_repeated_creation_answers_the_same_tenant(place: Place) {
        let world = Running::start(place.platform()).await;
        let first = world.create_with_key("acme", "key-1").await.unwrap();
        let again = world.create_with_key("acme", "key-1").await.unwrap();
        assert_eq!(first.tenant.id, again.tenant.id);
        let fresh = again.temporary_password.unwrap();
        assert!(world.sign_in(first.tenant.id, first.temporary_password.unwrap().reveal()).await.is_err());
        let signed_in = world.sign_in(first.tenant.id, fresh.reveal()).await.unwrap();
        let request = TestRequest::default().token(&signed_in.access_token);
        world.change_password(&request, fresh.reveal(), "a password of my own").await.unwrap();
        let third = world.create_with_key("acme", "key-1").await.unwrap();
        assert!(third.temporary_password.is_none());
        let other = world.create_with_key("other", "key-1").await;
        assert!(matches!(other, Err(ProvisioningError::Catalog(CatalogError::KeyReused))));
        world.stop().await;
    }

    async fn a_repetition_renews_no_password_of_somebody_who_has_signed_in(place: Place) {
        const RESET: &str = "UPDATE mt_users SET must_change_password = $1";
        let world = Running::start(place.platform()).await;
        let made = world.create_with_key("acme", "key-1").await.unwrap();
        let (tenant, temporary) = (made.tenant.id, made.temporary_password.unwrap());
        let signed_in = world.sign_in(tenant, temporary.reveal()).await.unwrap();
        let again = world.create_with_key("acme", "key-1").await.unwrap();
        assert!(again.temporary_password.is_none());
        world.sign_in(tenant, temporary.reveal()).await.unwrap();

        let (request, own) = (TestRequest::default().token(&signed_in.access_token), "a password of my own");
        world.change_password(&request, temporary.reveal(), own).await.unwrap();
        // As another admin does who gives them a temporary one.
        let db = world.platform.tenant(tenant).await.unwrap().any_sql().unwrap();
        multitenant_core::on!(&db, db => sqlx::query(RESET).bind(true).execute(db).await.map(drop)).unwrap();
        let again = world.create_with_key("acme", "key-1").await.unwrap();
        assert!(again.temporary_password.is_none());
        world.sign_in(tenant, own).await.unwrap();
        world.stop().await;
    }

    async fn an_application_whose_hook_fails_leaves_nothing_behind(place: Place) {
        struct Fails;
        #[async_trait::async_trait]
        impl multitenant_core::provision::OnCreate for Fails {
            async fn on_create(
                &self,
                _: &multitenant_core::catalog::TenantRow,
                _: &multitenant_core::tenant::AnySql,
            ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
                Err("no chart of accounts for this country".into())
            }
        }
        let world = Running::start(place.platform().on_create(Fails)).await;
        let failed = world.create("acme").await.unwrap_err();
        assert!(failed.to_string().contains("application"), "{failed}");
        assert_eq!(world.platform.catalog().tenants(&Default::default(), Page::default()).await.unwrap().total, 0);
        assert_eq!(place.tenant_databases(&world.platform).await, 0);
        world.stop().await;
    }

    async fn whoever_changed_while_a_password_was_checked_is_not_signed_in_nor_overwritten(place: Place) {
        use multitenant_core::auth::sign_in::{NewSession, RefreshStore, UserStore};
        use multitenant_core::token::RefreshHash;
        use multitenant_core::{Clock, SessionId, SystemClock};
        let world = Running::start(place.platform()).await;
        let (tenant, password) = world.tenant_at_work("acme").await;
        let accounts = world.platform.accounts();
        let account = world.sign_in(tenant, &password).await.unwrap().account;
        let now = SystemClock.now();
        for (version, accepted) in [(account.version - 1, false), (account.version, true)] {
            let session = NewSession {
                id: SessionId::generate(),
                subject: account.subject.clone(),
                version,
                refresh: RefreshHash::from_bytes([0; 32]),
                created_at: now,
                expires_at: now + std::time::Duration::from_secs(60),
                origin: Origin::default(),
            };
            assert_eq!(accounts.begin(Some(tenant), &session).await.unwrap(), accepted);
            let stored = accounts.stored(Some(tenant), session.id).await.unwrap();
            assert_eq!(stored.is_some(), accepted);
        }
        let other = world.platform.hashing().hash(multitenant_core::password::Password::new("somebody else's wish".to_owned().into()).unwrap()).await.unwrap();
        let (origin, older) = (Origin::default(), account.version - 1);
        let set = accounts.set_password(Some(tenant), &account.subject, older, &other, &origin).await;
        assert!(!set.unwrap());
        world.sign_in(tenant, &password).await.unwrap();
        world.stop().await;
    }

    async fn a_suspended_tenant_looks_like_none_to_a_stranger(place: Place) {
        let world = Running::start(place.platform()).await;
        let (tenant, password) = world.tenant_at_work("acme").await;
        let signed_in = world.sign_in(tenant, &password).await.unwrap();
        let request = TestRequest::default().token(&signed_in.access_token);
        world.set_status(tenant, TenantStatus::Suspended).await;
        assert_eq!(world.code(&request, Access::USER).await, Some(Code::TenantSuspended));
        let hint = TestRequest::default().header("x-tenant-id", "acme");
        let passage = world.platform.gate().admit(&hint, Access::TenantHint).await.unwrap();
        assert!(matches!(passage, Passage::Hinted(None)));
        let nowhere = world.platform.sign_in().sign_in(Door::Nowhere, "admin@example.com", password.clone().into(), Origin::default()).await;
        assert!(matches!(nowhere, Err(SignInError::InvalidCredentials)));
        world.set_status(tenant, TenantStatus::Active).await;
        assert_eq!(world.code(&request, Access::USER).await, None);
        world.stop().await;
    }

    async fn a_stranger_costs_one_hash_and_is_told_one_thing_whatever_stands_behind_a_name(place: Place) {
        let world = Running::start(place.platform()).await;
        let (served, _) = world.tenant_at_work("served").await;
        let (suspended, password) = world.tenant_at_work("suspended").await;
        world.set_status(suspended, TenantStatus::Suspended).await;
        let (deleted, _) = world.tenant_at_work("deleted").await;
        world.platform.provisioning().delete(&world.change(), deleted).await.unwrap();
        let mut told = Vec::new();
        for slug in ["served", "suspended", "deleted", "never-there"] {
            let door = door_of(&world, slug).await;
            told.push(told_at(&world, door, "nobody@example.com", &password).await);
        }
        // Who is there, and a tenant that went away after the request had been looked at.
        for (tenant, person) in [
            (served, "admin@example.com"),
            (suspended, "admin@example.com"),
            (deleted, "admin@example.com"),
            (TenantId::generate(), "admin@example.com"),
            (served, "no e-mail"),
        ] {
            told.push(told_at(&world, Door::Tenant(tenant), person, "a wrong password").await);
        }
        let one = (Problem::from(Code::InvalidCredentials), 1);
        assert_eq!(told, vec![one; 9]);
        world.stop().await;
    }
}

/// Where somebody signs in who names a tenant and is not signed in yet.
async fn door_of(world: &Running, slug: &str) -> Door {
    let hint = TestRequest::default().header("x-tenant-id", slug);
    let passage = world.platform.gate().admit(&hint, Access::TenantHint).await;
    match passage.unwrap() {
        Passage::Hinted(Some(tenant)) => Door::Tenant(tenant.id()),
        _ => Door::Nowhere,
    }
}

/// What somebody is told who cannot sign in, and how many passwords were hashed for it.
async fn told_at(world: &Running, door: Door, person: &str, password: &str) -> (Problem, u64) {
    let hashing = world.platform.hashing();
    let before = hashing.hashed();
    let desk = world.platform.sign_in();
    let attempt = desk.sign_in(door, person, password.to_owned().into(), Origin::default());
    let refused = attempt.await.unwrap_err();
    (Problem::from(&refused), hashing.hashed() - before)
}

/// How many audit rows of this kind stand in a tenant's database.
async fn audit_rows(world: &Running, tenant: TenantId, action: &str) -> i64 {
    const COUNT: &str = "SELECT COUNT(*) FROM mt_audit_logs WHERE action = $1";
    let tenant = world.platform.tenant(tenant).await.unwrap();
    let db = tenant.any_sql().unwrap();
    multitenant_core::on!(&db, db => sqlx::query_scalar(COUNT).bind(action).fetch_one(db).await.unwrap())
}
