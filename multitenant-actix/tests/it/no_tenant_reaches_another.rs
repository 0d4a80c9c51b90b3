//! `assert_isolated` over a whole application, sound and with a leak.

use std::sync::{Arc, Mutex};

use multitenant_actix::{Guarded, Path, Principal, Problem, Tested, get};
use multitenant_core::Code;
use multitenant_core::platform::Platform;
use multitenant_core::rbac::access;
use multitenant_core::testing::{Isolation, TestPlatform, assert_isolated};

async fn me(who: Principal) -> String {
    who.subject().to_string()
}

async fn show(who: Principal, Path(id): Path<String>) -> Result<String, Problem> {
    let own = who.subject().to_string();
    Ok((own == id).then_some(own).ok_or(Code::NotFound)?)
}

fn sound(platform: &Platform) -> Guarded {
    Guarded::new(platform.gate().clone())
        .public("/health", get(async || "healthy"))
        .route(access::users::READ, "/users", get(me))
        .route(access::users::READ, "/users/{id}", get(show))
}

type Seen = Arc<Mutex<Vec<String>>>;

/// Remembers whom it has seen, and not for whom.
fn keeps_a_global_map(platform: &Platform, seen: &Seen) -> Guarded {
    let seen = Arc::clone(seen);
    let recent = move |who: Principal| {
        let mut seen = seen.lock().unwrap();
        seen.push(who.subject().to_string());
        let all = seen.join(", ");
        async move { all }
    };
    sound(platform).route(access::users::READ, "/recent", get(recent))
}

#[tokio::test]
async fn a_sound_application_is_isolated_and_a_shared_map_is_found() {
    let kit = TestPlatform::on_sqlite(access::REGISTRY).tenants(["acme", "globex"]);
    let kit = kit.start().await.unwrap();
    let acme = kit.tenant("acme").party().await.unwrap();
    let globex = kit.tenant("globex").party().await.unwrap();
    assert_isolated(&Tested(|| sound(kit.platform())), &acme, &globex).await;

    let seen = Seen::default();
    let leaky = Tested(|| keeps_a_global_map(kit.platform(), &seen));
    let leaks = Isolation::of(&leaky).leaks(&acme, &globex).await;
    let named = "shows globex what is of acme";
    let found = leaks.iter().find(|leak| leak.why.starts_with(named));
    assert_eq!(
        found.map(|leak| leak.route.as_str()),
        Some("GET /recent"),
        "{leaks:#?}"
    );
    kit.end().await.unwrap();
}
