//! The document of the routes says what the router has, and its reader needs nothing from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use erp_server::{guarded, openapi};
use multitenant_core::keys::{LocalKeys, Vault};
use multitenant_core::platform::Platform;
use multitenant_core::rbac::access;
use multitenant_core::token::{KeyRing, KeyRings, SigningKey};
use multitenant_core::{Code, Realm};
use reqwest::Method;
use serde_json::Value;

use crate::common::program::{Place, Program, answer};

/// What is not guarded by a rule: the probes, and the document itself.
const UNGUARDED: [&str; 4] = ["/livez", "/readyz", "/api/health", "/api/openapi.json"];

async fn platform(folder: &std::path::Path) -> Platform {
    let key = |secret: &str| SigningKey::hs256(&secret.repeat(8).into()).unwrap();
    let staff = KeyRing::new(Realm::Enterprise, key("staff"));
    let users = KeyRing::new(Realm::Client, key("users"));
    let keys = KeyRings::new("test", staff, users).unwrap();
    let vault = Vault::new(LocalKeys::from_file(&folder.join("key")).unwrap());
    let data = folder.join("data");
    let builder = Platform::on_sqlite(data, keys, vault, access::REGISTRY);
    builder.start().await.unwrap()
}

fn operations(document: &Value) -> BTreeMap<(String, String), &Value> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, of)| ((method.to_uppercase(), path.clone()), of))
    });
    operations.collect()
}

#[tokio::test]
async fn the_documents_routes_are_the_routers() {
    let folder = tempfile::tempdir().unwrap();
    let platform = platform(folder.path()).await;
    let routes = guarded(&platform);
    let document = openapi::document(routes.routes());
    let documented: BTreeSet<_> = operations(&document).into_keys().collect();
    let guarded = routes.routes().iter().flat_map(|route| {
        let methods = route.methods.iter();
        methods.map(|method| (method.to_string(), route.path.clone()))
    });
    let others = UNGUARDED.map(|path| ("GET".to_owned(), path.to_owned()));
    let routed: BTreeSet<_> = guarded.chain(others).collect();
    let missing: Vec<_> = routed.difference(&documented).collect();
    let too_many: Vec<_> = documented.difference(&routed).collect();
    assert!(
        missing.is_empty() && too_many.is_empty(),
        "missing {missing:?}, too many {too_many:?}"
    );
}

#[tokio::test]
async fn every_operation_has_words_an_id_and_an_example_of_each_way_it_fails() {
    let folder = tempfile::tempdir().unwrap();
    let document = openapi::document(guarded(&platform(folder.path()).await).routes());
    assert_eq!(document["openapi"], "3.1.0");
    let tags: Vec<_> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut ids = BTreeSet::new();
    for (route, of) in operations(&document) {
        assert!(
            !of["summary"].as_str().unwrap_or_default().is_empty(),
            "{route:?} has no summary"
        );
        assert!(
            ids.insert(of["operationId"].as_str().unwrap()),
            "{route:?} has an id twice"
        );
        assert!(tags.contains(&&of["tags"][0]), "{route:?} has no tag");
        let responses = of["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{route:?}"
        );
        for (status, response) in responses {
            assert!(
                !response["description"].as_str().unwrap().is_empty(),
                "{route:?} {status}"
            );
            let problem = &response["content"]["application/problem+json"];
            if status.as_str() >= "400" && problem.is_object() {
                let codes = problem["schema"]["allOf"][1]["properties"]["code"]["enum"]
                    .as_array()
                    .unwrap();
                assert_eq!(
                    codes.len(),
                    problem["examples"].as_object().unwrap().len(),
                    "{route:?} {status}"
                );
            }
        }
        let unguarded = UNGUARDED.contains(&route.1.as_str());
        let is_public = unguarded
            || ["login", "refresh"]
                .iter()
                .any(|word| route.1.ends_with(word));
        assert_eq!(of.get("security").is_none(), is_public, "{route:?}");
    }
}

async fn page(server: &Program, path: &str) -> (String, String) {
    let response = server.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    (policy, response.text().await.unwrap())
}

#[tokio::test]
async fn the_reader_loads_nothing_from_elsewhere() {
    let place = Place::sqlite();
    let server = place.start().await;
    let (policy, html) = page(&server, "/docs").await;
    assert!(policy.starts_with("default-src 'self';"), "{policy}");
    let mut loaded = vec!["/docs".to_owned()];
    for attribute in ["src=\"", "href=\""] {
        let found = html.split(attribute).skip(1);
        loaded.extend(found.map(|rest| rest.split_once('"').unwrap().0.to_owned()));
    }
    assert_eq!(loaded.len(), 5, "{loaded:?}");
    for path in loaded {
        let (_, text) = page(&server, &path).await;
        let elsewhere = [
            "http://", "https://", "src=\"//", "url(", "@import", "import(",
        ];
        let found = elsewhere
            .iter()
            .find(|text_of| path != "/api/openapi.json" && text.contains(**text_of));
        assert_eq!(found, None, "{path}");
    }
    for path in UNGUARDED {
        let request = server.request(Method::GET, path);
        assert_eq!(answer(request).await.status, 200, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_type_of_every_problem_leads_to_its_page() {
    let place = Place::sqlite();
    let server = place.start().await;
    for code in Code::ALL {
        let (_, text) = page(&server, &format!("/problems/{code}")).await;
        assert_eq!(text, code.page());
    }
    let refused = answer(server.request(Method::GET, "/problems/none")).await;
    assert_eq!(refused.status, 404);
    let (_, text) = page(&server, refused.body["type"].as_str().unwrap()).await;
    assert_eq!(text, Code::NotFound.page());
    server.stop().await;
}
