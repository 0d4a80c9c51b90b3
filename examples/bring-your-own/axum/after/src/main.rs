//! Serves notes.

use std::env;
use std::error::Error;
use std::sync::Arc;

use bring_your_own_axum_after::{AppState, app, worker};
use multitenant_axum::TenantRouter;
use multitenant_core::cli::PlatformProcess;
use multitenant_core::platform::Platform;
use multitenant_core::rbac::access::REGISTRY;
use multitenant_core::resolve::Resolver;
use multitenant_core::tenant::{CacheOptions, FixedTenants, Tenant};
use sqlx::PgPool;
use tokio::net::TcpListener;

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
    tokio::spawn(worker::run(Arc::clone(resolver.tenants())));
    let of_tenant = move |tenant: &Tenant| {
        let secret = tenant.derive_secret(&secret);
        Ok(app(AppState::new(tenant.db()?, secret, tenant.clone())))
    };
    let app = TenantRouter::new(resolver, CacheOptions::default(), of_tenant);
    let listener = TcpListener::bind(env::var("ADDRESS")?).await?;
    axum::serve(listener, app.into_router())
        .with_graceful_shutdown(PlatformProcess::asked_to_end())
        .await?;
    process.end().await;
    Ok(())
}
