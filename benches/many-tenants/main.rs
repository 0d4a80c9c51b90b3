//! Any number of tenants through a fixed number of connections, beside the usual ways to do it.
//!
//! `docs/many-tenants.md` says how to use it and what each figure means.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks to whoever started it"
)]

mod arguments;
mod arms;
mod choice;
mod databases;
mod fairness;
mod interruption;
mod load;
mod monitor;
mod progress;
mod report;
mod server;
mod tally;
mod turns;

use std::fs::File;
use std::io::{ErrorKind, Write as _, stderr, stdout};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;

use arguments::Arguments;
use databases::Claim;
use interruption::until_interrupted;
use monitor::Monitor;
use report::{Report, Run};
use server::Server;
use turns::Turns;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let written = match run(&arguments).await {
        Ok(report) => write!(stdout(), "{report}"),
        Err(error) => writeln!(stderr(), "error: {error:#}").and(Err(ErrorKind::Other.into())),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Measures, and tidies up whatever becomes of it.
async fn run(arguments: &Arguments) -> Result<Report> {
    let mut server = Server::of(arguments)?;
    let mut claim = None;
    let measured = until_interrupted(async {
        let claim = claim.insert(Claim::on(server.url().await?).await?);
        let report = measure(arguments, claim).await?;
        write_file(arguments, &report)?;
        Ok(report)
    })
    .await;
    let dropped = match claim {
        Some(claim) if server.outlives_us() && !arguments.keep => claim.drop_databases().await,
        _ => Ok(()),
    };
    server.stop().await?;
    let report = measured?;
    dropped?;
    Ok(report)
}

async fn measure(arguments: &Arguments, claim: &Claim) -> Result<Report> {
    let began = Instant::now();
    let databases = claim
        .databases(arguments.tenants().max(fairness::TENANTS))
        .await?;
    let making = began.elapsed().as_secs_f64();
    let mut monitor = Monitor::connect(claim.url()).await?;
    let run = Run::of(arguments, monitor.server_version().await?, making);
    let turns = Turns::of(arguments, &databases);
    let counted = turns.take(arguments.ways(), &mut monitor).await?;
    let fairness = match arguments.measures_fairness() {
        true => Some(fairness::measure(arguments, &databases, &mut monitor).await?),
        false => None,
    };
    Ok(Report::of(run, &counted, fairness.as_ref()))
}

fn write_file(arguments: &Arguments, report: &Report) -> Result<()> {
    let Some(path) = &arguments.json else {
        return Ok(());
    };
    let written = File::create(path).map(|file| serde_json::to_writer_pretty(file, report));
    written
        .with_context(|| format!("writing {}", path.display()))?
        .map_err(Into::into)
}
