//! Serves notes.

use std::env;
use std::error::Error;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{App, HttpServer};
use bring_your_own_actix_before::{AppState, app, worker};
use sqlx::PgPool;
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = env::var("SECRET")?;
    let pool = PgPool::connect(&env::var("DATABASE_URL")?).await?;
    sqlx::migrate!().run(&pool).await?;
    let waker = Arc::<Notify>::default();
    tokio::spawn(worker::run(pool.clone(), Arc::clone(&waker)));
    let state = Data::new(AppState::new(pool, secret.into(), waker));
    let app = move || App::new().app_data(state.clone()).configure(app);
    HttpServer::new(app)
        .bind(env::var("ADDRESS")?)?
        .run()
        .await?;
    Ok(())
}
