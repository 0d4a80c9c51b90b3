//! What `assert_isolated` finds, shown by applications that leak in one way each.

use multitenant_core::gate::{Access, Route};
use multitenant_core::rbac::EnterpriseAction;
use multitenant_core::testing::{Answer, Ask, Isolation, Listed, Party};

const INVOICE_OF_A: &str = "0190c4de-0000-7000-8000-00000000000a";
const INVOICE_OF_B: &str = "0190c4de-0000-7000-8000-00000000000b";

fn parties() -> (Party, Party) {
    let party = |slug: &str, invoice: &str| {
        let token = format!("token-of-{slug}");
        Party::new(slug).bearer(&token).id(invoice)
    };
    (party("aaa", INVOICE_OF_A), party("bbb", INVOICE_OF_B))
}

fn routes() -> Vec<Route<&'static str>> {
    vec![
        Route::new(vec!["GET"], "/public", Access::Public),
        Route::new(vec!["GET"], "/invoices", Access::USER),
        Route::new(vec!["POST"], "/invoices", Access::USER),
        Route::new(vec!["GET", "DELETE"], "/invoices/{id}", Access::USER),
        Route::new(vec!["GET"], "/staff", EnterpriseAction::Read.into()),
    ]
}

fn header(ask: &Ask, name: &str) -> String {
    let mut headers = ask.headers();
    let value = headers.find(|(header, _)| *header == name);
    value.map_or_else(String::new, |(_, value)| {
        String::from_utf8_lossy(value).into_owned()
    })
}

fn invoice_of(slug: &str) -> &'static str {
    match slug {
        "aaa" => INVOICE_OF_A,
        _ => INVOICE_OF_B,
    }
}

fn answer(status: u16, body: impl Into<String>) -> Answer {
    Answer::new(status, [], body.into())
}

/// Who asks, and what for.
struct Call {
    who: String,
    method: String,
    path: String,
    query: String,
    tenant: String,
}

impl Call {
    fn of(ask: &Ask) -> Self {
        let (path, query) = ask.target().split_once('?').unwrap_or((ask.target(), ""));
        Self {
            who: header(ask, "authorization").replace("Bearer token-of-", ""),
            method: ask.method().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            tenant: header(ask, "x-tenant-id"),
        }
    }
}

/// An application without a leak.
fn sound(call: &Call) -> Answer {
    let own = invoice_of(&call.who);
    match (call.method.as_str(), call.path.as_str()) {
        (_, "/public") => answer(200, "hello"),
        (_, "/staff") => answer(401, "no member of the staff"),
        _ if call.who != call.tenant => answer(403, "two tenants"),
        ("GET", "/invoices") => answer(200, own),
        ("POST", "/invoices") => answer(422, "an invoice has a total"),
        (_, path) if path.strip_prefix("/invoices/") == Some(own) => answer(200, own),
        (_, path) => answer(404, format!("there is no {path}")),
    }
}

/// The leaks that are found in an application that answers so.
async fn found(answers: impl Fn(&Call) -> Answer) -> Vec<String> {
    let app = Listed::new(&routes(), async |ask: Ask| answers(&Call::of(&ask)));
    let (a, b) = parties();
    let leaks = Isolation::of(&app).leaks(a, b).await;
    leaks.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn nothing_is_found_in_an_application_without_a_leak() {
    assert_eq!(found(sound).await, Vec::<String>::new());
}

/// What an application answers that leaks in one way; `None` where it is sound.
type Leaky = fn(&Call) -> Option<Answer>;

/// A route, what is found there, and the leak.
const LEAKS: [(&str, &str, Leaky); 8] = [
    ("GET /invoices", "lets aaa in at bbb", |call| {
        (call.method == "GET" && call.path == "/invoices")
            .then(|| answer(200, invoice_of(&call.who)))
    }),
    ("GET /invoices", "shows bbb what is of aaa", |call| {
        call.query
            .strip_prefix("tenant=")
            .map(|slug| answer(200, invoice_of(slug)))
    }),
    ("GET /invoices", "shows aaa what is of bbb", |call| {
        let everything = format!("{INVOICE_OF_A}, {INVOICE_OF_B}");
        (call.path == "/invoices" && call.who == call.tenant).then(|| answer(200, everything))
    }),
    ("GET /public", "shows aaa what is of bbb", |call| {
        (call.path == "/public").then(|| answer(200, INVOICE_OF_B))
    }),
    (
        "GET /invoices/{id}",
        "tells aaa an id of bbb from one that nobody has",
        |call| {
            let known = call.path.ends_with(INVOICE_OF_B) && call.method == "GET";
            (known && call.who == call.tenant).then(|| answer(403, "not yours"))
        },
    ),
    (
        "GET /invoices/{id}",
        "tells bbb an id of aaa from one that nobody has",
        |call| {
            let known = call.path.ends_with(INVOICE_OF_A) && call.method == "GET";
            (known && call.who == call.tenant).then(|| answer(404, "there is none for you"))
        },
    ),
    (
        "DELETE /invoices/{id}",
        "tells bbb an id of aaa from one that nobody has",
        |call| {
            let known = call.path.ends_with(INVOICE_OF_A) && call.method == "DELETE";
            (known && call.who == call.tenant).then(|| answer(204, ""))
        },
    ),
    ("GET /staff", "lets aaa in at bbb", |call| {
        (call.path == "/staff").then(|| answer(200, "everything"))
    }),
];

#[tokio::test]
async fn each_leak_is_found_and_its_route_named() {
    for (route, why, leak) in LEAKS {
        let leaks = found(|call| leak(call).unwrap_or_else(|| sound(call))).await;
        let wanted = format!("{route}: {why}");
        assert!(
            leaks.iter().any(|leak| leak.starts_with(&wanted)),
            "{wanted}: {leaks:#?}"
        );
    }
}

#[tokio::test]
async fn a_test_that_could_find_nothing_fails() {
    let closed = found(|_| answer(401, "no")).await;
    assert_eq!(
        closed[0],
        "no route to read from lets aaa in with its own credentials"
    );
    let silent = found(|call| match sound(call) {
        shown if shown.status == 200 => answer(200, "ok"),
        other => other,
    });
    assert!(silent.await[0].starts_with("no route shows aaa any of its own ids or marks"));
}

#[tokio::test]
async fn a_route_that_ends_the_session_is_named_unless_one_can_sign_in_again() {
    let over = std::cell::Cell::new(false);
    let signs_out = |call: &Call| {
        let own = call.who == call.tenant;
        if own && call.method == "POST" && call.path == "/invoices" {
            over.set(true);
            return answer(204, "");
        }
        match over.get() && call.path != "/public" {
            true => answer(401, "signed out"),
            false => sound(call),
        }
    };
    let leaks = found(signs_out).await;
    let named = "POST /invoices: ends the session of whoever asks";
    assert!(
        leaks.iter().any(|leak| leak.starts_with(named)),
        "{leaks:#?}"
    );
}

#[tokio::test]
#[should_panic(expected = "tenants are not isolated:\n- GET /staff: lets aaa in at bbb")]
async fn the_assertion_panics_with_the_routes() {
    let leaky = |call: &Call| match call.path.as_str() {
        "/staff" => answer(200, "everything"),
        _ => sound(call),
    };
    let app = Listed::new(&routes(), async |ask: Ask| leaky(&Call::of(&ask)));
    let (a, b) = parties();
    multitenant_core::testing::assert_isolated(&app, a, b).await;
}
