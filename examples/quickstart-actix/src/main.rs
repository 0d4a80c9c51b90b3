//! Notes of many tenants, each with a SQLite file of its own.

use std::{collections::HashMap, sync::Arc};

use actix_web::{App, HttpServer, Responder};
use multitenant_actix::{Db, Guarded, Json, Problem, get, post};
use multitenant_core::auth::{AuthError, Authenticator, Identity, Policies};
use multitenant_core::directory::TenantRecord;
use multitenant_core::engine::{ConnectData, SqliteConnector};
use multitenant_core::gate::Gate;
use multitenant_core::resolve::{Resolver, Sources};
use multitenant_core::tenant::{ManagerOptions, TenantManager};
use multitenant_core::{Code, Realm, ServerId, TenantId};
use sqlx::Sqlite;

multitenant_core::permissions! { notes: [READ, CREATE] }

async fn list(Db(db): Db<Sqlite>) -> Result<Json<Vec<String>>, Problem> {
    let texts = sqlx::query_scalar("SELECT text FROM notes ORDER BY id LIMIT 50");
    Ok(Json(texts.fetch_all(&db).await?))
}

async fn create(Db(db): Db<Sqlite>, Json(text): Json<String>) -> Result<impl Responder, Problem> {
    let insert = sqlx::query("INSERT INTO notes (text) VALUES ($1)");
    insert.bind(text).execute(&db).await?;
    Ok(("", actix_web::http::StatusCode::CREATED))
}

/// Whose each key is.
struct Keys(HashMap<String, Identity>);

#[async_trait::async_trait]
impl Authenticator for Keys {
    async fn authenticate(&self, realm: Realm, key: &str) -> Result<Identity, AuthError> {
        let known = self.0.get(key).filter(|known| known.realm() == realm);
        known.cloned().ok_or(Code::TokenInvalid.into())
    }
}

fn routes(gate: Gate) -> Guarded {
    Guarded::new(gate)
        .route(notes::READ, "/notes", get(list))
        .route(notes::CREATE, "/notes", post(create))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut keys, mut tenants) = (HashMap::new(), Vec::new());
    for slug in ["acme", "globex"] {
        let file = ConnectData::new(ServerId::main(), format!("sqlite://{slug}.db?mode=rwc"));
        let tenant = TenantRecord::active(TenantId::generate(), slug.parse()?, file);
        let admin = Identity::user(tenant.id, "admin".parse()?, ["Admin".parse()?]);
        keys.insert(format!("key-of-{slug}"), admin);
        tenants.push(tenant);
    }
    let (connector, options) = (SqliteConnector::new(), ManagerOptions::default());
    let manager = TenantManager::fixed(connector, tenants, options).await?;
    for id in manager.ids() {
        let db = manager.get(id).await?.db::<Sqlite>()?;
        sqlx::migrate!().run(&db).await?;
    }
    let resolver = Resolver::new(Sources::default(), Arc::new(manager));
    let policies = Policies::default_roles(REGISTRY);
    let gate = Gate::new(resolver, Arc::new(Keys(keys)), policies);
    let port = std::env::var("PORT").unwrap_or("3000".into());
    let app = move || App::new().configure(|app| routes(gate.clone()).configure(app));
    let server = HttpServer::new(app).bind(format!("127.0.0.1:{port}"))?;
    Ok(server.run().await?)
}
