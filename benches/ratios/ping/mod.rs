//! `GET ping`, where the whole gate stands before a handler that does nothing, beside a bare route
//! under the same layers, in requests per second of the server's processor time.

mod load;
mod server;

use criterion::Criterion;
use tokio::runtime::Runtime;

use self::load::Load;
use self::server::Server;
use crate::contest::Contest;
use crate::report::{Report, Target};

pub(crate) use self::server::{is_server, serve};

pub(crate) fn run(runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    let server = Server::start();
    if server.processor_time().is_none() {
        report.leave_out("GET ping, since the system has no /proc to read processor time from");
        return;
    }
    let load = runtime.block_on(Load::on(&server));
    let measure = |path: &'static str| {
        let (server, load) = (&server, &load);
        move |times| {
            let before = server.processor_time().unwrap_or_default();
            runtime.block_on(load.ask(path, times));
            server.processor_time().unwrap_or_default() - before
        }
    };
    Contest::of("GET ping", measure(server::PING))
        .per_cpu_second()
        .against(
            "a bare route, same layers",
            Target::AtLeast(0.7),
            measure(server::LAYERED),
        )
        .against("a bare route, no layers", None, measure(server::NAKED))
        .run(criterion, report);
}
