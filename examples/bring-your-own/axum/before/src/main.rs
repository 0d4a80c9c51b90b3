//! Serves notes.

use std::env;
use std::error::Error;
use std::sync::Arc;

use bring_your_own_axum_before::{AppState, app, worker};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = env::var("SECRET")?;
    let pool = PgPool::connect(&env::var("DATABASE_URL")?).await?;
    sqlx::migrate!().run(&pool).await?;
    let waker = Arc::<Notify>::default();
    tokio::spawn(worker::run(pool.clone(), Arc::clone(&waker)));
    let app = app(AppState::new(pool, secret.into(), waker));
    let listener = TcpListener::bind(env::var("ADDRESS")?).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
