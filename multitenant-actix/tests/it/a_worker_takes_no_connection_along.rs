//! Workers end, tenants' connections stay.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::web::Data;
use multitenant_actix::{Db, Guarded, Problem, get};
use multitenant_conformance::{Ask, PostgresWorld, Signals, eventually};
use multitenant_core::gate::{Access, Gate};
use sqlx::Postgres;
use tokio::task::JoinSet;

use crate::common::{Running, serve};

const PID: &str = "SELECT pg_backend_pid()";

async fn query(Db(db): Db<Postgres>) -> Result<String, Problem> {
    let pid: i32 = sqlx::query_scalar(PID).fetch_one(&db).await?;
    Ok(pid.to_string())
}

async fn transaction(Db(db): Db<Postgres>) -> Result<String, Problem> {
    let mut transaction = db.begin().await?;
    let pid: i32 = sqlx::query_scalar(PID).fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(pid.to_string())
}

/// Is in the middle of a transaction when its worker ends.
async fn hold(signals: Data<Signals>, Db(db): Db<Postgres>) -> Result<String, Problem> {
    let mut transaction = db.begin().await?;
    sqlx::query(PID).execute(&mut *transaction).await?;
    signals.at_work.notify_one();
    std::future::pending().await
}

async fn server(gate: &Gate, signals: &Arc<Signals>, workers: usize) -> Running {
    let (gate, signals) = (gate.clone(), Arc::clone(signals));
    let configure = move |services: &mut actix_web::web::ServiceConfig| {
        services.app_data(Data::from(Arc::clone(&signals)));
        Guarded::new(gate.clone())
            .route(Access::USER, "/query", get(query))
            .route(Access::USER, "/transaction", get(transaction))
            .route(Access::USER, "/hold", get(hold))
            .configure(services);
    };
    serve(workers, configure).await
}

/// Asks for as long as it is answered, and returns how often that was.
async fn load(address: SocketAddr, path: &str) -> usize {
    let mut answered = 0;
    while let Some(answer) = Ask::get(path).bearer("viewer-of-a").try_send(address).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
        answered += 1;
    }
    answered
}

async fn end(running: Running) {
    running.handle.stop(false).await;
    let joined = tokio::task::spawn_blocking(|| running.thread.join());
    joined.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retired_worker_leaves_every_connection_to_the_others() {
    let world = PostgresWorld::new().await;
    let signals = Arc::<Signals>::default();
    let retired = server(&world.gate, &signals, 2).await;
    let address = retired.address;
    let _hold = Ask::get("/hold").bearer("viewer-of-a").begin(address).await;
    signals.at_work.notified().await;
    let paths = ["/query", "/transaction", "/query", "/transaction"];
    let loads: JoinSet<_> = paths.map(|path| load(address, path)).into_iter().collect();
    // As many as it may have, so that none need be opened for those who come later.
    let tenant = world.tenant().await;
    eventually("the load is on", async || tenant.connections().0 == 4).await;
    let before = world.backends().await;

    end(retired).await;
    assert!(loads.join_all().await.into_iter().sum::<usize>() > 0);
    let next = server(&world.gate, &signals, 1).await;
    for path in paths.repeat(10) {
        let answer = Ask::get(path)
            .bearer("viewer-of-a")
            .send(next.address)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let pid = answer.text().parse().unwrap();
        assert!(before.contains(&pid), "{pid} is none of {before:?}");
    }
    assert_eq!(world.backends().await, before);
    eventually("nothing is held", async || tenant.connections() == (4, 4)).await;
    end(next).await;
    drop(tenant);
    world.clear().await;
}
