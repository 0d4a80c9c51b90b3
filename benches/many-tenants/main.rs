//! Many tenants' databases through few connections, beside what people do otherwise.
//!
//!     cargo run --release -p multitenant-benches --bin many-tenants -- --zipf 1.0 --json out.json
//!
//! Each contender has its turns on the same databases, and none holds a connection during another's.
//! Connections are counted by the server.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks to whoever started it"
)]

mod arguments;
mod arms;
mod census;
mod databases;
mod flood;
mod load;
mod report;
mod server;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Contender};
use census::Census;
use databases::Databases;
use report::Report;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failure>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(url) = arguments.postgres_url.clone() else {
        return server::run_again_with_one();
    };
    match measure(&arguments, &url) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn measure(arguments: &Arguments, url: &str) -> Result<()> {
    let tenants = arguments.tenants.max(flood::TENANTS);
    let databases = Databases::make(url, tenants).await?;
    let measured = measure_all(arguments, &databases).await;
    if !arguments.keep {
        databases.drop_all().await?;
    }
    let report = measured?;
    report.print();
    match &arguments.json {
        Some(file) => Ok(std::fs::write(file, report.json().to_string())?),
        None => Ok(()),
    }
}

async fn measure_all(arguments: &Arguments, databases: &Databases) -> Result<Report> {
    let census = Census::begin(databases).await?;
    let contenders = arguments.contenders();
    let mut report = Report::new(arguments);
    let progress = load::progress(arguments, contenders.len());
    for _ in 0..arguments.slices() {
        for contender in &contenders {
            census.nobody_is_left().await?;
            let slice = load::slice(arguments, databases, &census, *contender).await?;
            report.add(*contender, slice);
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    if contenders.contains(&Contender::Manager) && !arguments.no_flood {
        report.fairness(flood::measure(arguments, databases, &census).await?);
    }
    Ok(report)
}
