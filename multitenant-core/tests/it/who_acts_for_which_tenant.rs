//! The gate's one decision, rule by rule.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use multitenant_core::auth::{
    AuthError, LiveSession, Policies, PolicyStore, SessionStore, Sessions, TokenAuthenticator,
};
use multitenant_core::directory::{TenantRecord, TenantStatus};
use multitenant_core::events::{Event, EventKind, Follow, Position};
use multitenant_core::gate::{Access, Gate, Passage};
use multitenant_core::rbac::{EnterpriseAction, Policy, Role};
use multitenant_core::resolve::{Resolver, Sources, TrustedProxies};
use multitenant_core::tenant::{CacheOptions, ManagerOptions, TenantManager, Tenants};
use multitenant_core::testing::TestRequest;
use multitenant_core::testing::{MemoryDirectory, Nowhere};
use multitenant_core::token::{AccessClaims, KeyRing, KeyRings, SigningKey};
use multitenant_core::{
    Clock, Code, EnterpriseRole, Problem, Realm, SessionId, Standing, Subject, SystemClock,
    TenantId,
};
use parking_lot::Mutex;

multitenant_core::permissions! { invoices: [READ, CREATE] }

/// Sessions and roles in memory.
#[derive(Default)]
struct Stores {
    sessions: Mutex<HashMap<(Option<TenantId>, SessionId), LiveSession>>,
    reads: AtomicUsize,
}

#[async_trait]
impl SessionStore for Stores {
    async fn live_session(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
    ) -> Result<Option<LiveSession>, AuthError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.sessions.lock().get(&(tenant, session)).cloned())
    }
}

#[async_trait]
impl PolicyStore for Stores {
    async fn policy(&self, _: TenantId) -> Result<Policy, AuthError> {
        Ok(Policy::compile(REGISTRY, 1, &Role::defaults(REGISTRY)))
    }
}

struct World {
    gate: Gate,
    keys: Arc<KeyRings>,
    stores: Arc<Stores>,
    sessions: Sessions,
    directory: Arc<MemoryDirectory>,
    manager: TenantManager<Nowhere>,
    a: TenantRecord,
    b: TenantRecord,
}

fn keys() -> KeyRings {
    let ring = |realm, secret: &str| {
        KeyRing::new(realm, SigningKey::hs256(&secret.repeat(8).into()).unwrap())
    };
    KeyRings::new(
        "test",
        ring(Realm::Enterprise, "staff-key"),
        ring(Realm::Client, "users-key"),
    )
    .unwrap()
}

impl World {
    async fn new() -> Self {
        let (a, b) = (Nowhere::tenant("tenant-a"), Nowhere::tenant("tenant-b"));
        let directory = Arc::new(MemoryDirectory::of([a.clone(), b.clone()]));
        directory.add_domain(a.id, "shop.a.test".parse().unwrap());
        directory.add_domain(b.id, "shop.b.test".parse().unwrap());
        let mut options = ManagerOptions::default();
        options.follower.poll = Duration::from_secs(3_600);
        let manager = TenantManager::start(Nowhere::default(), directory.clone(), options)
            .await
            .unwrap();
        let stores = Arc::new(Stores::default());
        let keys = Arc::new(keys());
        let sessions = Sessions::new(stores.clone(), CacheOptions::default());
        let clock = Arc::new(SystemClock);
        let authenticator = TokenAuthenticator::new(keys.clone(), sessions.clone(), clock);
        let mut sources = Sources::default();
        sources.base_domains = vec!["example.com".parse().unwrap()];
        sources.path_prefix = Some("/t".parse().unwrap());
        sources.proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        sources.query = true;
        let tenants: Arc<dyn Tenants> = Arc::new(manager.clone());
        let gate = Gate::new(
            Resolver::new(sources, tenants),
            Arc::new(authenticator),
            Policies::new(stores.clone(), CacheOptions::default()),
        );
        Self {
            gate,
            keys,
            stores,
            sessions,
            directory,
            manager,
            a,
            b,
        }
    }

    fn token(&self, standing: Standing, version: i64, due: bool) -> (String, SessionId) {
        let (session, subject) = (SessionId::generate(), Subject::new("someone").unwrap());
        let live = LiveSession {
            subject: subject.clone(),
            version: 1,
            password_change_due: due,
        };
        let key = (standing.tenant(), session);
        self.stores.sessions.lock().insert(key, live);
        let claims = AccessClaims::new(subject, session, version, standing, SystemClock.now());
        (self.keys.issue(&claims).unwrap(), session)
    }

    fn user_of(&self, tenant: TenantId, role: &str) -> String {
        let roles = vec![role.parse().unwrap()];
        self.token(Standing::User { tenant, roles }, 1, false).0
    }

    fn staff(&self, role: EnterpriseRole) -> String {
        self.token(Standing::Staff(role), 1, false).0
    }

    async fn code(&self, request: &TestRequest, access: impl Into<Access>) -> Option<Code> {
        let refusal = self.gate.admit(request, access.into()).await.err()?;
        Some(Problem::from(&refusal).code)
    }
}

#[tokio::test]
async fn a_user_acts_in_their_own_tenant_with_what_their_roles_grant() {
    let world = World::new().await;
    let request = TestRequest::default().bearer(&world.user_of(world.a.id, "Viewer"));
    let passage = world
        .gate
        .admit(&request, invoices::READ.into())
        .await
        .unwrap();
    let Passage::User(principal, tenant) = passage else {
        panic!("{passage:?}");
    };
    assert_eq!(tenant.id(), world.a.id);
    assert!(principal.may(invoices::READ) && !principal.may(invoices::CREATE));
    assert_eq!(
        world.code(&request, invoices::CREATE).await,
        Some(Code::PermissionDenied)
    );
    assert_eq!(world.code(&request, Access::USER).await, None);
}

/// A way to name a tenant by its slug. `place`: two of one place cannot be in one request.
struct Source {
    name: &'static str,
    place: u8,
    add: fn(TestRequest, &str) -> TestRequest,
}

const SOURCES: [Source; 7] = [
    Source {
        name: "x-tenant-id",
        place: 1,
        add: |request, slug| request.header("x-tenant-id", slug),
    },
    Source {
        name: "subdomain",
        place: 2,
        add: |request, slug| request.host(&format!("{slug}.example.com:3001")),
    },
    Source {
        name: "own domain",
        place: 2,
        add: |request, slug| request.host(&own_domain(slug)),
    },
    Source {
        name: "path",
        place: 3,
        add: |request, slug| request.path(&format!("/t/{slug}/invoices")),
    },
    Source {
        name: "query",
        place: 4,
        add: |request, slug| request.query(&format!("page=2&tenant={slug}")),
    },
    Source {
        name: "x-forwarded-host",
        place: 5,
        add: |request, slug| {
            let host = format!("{slug}.example.com");
            request
                .peer("10.0.0.1".parse().unwrap())
                .header("x-forwarded-host", host)
        },
    },
    Source {
        name: "forwarded",
        place: 6,
        add: |request, slug| {
            let value = format!("for=192.0.2.9;host=\"{}:443\"", own_domain(slug));
            request
                .peer("10.0.0.1".parse().unwrap())
                .header("forwarded", value)
        },
    },
];

/// The host that is `tenant-a`'s or `tenant-b`'s own; of anybody else, a name that is no slug's.
fn own_domain(slug: &str) -> String {
    match slug.strip_prefix("tenant-") {
        Some(letter) => format!("shop.{letter}.test"),
        None => format!("{slug}.example.com"),
    }
}

#[tokio::test]
async fn a_token_goes_with_every_source_that_names_its_tenant_and_with_no_other() {
    let world = World::new().await;
    let signed_in = TestRequest::default().bearer(&world.user_of(world.a.id, "Viewer"));
    for Source { name, add, .. } in SOURCES {
        for (slug, expected) in [
            ("tenant-a", None),
            ("tenant-b", Some(Code::TenantMismatch)),
            ("nobody-here", Some(Code::TenantMismatch)),
        ] {
            let code = world
                .code(&add(signed_in.clone(), slug), Access::USER)
                .await;
            assert_eq!(code, expected, "{name} names {slug}");
        }
    }
}

#[tokio::test]
async fn every_pair_of_sources_that_disagree_is_refused() {
    let world = World::new().await;
    let pairs = SOURCES
        .iter()
        .flat_map(|one| SOURCES.iter().map(move |other| (one, other)));
    for (one, other) in pairs.filter(|(one, other)| one.place != other.place) {
        for (slug, expected) in [
            ("tenant-a", None),
            ("tenant-b", Some(Code::TenantMismatch)),
            ("nobody-here", Some(Code::TenantMismatch)),
        ] {
            let request = (other.add)((one.add)(TestRequest::default(), "tenant-a"), slug);
            let code = world.code(&request, Access::TenantHint).await;
            assert_eq!(
                code, expected,
                "{} and {} names {slug}",
                one.name, other.name
            );
        }
    }
    let none = world
        .code(&TestRequest::default(), Access::TenantHint)
        .await;
    assert_eq!(none, Some(Code::TenantRequired));
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn a_source_that_speaks_twice_or_nonsense_is_refused() {
    let world = World::new().await;
    let (a, b) = (world.a.id.to_string(), world.b.id.to_string());
    let signed_in = || TestRequest::default().bearer(&world.user_of(world.a.id, "Viewer"));
    let proxied = || signed_in().peer("10.0.0.1".parse().unwrap());
    let header = "x-tenant-id";
    let good = [
        signed_in().header(header, a.as_str()),
        signed_in().path(&format!("/t/{a}")),
        signed_in().host("elsewhere.test"),
        signed_in().path("/tt/tenant-b"),
        signed_in().header("x-forwarded-host", "tenant-b.example.com"),
        signed_in().header("forwarded", "host=tenant-b.example.com"),
        signed_in()
            .peer("192.0.2.1".parse().unwrap())
            .header("x-forwarded-host", "shop.b.test"),
        proxied().header(
            "forwarded",
            "host=tenant-b.example.com, host=tenant-a.example.com",
        ),
    ];
    for (case, request) in good.into_iter().enumerate() {
        assert_eq!(
            world.code(&request, Access::USER).await,
            None,
            "good {case}"
        );
    }
    let bad = [
        signed_in().header(header, b.as_str()),
        signed_in().header(header, "no slug"),
        signed_in().header(header, ""),
        signed_in().header(header, b"\xff".as_slice()),
        signed_in().header(header, "tenant-a,tenant-a"),
        signed_in()
            .header(header, "tenant-a")
            .header(header, "tenant-a"),
        signed_in()
            .header("host", "tenant-a.example.com")
            .header("host", "tenant-a.example.com"),
        signed_in().query("tenant=tenant-a&tenant=tenant-b"),
        signed_in().path("/t/"),
        signed_in().path("/t/tenant%2da"),
        signed_in().path("/t/../tenant-a"),
        proxied().header(
            "x-forwarded-host",
            "tenant-a.example.com, tenant-a.example.com",
        ),
        proxied().header("forwarded", "host=\"tenant-a.example.com"),
        // The proxy passed on what the caller had invented, and the host as well.
        proxied()
            .host("tenant-a.example.com")
            .header("x-forwarded-host", "tenant-b.example.com"),
    ];
    for (case, request) in bad.into_iter().enumerate() {
        let code = world.code(&request, Access::USER).await;
        assert_eq!(code, Some(Code::TenantMismatch), "bad {case}");
    }
}

#[tokio::test]
async fn two_invented_names_tell_no_more_than_one() {
    let world = World::new().await;
    let nobody = TestRequest::default().header("x-tenant-id", "nobody-here");
    let same = nobody.clone().host("nobody-here.example.com");
    let passage = world.gate.admit(&same, Access::TenantHint);
    assert!(matches!(passage.await, Ok(Passage::Hinted(None))));
    let different = nobody.host("nobody-else.example.com");
    let code = world.code(&different, Access::TenantHint).await;
    assert_eq!(code, Some(Code::TenantMismatch));
}

#[tokio::test]
async fn a_domain_given_while_requests_come_in_names_its_tenant() {
    let world = World::new().await;
    let request = TestRequest::default().host("new.a.test");
    let code = world.code(&request, Access::TenantHint).await;
    assert_eq!(code, Some(Code::TenantRequired));
    world
        .directory
        .add_domain(world.a.id, "new.a.test".parse().unwrap());
    world.manager.catch_up().await.unwrap();
    assert_eq!(world.code(&request, Access::TenantHint).await, None);
}

#[tokio::test]
async fn a_hint_tells_a_stranger_nothing() {
    let world = World::new().await;
    world
        .directory
        .set_status(world.b.id, TenantStatus::Suspended);
    world.manager.catch_up().await.unwrap();
    for (slug, there) in [
        ("tenant-a", true),
        ("tenant-b", false),
        ("nobody-here", false),
    ] {
        let request = TestRequest::default().header("x-tenant-id", slug);
        let passage = world
            .gate
            .admit(&request, Access::TenantHint)
            .await
            .unwrap();
        let Passage::Hinted(tenant) = passage else {
            panic!("{passage:?}");
        };
        assert_eq!(tenant.is_some(), there, "{slug}");
    }
}

#[tokio::test]
async fn the_realms_do_not_mix() {
    let world = World::new().await;
    let user = TestRequest::default().bearer(&world.user_of(world.a.id, "Admin"));
    let staff = TestRequest::default().bearer(&world.staff(EnterpriseRole::Admin));
    let read = EnterpriseAction::Read;
    assert_eq!(world.code(&user, read).await, Some(Code::WrongRealm));
    assert_eq!(
        world.code(&staff, Access::USER).await,
        Some(Code::WrongRealm)
    );
    assert_eq!(world.code(&staff, read).await, None);
}

#[tokio::test]
async fn what_each_role_of_the_staff_is_let_through_to() {
    let world = World::new().await;
    let reader = TestRequest::default().bearer(&world.staff(EnterpriseRole::ReadOnly));
    assert_eq!(world.code(&reader, EnterpriseAction::Read).await, None);
    let denied = Some(Code::PermissionDenied);
    assert_eq!(world.code(&reader, EnterpriseAction::Manage).await, denied);
    assert_eq!(
        world.code(&reader, EnterpriseAction::Administer).await,
        denied
    );
}

#[tokio::test]
async fn a_missing_or_unreadable_token_is_said() {
    let world = World::new().await;
    let token = world.user_of(world.a.id, "Viewer");
    let with = |value: &str| TestRequest::default().header("authorization", value);
    let table = [
        (TestRequest::default(), Code::TokenMissing),
        (with(""), Code::TokenInvalid),
        (with("Bearer "), Code::TokenInvalid),
        (with("Basic eDp5"), Code::TokenInvalid),
        (with(&token), Code::TokenInvalid),
        (with("Bearer nonsense"), Code::TokenInvalid),
        (
            with(&format!("Bearer {token}")).bearer(&token),
            Code::TokenInvalid,
        ),
    ];
    for (case, (request, expected)) in table.into_iter().enumerate() {
        let code = world.code(&request, Access::USER).await;
        assert_eq!(code, Some(expected), "case {case}");
    }
    let lower_case = with(&format!("bearer {token}"));
    assert_eq!(world.code(&lower_case, Access::USER).await, None);
}

#[tokio::test]
async fn a_temporary_password_opens_only_what_changes_it() {
    let world = World::new().await;
    let (tenant, roles) = (world.a.id, vec!["Admin".parse().unwrap()]);
    let (token, _) = world.token(Standing::User { tenant, roles }, 1, true);
    let request = TestRequest::default().bearer(&token);
    let due = Some(Code::PasswordChangeRequired);
    assert_eq!(world.code(&request, Access::USER).await, due);
    assert_eq!(world.code(&request, invoices::READ).await, due);
    let open = Access::USER_BEFORE_PASSWORD_CHANGE;
    assert_eq!(world.code(&request, open).await, None);
}

#[tokio::test]
async fn an_ended_session_and_an_older_version_of_the_person_are_refused() {
    let world = World::new().await;
    let (tenant, roles) = (world.a.id, vec!["Admin".parse().unwrap()]);
    let standing = Standing::User { tenant, roles };
    let (old, _) = world.token(standing.clone(), 0, false);
    let revoked = Some(Code::TokenRevoked);
    let request = TestRequest::default().bearer(&old);
    assert_eq!(world.code(&request, Access::USER).await, revoked);

    let (token, session) = world.token(standing, 1, false);
    let request = TestRequest::default().bearer(&token);
    assert_eq!(world.code(&request, Access::USER).await, None);
    world.stores.sessions.lock().clear();
    let position = Position::START;
    let tenant = Some(tenant);
    let kind = EventKind::SessionEnded { tenant, session };
    world
        .sessions
        .apply(&Event { position, kind })
        .await
        .unwrap();
    assert_eq!(world.code(&request, Access::USER).await, revoked);
}

#[tokio::test]
async fn a_changed_person_is_read_again() {
    let world = World::new().await;
    let token = world.user_of(world.a.id, "Viewer");
    let request = TestRequest::default().bearer(&token);
    assert_eq!(world.code(&request, Access::USER).await, None);
    for session in world.stores.sessions.lock().values_mut() {
        session.version += 1;
    }
    let subject = Subject::new("someone").unwrap();
    let tenant = Some(world.a.id);
    let kind = EventKind::SubjectChanged { tenant, subject };
    let position = Position::START;
    world
        .sessions
        .apply(&Event { position, kind })
        .await
        .unwrap();
    assert_eq!(
        world.code(&request, Access::USER).await,
        Some(Code::TokenRevoked)
    );
}

#[tokio::test]
async fn what_this_version_cannot_read_or_has_missed_makes_it_ask_for_everybody_concerned_again() {
    let world = World::new().await;
    let unknown = |tenant| EventKind::Unknown {
        word: "moon_landed".to_owned(),
        tenant,
        detail: None,
    };
    let table = [
        (unknown(Some(world.a.id)), [false, true, true]),
        (unknown(None), [true, true, false]),
        (EventKind::Missed, [false, false, false]),
    ];
    for (kind, remembered) in table {
        let tokens = [
            (world.user_of(world.a.id, "Viewer"), Access::USER),
            (world.user_of(world.b.id, "Viewer"), Access::USER),
            (
                world.staff(EnterpriseRole::Admin),
                EnterpriseAction::Read.into(),
            ),
        ];
        let requests =
            tokens.map(|(token, access)| (TestRequest::default().bearer(&token), access));
        for (request, access) in &requests {
            assert_eq!(world.code(request, *access).await, None);
        }
        world.stores.sessions.lock().clear();
        let position = Position::START;
        let event = Event { position, kind };
        world.sessions.apply(&event).await.unwrap();
        for ((request, access), remembered) in requests.iter().zip(remembered) {
            let expected = (!remembered).then_some(Code::TokenRevoked);
            assert_eq!(world.code(request, *access).await, expected, "{event:?}");
        }
    }
}

#[tokio::test]
async fn a_warm_request_reads_nothing() {
    let world = World::new().await;
    let request = TestRequest::default().bearer(&world.user_of(world.a.id, "Viewer"));
    assert_eq!(world.code(&request, invoices::READ).await, None);
    let count = || {
        let directory = &world.directory;
        world.stores.reads.load(Ordering::SeqCst) + directory.finds() + directory.log_reads()
    };
    let before = count();
    for _ in 0..10 {
        assert_eq!(world.code(&request, invoices::READ).await, None);
    }
    assert_eq!(count(), before);
}

#[tokio::test]
async fn a_user_of_a_suspended_tenant_is_told_and_let_in_again_after_activation() {
    let world = World::new().await;
    let request = TestRequest::default().bearer(&world.user_of(world.a.id, "Viewer"));
    assert_eq!(world.code(&request, Access::USER).await, None);
    for (status, expected) in [
        (TenantStatus::Suspended, Some(Code::TenantSuspended)),
        (TenantStatus::Active, None),
    ] {
        world.directory.set_status(world.a.id, status);
        world.manager.catch_up().await.unwrap();
        assert_eq!(world.code(&request, Access::USER).await, expected);
    }
    world.directory.delete(world.a.id);
    world.manager.catch_up().await.unwrap();
    let code = world.code(&request, Access::USER).await;
    assert_eq!(code, Some(Code::TokenRevoked));
}
