//! The staff see the database servers, how they are divided, and how a client is.

use std::time::Duration;

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::program::{Place, Program, answer, eventually, text};
use crate::on_both_engines;

const PASSWORD: &str = "a password of my own";
const SERVERS: &str = "/api/enterprise/servers";

async fn granted(server: &Program, admin: &str) -> Vec<u64> {
    let listed = answer(server.get(SERVERS, admin)).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let nodes = listed.body["servers"][0]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    nodes
        .iter()
        .map(|node| node["connections"].as_u64().unwrap())
        .collect()
}

async fn max_connections(server: &Program) -> Value {
    let health = answer(server.request(Method::GET, "/api/health")).await;
    health.body["cache"]["maxConnections"].clone()
}

on_both_engines! {
    async fn two_servers_divide_the_connections_of_the_database_server(place: Place) {
        let settings = [("ERP_MAX_CONNECTIONS", "21".to_owned())];
        let one = place.start_with(&settings).await;
        let admin = one.admin().await;
        one.client_at_work(&admin, "acme", PASSWORD).await;
        let listed = answer(one.get(SERVERS, &admin)).await;
        let server = &listed.body["servers"][0];
        assert_eq!((listed.body["total"].as_u64(), server["id"].as_str()), (Some(1), Some("main")));
        assert_eq!((&server["maxConnections"], &server["clients"]), (&json!(21), &json!(1)));
        assert_eq!((&server["status"], &server["takesClients"]), (&json!("connected"), &json!(true)));
        assert_eq!((granted(&one, &admin).await, max_connections(&one).await), (vec![21], json!(21)));

        let other = place.start_with(&settings).await;
        eventually("each has its share", Duration::from_secs(5), async || {
            granted(&other, &admin).await == [11, 10]
        })
        .await;
        eventually("it is in force", Duration::from_secs(5), async || {
            (max_connections(&one).await, max_connections(&other).await) == (json!(11), json!(10))
        })
        .await;
        one.stop().await;
        eventually("the other has all", Duration::from_secs(5), async || {
            granted(&other, &admin).await == [21]
        })
        .await;
        other.stop().await;
    }

    async fn what_a_server_has_stays_its_own_while_it_is_paused_and_not_once_it_is_killed(place: Place) {
        let settings = [("ERP_MAX_CONNECTIONS", "20".to_owned())];
        let one = place.start_with(&settings).await;
        let mut other = place.start_with(&settings).await;
        let admin = one.admin().await;
        eventually("each has its share", Duration::from_secs(5), async || {
            granted(&one, &admin).await == [10, 10]
        })
        .await;
        other.signal(Signal::SIGSTOP);
        // Time for everything that would take it away.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(granted(&one, &admin).await, [10, 10]);
        other.signal(Signal::SIGKILL);
        other.has_ended().await;
        eventually("the rest has all", Duration::from_secs(6), async || {
            granted(&one, &admin).await == [20] && max_connections(&one).await == 20
        })
        .await;
        one.stop().await;
    }

    async fn a_clients_health_tells_of_its_database_and_connections(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        let id = server.client_at_work(&admin, "acme", PASSWORD).await;
        let path = format!("/api/enterprise/clients/{id}/health");
        let health = answer(server.get(&path, &admin)).await;
        assert_eq!((health.status.as_u16(), &health.body["database"]), (200, &json!("connected")));
        assert_eq!((&health.body["server"], &health.body["connections"]["waiting"]), (&json!("main"), &json!(0)));
        assert!(health.body["connections"]["open"].as_u64().unwrap() >= 1, "{}", health.body);

        let user = server.user("acme", PASSWORD).await;
        for path in [&*path, SERVERS] {
            assert_eq!(answer(server.get(path, &user)).await.body["code"], "wrong_realm");
            assert_eq!(answer(server.request(Method::GET, path)).await.body["code"], "token_missing");
        }
        let suspend = format!("/api/enterprise/clients/{id}/suspend");
        answer(server.request(Method::POST, &suspend).bearer_auth(&admin)).await;
        let health = answer(server.get(&path, &admin)).await;
        assert_eq!(health.body["database"], "closed");
        assert_eq!(health.body["connections"], json!({"open": 0, "idle": 0, "waiting": 0}));
        let nobody = format!("/api/enterprise/clients/{}/health", uuid::Uuid::now_v7());
        assert_eq!(answer(server.get(&nobody, &admin)).await.body["code"], "not_found");
        server.stop().await;
    }

    async fn a_client_that_names_no_server_there_is_is_refused(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        for name in ["moon", "M", "", "-"] {
            let refused = answer(new_client(&server, &admin, "acme", name)).await;
            assert_eq!(refused.body["code"], "validation_failed", "{name:?}");
            assert_eq!(refused.body["errors"][0]["field"], "server");
        }
        let named = answer(new_client(&server, &admin, "acme", "main")).await;
        assert_eq!((named.status.as_u16(), &named.body["client"]["server"]), (201, &json!("main")));
        server.stop().await;
    }
}

fn new_client(server: &Program, admin: &str, slug: &str, on: &str) -> reqwest::RequestBuilder {
    let body = json!({
        "name": slug, "slug": slug, "adminEmail": "ann@example.com", "adminName": "Ann", "server": on,
    });
    let request = server.post("/api/enterprise/clients", &body);
    request.bearer_auth(admin)
}

#[tokio::test]
async fn clients_are_spread_over_the_servers_that_are_configured() {
    let place = Place::postgres();
    let url = std::env::var("TEST_POSTGRES_URL").unwrap();
    let server = place
        .start_with(&[("ERP_SERVERS", format!("second={url}"))])
        .await;
    let admin = server.admin().await;
    let mut placed = Vec::new();
    for slug in ["client-a", "client-b"] {
        let made = answer(server.new_client(&admin, slug)).await;
        placed.push(text(&made.body["client"]["server"]));
    }
    assert_eq!(placed, ["main", "second"]);
    let made = answer(new_client(&server, &admin, "client-c", "second")).await;
    assert_eq!(made.body["client"]["server"], "second");
    let listed = answer(server.get(SERVERS, &admin)).await;
    assert_eq!(
        (
            &listed.body["servers"][1]["id"],
            &listed.body["servers"][1]["clients"]
        ),
        (&json!("second"), &json!(2))
    );
    assert!(
        !listed.body.to_string().contains("postgres"),
        "{}",
        listed.body
    );
    server.stop().await;
    place.clear().await;
}
