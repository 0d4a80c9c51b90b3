use multitenant_core::Code;
use multitenant_core::directory::TenantStatus;

use crate::{Adapter, Ask, World};

fn user() -> Ask {
    Ask::get("/who").bearer("viewer-of-a")
}

/// A suspended and a deleted tenant, before and after signing in.
pub async fn a_tenant_s_state_is_said_to_its_users_only<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    let suspended = TenantStatus::Suspended;
    world.directory.set_status(world.a.id, suspended);
    world.manager.catch_up().await.unwrap();
    let _ = server.refuses(user(), Code::TenantSuspended).await;
    let stranger = || Ask::get("/login").header("x-tenant-id", "tenant-a");
    assert_eq!(server.ask(stranger()).await.text(), "unknown");
    world.directory.delete(world.a.id);
    world.manager.catch_up().await.unwrap();
    let _ = server.refuses(user(), Code::TokenRevoked).await;
    assert_eq!(server.ask(stranger()).await.text(), "unknown");
}

/// A cold tenant while the directory is away.
pub async fn a_tenant_whose_record_cannot_be_read_is_asked_for_again_later<A: Adapter>() {
    let world = World::with_little_memory().await;
    let server = world.serve::<A>().await;
    world.directory.set_away(true);
    let answer = server.ask(user()).await;
    let _ = answer.check_problem(Code::TenantUnavailable, "/who");
    assert_eq!(answer.header("retry-after"), Some("1"));
    world.directory.set_away(false);
    assert_eq!(server.ask(user()).await.status, 200);
}

/// Rows of one tenant are answered to no user of the other.
pub async fn each_user_reads_their_own_tenant_s_rows_and_no_others<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    for (word, row) in [("viewer-of-a", "row of a"), ("viewer-of-b", "row of b")] {
        assert_eq!(
            server.ask(Ask::get("/names").bearer(word)).await.text(),
            row
        );
    }
    let across = Ask::get("/names").bearer("viewer-of-a");
    let across = across.header("x-tenant-id", "tenant-b");
    let problem = server.refuses(across, Code::TenantMismatch).await;
    assert!(!problem.to_string().contains("row"));
}
