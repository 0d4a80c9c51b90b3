//! The whole decision on a warm request: who acts for which tenant.

use std::time::{Duration, Instant};

use criterion::Criterion;
use multitenant_core::gate::Access;
use multitenant_core::platform::Platform;
use multitenant_core::testing::{TestPlatform, TestRequest};
use tokio::runtime::Runtime;

use crate::contest::Contest;
use crate::permission::permissions::{REGISTRY, invoices};
use crate::report::Report;

pub(crate) fn run(runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    let kit = TestPlatform::on_sqlite(REGISTRY).tenants(["acme"]);
    let (kit, request) = runtime.block_on(async {
        let kit = kit.start().await.expect("a platform");
        let request = kit.tenant("acme").request().await;
        (kit, request.expect("a request"))
    });
    for (what, access) in [
        ("a warm request's admission, any user", Access::USER),
        (
            "a warm request's admission, a permission",
            invoices::READ.into(),
        ),
    ] {
        Contest::of(what, |times| {
            runtime.block_on(admit(kit.platform(), &request, access, times))
        })
        .run(criterion, report);
    }
    runtime.block_on(kit.end()).expect("an end");
}

async fn admit(platform: &Platform, request: &TestRequest, access: Access, times: u64) -> Duration {
    let began = Instant::now();
    for _ in 0..times {
        let admitted = platform.gate().admit(request, access).await;
        std::hint::black_box(admitted.is_ok());
    }
    began.elapsed()
}
