//! Serves notes.

use std::env;
use std::error::Error;

use actix_web::{App, HttpServer};
use bring_your_own_actix_after::{AppState, app, worker};
use multitenant_actix::Guard;
use multitenant_core::cli::PlatformProcess;
use multitenant_core::platform::Platform;
use multitenant_core::rbac::access::REGISTRY;
use multitenant_core::resolve::Resolver;
use multitenant_core::tenant::FixedTenants;
use sqlx::PgPool;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut process = PlatformProcess::from_arguments();
    let secret = env::var("SECRET")?;
    let resolver = if let Ok(url) = env::var("DATABASE_URL") {
        process.refuse_commands();
        let pool = PgPool::connect(&url).await?;
        sqlx::migrate!().run(&pool).await?;
        Resolver::from(FixedTenants::single("own", pool)?)
    } else {
        let platform = Platform::from_env(REGISTRY)?.without_accounts();
        let platform = platform.schema(sqlx::migrate!());
        process.start(platform).await.resolver()
    };
    tokio::spawn(worker::run(resolver.tenants().clone()));
    let guard = Guard::by_name(resolver).with_state(move |tenant| {
        let secret = tenant.derive_secret(&secret);
        Ok(AppState::new(tenant.db()?, secret, tenant.clone()))
    });
    let app = move || App::new().configure(app).wrap(guard.clone());
    HttpServer::new(app)
        .bind(env::var("ADDRESS")?)?
        .run()
        .await?;
    process.end().await;
    Ok(())
}
