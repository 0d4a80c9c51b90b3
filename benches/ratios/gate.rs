//! The whole decision on a warm request: who acts for which tenant.

use std::time::{Duration, Instant};

use criterion::Criterion;
use multitenant_core::gate::Access;
use multitenant_core::platform::Platform;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::contest::Contest;
use crate::permission::permissions::invoices;
use crate::platform::{self, Request};
use crate::report::Report;

pub(crate) fn run(runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    let folder = TempDir::new().expect("a temporary folder");
    let (platform, request) = runtime.block_on(async {
        let builder = platform::on_sqlite(&folder.path().join("data"));
        let platform = builder.start().await.expect("a platform");
        let request = platform::user_at_work(&platform, "acme").await;
        (platform, request)
    });
    for (what, access) in [
        ("a warm request's admission, any user", Access::USER),
        (
            "a warm request's admission, a permission",
            invoices::READ.into(),
        ),
    ] {
        Contest::of(what, |times| {
            runtime.block_on(admit(&platform, &request, access, times))
        })
        .run(criterion, report);
    }
    runtime.block_on(platform.shut_down(Duration::from_secs(5)));
}

async fn admit(platform: &Platform, request: &Request, access: Access, times: u64) -> Duration {
    let began = Instant::now();
    for _ in 0..times {
        let admitted = platform.gate().admit(request, access).await;
        std::hint::black_box(admitted.is_ok());
    }
    began.elapsed()
}
