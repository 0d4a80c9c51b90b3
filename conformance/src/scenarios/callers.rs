use std::time::Duration;

use multitenant_core::Code;

use crate::{Adapter, Ask, Server, World, eventually};

/// Everything that is open is idle, and the tenant is served.
async fn nothing_is_held(world: &World, server: Server) {
    let tenant = world.tenant(&world.a).await;
    eventually("all connections are idle again", async || {
        let (open, idle) = tenant.connections();
        open == idle
    })
    .await;
    let names = server.ask(Ask::get("/names").bearer("viewer-of-a")).await;
    assert_eq!(names.text(), "row of a");
}

/// Callers who go away in the middle of a transaction and of a response, more of them than there
/// are connections.
pub async fn callers_who_go_away_give_everything_back<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    for path in ["/hold", "/hold", "/hold", "/hold", "/hold"] {
        let ask = Ask::get(path).bearer("viewer-of-a");
        let stream = ask.begin(server.address).await;
        world.signals.at_work.notified().await;
        drop(stream);
    }
    for _ in 0..5 {
        let ask = Ask::get("/stream").bearer("viewer-of-a");
        drop(ask.begin(server.address).await);
    }
    nothing_is_held(&world, server).await;
}

/// A panic in the middle of a transaction.
pub async fn a_handler_that_panics_is_an_internal_error<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    for _ in 0..5 {
        let ask = Ask::get("/panic").bearer("viewer-of-a");
        let problem = server.refuses(ask, Code::Internal).await;
        assert!(!problem.to_string().contains("told"));
    }
    nothing_is_held(&world, server).await;
}

/// A handler that never ends, and one that holds a transaction.
pub async fn a_request_that_takes_too_long_is_told_so<A: Adapter>() {
    let world = World::new().await;
    let soon = Duration::from_millis(100);
    let server = world.serve_within::<A>(soon).await;
    let _ = server
        .refuses(Ask::get("/late"), Code::RequestTimeout)
        .await;
    let hold = Ask::get("/hold").bearer("viewer-of-a");
    let _ = server.refuses(hold, Code::RequestTimeout).await;
    let server = world.serve::<A>().await;
    nothing_is_held(&world, server).await;
}
