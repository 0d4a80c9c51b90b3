use multitenant_core::Code;

use crate::table::cases;
use crate::{Adapter, Ask, World};

/// The whole of `cases.txt`.
pub async fn every_case_is_answered_as_it_is_written<A: Adapter>() {
    let mut faults = Vec::new();
    for in_development in [false, true] {
        let world = match in_development {
            false => World::new().await,
            true => World::in_development().await,
        };
        let server = world.serve::<A>().await;
        let cases = cases(world.a.id, world.b.id).into_iter();
        for case in cases.filter(|case| case.in_development == in_development) {
            let answer = server.ask(case.ask.clone()).await;
            faults.extend(case.fault(&answer));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Each code as a problem, with its headers.
pub async fn every_code_there_is_can_be_answered<A: Adapter>() {
    let world = World::new().await;
    let server = world.serve::<A>().await;
    for code in Code::ALL {
        let ask = Ask::get(format!("/codes/{code}"));
        let _ = server.refuses(ask, *code).await;
    }
}
