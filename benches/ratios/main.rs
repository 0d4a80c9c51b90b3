//! What the library costs, each time beside what the bare parts cost in the same run.
//!
//! `scripts/bench` runs it and ends with a table; `docs/benchmarks.md` says what each line means.
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing better to do than to say so and end"
)]

mod cache;
mod contest;
mod gate;
mod permission;
mod ping;
mod place;
mod provision;
mod query;
mod report;
mod token;

use criterion::Criterion;
use report::Report;
use tokio::runtime::Runtime;

fn main() {
    if ping::is_server() {
        return ping::serve();
    }
    let runtime = Runtime::new().expect("a runtime");
    let mut criterion = Criterion::default().configure_from_args();
    let mut report = Report::default();
    cache::run(&runtime, &mut criterion, &mut report);
    permission::run(&mut criterion, &mut report);
    token::run(&mut criterion, &mut report);
    gate::run(&runtime, &mut criterion, &mut report);
    ping::run(&runtime, &mut criterion, &mut report);
    query::run(&runtime, &mut criterion, &mut report);
    provision::run(&runtime, &mut criterion, &mut report);
    criterion.final_summary();
    report.print();
}
