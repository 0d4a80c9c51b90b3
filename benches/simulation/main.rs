//! Whom a scarce budget serves: the scheduler that runs, on a clock that costs nothing.
//!
//! Opening is the limit once busy tenants outnumber connections. A server that opens so many a
//! second, and finds the hottest tenants' connections idle always, would serve so many requests
//! over the share of those that miss: the opening limit. Each line says which part of it a policy
//! reaches, and how long requests wait.
//!
//!     cargo run --release -p multitenant-benches --bin simulation

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks to whoever started it"
)]

mod flood;
mod load;
mod server;

use std::time::Duration;

use load::{Load, Outcome};
use server::Server;

/// How the tenants of the requests are spread.
const SPREADS: [(&str, f64); 2] = [("Zipf 1.0", 1.0), ("uniform", 0.0)];

/// How long a use counts: the shortest makes it the least recently used that gives way.
const HALF_LIVES: [Duration; 4] = [
    Duration::from_millis(1),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(10),
];

fn main() -> std::io::Result<()> {
    println!("150 tenants, budget 40, 64 workers; 325 openings a second, queries of 1 ms\n");
    println!("spread    half-life  openings  opened/s  requests/s  of the limit  p50 ms  p99 ms");
    for (name, exponent) in SPREADS {
        for half_life in HALF_LIVES {
            for openings in [4, 8] {
                let load = Load {
                    exponent,
                    half_life,
                    openings,
                    ..Load::default()
                };
                print(name, &load, &simulate(&load)?);
            }
        }
    }
    println!(
        "\ntwenty light tenants of 5 requests a second beside a flood of 200 workers, budget 20"
    );
    println!("flood  p50 ms  p95 ms  p99 ms  p99.9 ms  the flood's requests/s");
    for floods in [false, true] {
        let fairness = paused()?.block_on(flood::run(floods));
        println!(
            "{:5}  {:>6}  {:>6}  {:>6}  {:>8}  {:>22.0}",
            if floods { "yes" } else { "no" },
            fairness.at_percent(50.0).as_millis(),
            fairness.at_percent(95.0).as_millis(),
            fairness.at_percent(99.0).as_millis(),
            fairness.at_percent(99.9).as_millis(),
            fairness.flooded,
        );
    }
    Ok(())
}

/// Runs a load on a clock that goes on whenever everybody waits.
fn simulate(load: &Load) -> std::io::Result<Outcome> {
    Ok(paused()?.block_on(load.run(Server::new())))
}

fn paused() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
}

fn print(spread: &str, load: &Load, outcome: &Outcome) {
    println!(
        "{spread:8}  {:>9}  {:>8}  {:>8.0}  {:>10.0}  {:>12.2}  {:>6}  {:>6}",
        format!("{:?}", load.half_life),
        load.openings,
        outcome.opened,
        outcome.rate,
        outcome.rate / load.opening_limit(server::OPENINGS_A_SECOND),
        outcome.median.as_millis(),
        outcome.slowest_hundredth.as_millis(),
    );
}
