//! What ends by itself once its time has come, by the clock that a platform was given.

use std::time::Duration;

use crate::common::platform::Running;
use multitenant_core::accounts::{
    ENDED_SESSION_LASTS, NewAdmin, TEMPORARY_PASSWORD_LASTS, UserFilter,
};
use multitenant_core::auth::sign_in::{Door, Origin, SignInError};
use multitenant_core::catalog::{AuditFilter, Catalog, Page, Retention};
use multitenant_core::gate::Access;
use multitenant_core::password::Password;
use multitenant_core::testing::MovableClock;
use multitenant_core::testing::TestRequest;
use multitenant_core::{Clock, Code, EnterpriseRole, Realm, TenantId, on};

const PASSWORD: &str = "a password of my own";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

on_both_engines! {
    async fn tokens_sessions_and_temporary_passwords_end_by_the_platforms_clock(place: Place) {
        let clock = MovableClock::running();
        let world = Running::start(place.platform().clock(clock.clone())).await;
        let (tenant, password) = world.tenant_at_work("acme").await;
        let other = world.create("other").await.unwrap();
        let signed_in = world.sign_in(tenant, &password).await.unwrap();
        let request = TestRequest::default().token(&signed_in.access_token);
        assert_eq!(world.code(&request, Access::USER).await, None);

        clock.advance(Duration::from_secs(15 * 60));
        assert_eq!(world.code(&request, Access::USER).await, Some(Code::TokenExpired));
        let refreshed = world.refresh(Realm::Client, &signed_in.refresh_token).await.unwrap();

        clock.advance(TEMPORARY_PASSWORD_LASTS);
        let temporary = other.temporary_password.unwrap();
        let late = world.sign_in(other.tenant.id, temporary.reveal()).await;
        assert!(matches!(late, Err(SignInError::InvalidCredentials)), "{late:?}");

        clock.advance(30 * DAY);
        let ended = world.refresh(Realm::Client, &refreshed.refresh_token).await;
        assert!(matches!(ended, Err(SignInError::Expired)), "{ended:?}");
        world.stop().await;
    }

    async fn what_is_written_bears_the_time_of_the_platforms_clock(place: Place) {
        let clock = MovableClock::running();
        clock.advance(300 * DAY);
        let before = clock.now();
        let world = Running::start(place.platform().clock(clock.clone())).await;
        let made = world.create("acme").await.unwrap();
        assert!(made.tenant.created_at >= before);
        let (all, page) = (AuditFilter::default(), Page::default());
        let audit = world.platform.catalog().audit_logs(&all, page).await;
        assert!(audit.unwrap().items.iter().all(|row| row.at >= before));
        let all = UserFilter::default();
        let users = world.platform.accounts().users(made.tenant.id, &all, page).await;
        assert!(users.unwrap().items.iter().all(|user| user.created_at >= before));
        world.stop().await;
    }

    async fn sessions_that_have_been_over_for_long_are_deleted_when_somebody_signs_in(place: Place) {
        let clock = MovableClock::running();
        let world = Running::start(place.platform().clock(clock.clone())).await;
        let (tenant, password) = world.tenant_at_work("acme").await;
        for _ in 0..3 {
            world.sign_in(tenant, &password).await.unwrap();
        }
        clock.advance(30 * DAY);
        let lately_over = sessions(&world, tenant).await;
        world.sign_in(tenant, &password).await.unwrap();
        // One was begun with the temporary password and ended with it.
        assert_eq!((lately_over, sessions(&world, tenant).await), (4, 4));

        clock.advance(ENDED_SESSION_LASTS + DAY);
        world.sign_in(tenant, &password).await.unwrap();
        assert_eq!(sessions(&world, tenant).await, 2);
        world.stop().await;
    }

    async fn the_staffs_sessions_are_deleted_also_where_nobody_signs_in(place: Place) {
        const COUNT: &str = "SELECT COUNT(*) FROM mt_admin_sessions";
        let clock = MovableClock::running();
        let world = Running::start(place.platform().clock(clock.clone())).await;
        let (accounts, catalog) = (world.platform.accounts(), world.platform.catalog());
        let admin = NewAdmin {
            email: "root@example.com".parse().unwrap(),
            name: "Root".to_owned(),
            role: EnterpriseRole::Admin,
            password: world.platform.hashing().hash(Password::new(PASSWORD.into()).unwrap()).await.unwrap(),
        };
        accounts.create_admin(&world.change(), &admin).await.unwrap();
        let sign_in = async || {
            let desk = world.platform.sign_in();
            desk.sign_in(Door::Staff, "root@example.com", PASSWORD.into(), Origin::default()).await.unwrap()
        };
        let count = async || -> i64 {
            on!(catalog.pool(), pool => sqlx::query_scalar(COUNT).fetch_one(pool).await.unwrap())
        };
        sign_in().await;
        clock.advance(30 * DAY);
        sign_in().await;
        catalog.prune(&Retention::default()).await.unwrap();
        assert_eq!(count().await, 2, "the first is over, but lately");
        clock.advance(ENDED_SESSION_LASTS + DAY);
        catalog.prune(&Retention::default()).await.unwrap();
        assert_eq!(count().await, 1);
        world.stop().await;
    }
}

async fn sessions(world: &Running, tenant: TenantId) -> i64 {
    let tenant = world.platform.tenant(tenant).await.unwrap();
    let db = tenant.any_sql().unwrap();
    multitenant_core::on!(&db, db =>
        sqlx::query_scalar("SELECT COUNT(*) FROM mt_sessions").fetch_one(db).await.unwrap())
}
