//! Which client a request is for, as its host, a proxy and a domain of the client's own tell. The
//! peer `127.0.0.2` is the configured proxy; `127.0.0.1` is a stranger.

use std::net::Ipv4Addr;

use reqwest::Method;
use serde_json::json;

use crate::common::program::{Program, answer};
use crate::on_both_engines;

const PASSWORD: &str = "a password of my own";
const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const STRANGER: Ipv4Addr = Ipv4Addr::LOCALHOST;

type Headers = &'static [(&'static str, &'static str)];

/// Two clients at work; `acme` has a domain of its own.
struct World {
    server: Program,
    admin: String,
    acme: String,
    token: String,
}

impl World {
    async fn start(server: Program) -> Self {
        let admin = server.admin().await;
        let acme = server.client_at_work(&admin, "acme", PASSWORD).await;
        server.client_at_work(&admin, "globex", PASSWORD).await;
        let world = Self {
            token: server.user("acme", PASSWORD).await,
            server,
            admin,
            acme,
        };
        assert_eq!(world.domain(Method::PUT, "shop.acme.test").await, 204);
        world
    }

    async fn domain(&self, method: Method, domain: &str) -> u16 {
        let path = format!("/api/enterprise/clients/{}/domains/{domain}", self.acme);
        let request = self.server.request(method, &path).bearer_auth(&self.admin);
        answer(request).await.status.as_u16()
    }

    /// What a ping as acme's admin comes to: the client's slug, or the code of the refusal.
    async fn ping(&self, peer: Ipv4Addr, headers: &[(&str, &str)]) -> String {
        let client = reqwest::Client::builder().local_address(Some(peer.into()));
        let url = format!("http://{}/api/client/ping", self.server.address);
        let mut request = client.build().unwrap().get(url).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = answer(request).await.body;
        let word = body["tenant"].as_str().or(body["code"].as_str());
        word.unwrap_or_default().to_owned()
    }

    /// What signing in to the client that a host names comes to.
    async fn sign_in(&self, peer: Ipv4Addr, headers: &[(&str, &str)]) -> String {
        let client = reqwest::Client::builder().local_address(Some(peer.into()));
        let url = format!("http://{}/api/client/auth/login", self.server.address);
        let credentials = json!({"email": "ann@example.com", "password": PASSWORD});
        let mut request = client.build().unwrap().post(url).json(&credentials);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = answer(request).await;
        let code = answered.body["code"].as_str().map(str::to_owned);
        code.unwrap_or_else(|| answered.status.to_string())
    }
}

const PRODUCTION: [(&str, &str); 4] = [
    ("APP_ENV", "production"),
    ("ENTERPRISE_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
    ("CLIENT_JWT_SECRET", "fedcba9876543210fedcba9876543210"),
    (
        "DB_ENCRYPTION_KEY",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ),
];

async fn sign_in_by_query(server: Program) -> String {
    let admin = server.admin().await;
    server.client_at_work(&admin, "acme", PASSWORD).await;
    let credentials = json!({"email": "ann@example.com", "password": PASSWORD});
    let request = server.post("/api/client/auth/login?tenant=acme", &credentials);
    let answered = answer(request).await;
    server.stop().await;
    let code = answered.body["code"].as_str().map(str::to_owned);
    code.unwrap_or_else(|| answered.status.to_string())
}

on_both_engines! {
    async fn the_host_a_proxy_and_an_own_domain_name_the_client(place: Place) {
        let proxies = [("ERP_TRUSTED_PROXIES", PROXY.to_string())];
        let world = World::start(place.start_with(&proxies).await).await;
        let (mine, mismatch) = ("acme", "tenant_mismatch");
        let table: [(Ipv4Addr, Headers, &str); 22] = [
            (STRANGER, &[], mine),
            (STRANGER, &[("host", "acme.example.com")], mine),
            (STRANGER, &[("host", "ACME.Example.com.:8080")], mine),
            (STRANGER, &[("host", "globex.example.com")], mismatch),
            (STRANGER, &[("host", "shop.acme.test")], mine),
            (STRANGER, &[("host", "SHOP.acme.test.:443")], mine),
            (STRANGER, &[("host", "elsewhere.test")], mine),
            (STRANGER, &[("host", "shop.acme.test"), ("x-tenant-id", "globex")], mismatch),
            // Only the configured proxy is believed.
            (STRANGER, &[("x-forwarded-host", "globex.example.com")], mine),
            (STRANGER, &[("forwarded", "host=globex.example.com")], mine),
            (PROXY, &[("x-forwarded-host", "acme.example.com")], mine),
            (PROXY, &[("x-forwarded-host", "shop.acme.test")], mine),
            (PROXY, &[("x-forwarded-host", "globex.example.com")], mismatch),
            (PROXY, &[("forwarded", "host=globex.example.com")], mismatch),
            (PROXY, &[("forwarded", "for=192.0.2.1;host=shop.acme.test")], mine),
            (PROXY, &[("host", "acme.example.com"), ("x-forwarded-host", "globex.example.com")], mismatch),
            (PROXY, &[("x-forwarded-host", "acme.example.com"), ("forwarded", "host=globex.example.com")], mismatch),
            (PROXY, &[("x-forwarded-host", "acme.example.com, globex.example.com")], mismatch),
            (PROXY, &[("x-forwarded-host", "acme.example.com"), ("x-forwarded-host", "acme.example.com")], mismatch),
            (PROXY, &[("forwarded", "host=\"acme.example.com")], mismatch),
            // What another proxy, further away, wrote is not ours to believe.
            (PROXY, &[("forwarded", "host=globex.example.com, for=192.0.2.1;host=acme.example.com")], mine),
            (STRANGER, &[("x-tenant-id", "acme"), ("x-tenant-id", "acme")], mismatch),
        ];
        for (peer, headers, expected) in table {
            assert_eq!(world.ping(peer, headers).await, expected, "{peer} {headers:?}");
        }

        let table: [(Ipv4Addr, Headers, &str); 8] = [
            (STRANGER, &[], "tenant_required"),
            (STRANGER, &[("host", "shop.acme.test")], "200 OK"),
            (STRANGER, &[("host", "acme.example.com")], "200 OK"),
            (STRANGER, &[("host", "acme.example.com.evil.test")], "tenant_required"),
            (STRANGER, &[("host", "nobody-here.example.com")], "invalid_credentials"),
            (STRANGER, &[("x-forwarded-host", "acme.example.com")], "tenant_required"),
            (PROXY, &[("x-forwarded-host", "acme.example.com")], "200 OK"),
            (PROXY, &[("forwarded", "host=shop.acme.test")], "200 OK"),
        ];
        for (peer, headers, expected) in table {
            assert_eq!(world.sign_in(peer, headers).await, expected, "{peer} {headers:?}");
        }

        // Taken away, the domain names nobody any more.
        assert_eq!(world.domain(Method::DELETE, "shop.acme.test").await, 204);
        assert_eq!(world.sign_in(STRANGER, &[("host", "shop.acme.test")]).await, "tenant_required");
        world.server.stop().await;
    }

    async fn a_domain_is_one_clients_own(place: Place) {
        let world = World::start(place.start().await).await;
        let path = format!("/api/enterprise/clients/{}/domains", world.acme);
        let listed = answer(world.server.get(&path, &world.admin)).await;
        assert_eq!(listed.body, json!({"domains": ["shop.acme.test"], "total": 1}));
        assert_eq!(world.domain(Method::PUT, "SHOP.acme.test.").await, 204, "it is the same");
        assert_eq!(world.domain(Method::PUT, "not%20a%20domain").await, 422);
        assert_eq!(world.domain(Method::DELETE, "other.acme.test").await, 404);
        let globex = answer(world.server.get("/api/enterprise/clients?search=globex", &world.admin)).await;
        let globex = globex.body["clients"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/enterprise/clients/{globex}/domains/shop.acme.test");
        let taken = world.server.request(Method::PUT, &path).bearer_auth(&world.admin);
        assert_eq!(answer(taken).await.body["code"], "conflict");
        world.server.stop().await;
    }

    async fn in_production_a_query_names_no_client(place: Place) {
        let production = PRODUCTION.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(sign_in_by_query(place.start_with(&production).await).await, "tenant_required");
    }

    async fn in_development_a_query_names_the_client(place: Place) {
        assert_eq!(sign_in_by_query(place.start().await).await, "200 OK");
    }
}
