//! What the command line says.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use serde::Serialize;
use url::Url;

use crate::choice::Distribution;

/// Measures any number of tenants through a fixed number of connections, beside the usual ways to do it.
///
/// All are measured on the same databases, in turns; none holds a connection while it is another's
/// turn. Without a server it starts one of its own, on the loopback, gone at the end.
#[derive(Debug, Parser)]
#[command(name = "many-tenants")]
pub(crate) struct Arguments {
    /// Tenants, each with a database of its own.
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    tenants: u64,
    /// Most connections that the manager, and each pool on one database, may open.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(2..=10_000))]
    budget: u64,
    /// Requests under way at any time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    concurrency: u64,
    /// How long each is measured, over all its turns, without what warms it up.
    #[arg(long, default_value = "8", value_parser = seconds)]
    pub(crate) seconds: Duration,
    /// Turns that each gets.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rounds: u32,
    /// Seconds at the beginning of each turn that are not counted.
    #[arg(long, default_value = "1", value_parser = seconds_or_none)]
    pub(crate) warm_up: Duration,
    /// A server on which databases may be made, by a role with CREATEDB and CREATEROLE.
    #[arg(long, value_name = "URL")]
    pub(crate) postgres_url: Option<Url>,
    /// On a server of its own: let everybody on this machine in without a password, so that opening
    /// a connection costs no key derivation.
    #[arg(long, conflicts_with = "postgres_url")]
    pub(crate) trust: bool,
    /// Keep the databases for the next run.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Every tenant is asked for as often as every other.
    #[arg(long, conflicts_with = "zipf")]
    uniform: bool,
    /// The k-th tenant is asked for in proportion to 1 / k to the power of this [default: 1.0].
    #[arg(long, value_name = "EXPONENT", num_args = 0..=1, default_missing_value = "1", value_parser = exponent)]
    zipf: Option<f64>,
    /// Measure these alone, separated by commas.
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
    /// Measure alone what a flood of one tenant does to twenty light ones.
    #[arg(long, conflicts_with = "only")]
    flood: bool,
    /// Write the figures to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Chooses the same tenants in the same order as another run with this number.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// A way to reach tenants' databases, under its name in the file and on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "camelCase")]
#[value(rename_all = "camelCase")]
pub(crate) enum Way {
    /// The library's own.
    Manager,
    /// One default pool as large as the budget, on one database.
    SinglePool,
    /// The same without the ping before each use.
    SinglePoolNoPing,
    /// A connection for each request.
    ConnectPerRequest,
    /// An ordinary pool for each tenant, kept in an LRU.
    PoolPerTenant,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Way(Way),
    Fairness,
}

const FAIRNESS: &str = "fairness";

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case(FAIRNESS) {
            return Ok(Self::Fairness);
        }
        Way::from_str(text, true).map(Self::Way).map_err(|_| {
            let ways: Vec<_> = Way::value_variants().iter().map(|way| way.name()).collect();
            format!("expected {FAIRNESS}, {}", ways.join(", "))
        })
    }
}

impl Way {
    /// Its name in the file and on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Arguments {
    pub(crate) fn tenants(&self) -> usize {
        count(self.tenants)
    }

    pub(crate) fn budget(&self) -> usize {
        count(self.budget)
    }

    pub(crate) fn concurrency(&self) -> usize {
        count(self.concurrency)
    }

    pub(crate) fn distribution(&self) -> Distribution {
        match (self.uniform, self.zipf) {
            (true, _) => Distribution::Uniform,
            (false, exponent) => Distribution::Zipf(exponent.unwrap_or(1.0)),
        }
    }

    /// What takes turns under the same load.
    pub(crate) fn ways(&self) -> Vec<Way> {
        let all = Way::value_variants().iter().copied();
        all.filter(|way| self.includes(Part::Way(*way))).collect()
    }

    pub(crate) fn measures_fairness(&self) -> bool {
        self.includes(Part::Fairness)
    }

    fn includes(&self, part: Part) -> bool {
        if self.flood {
            return part == Part::Fairness;
        }
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Whether fairness is all that is asked for, and so gets all the time.
    pub(crate) fn is_fairness_alone(&self) -> bool {
        self.measures_fairness() && self.ways().is_empty()
    }
}

/// The parser keeps these far below what a `usize` holds.
fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let duration = seconds_or_none(text)?;
    if duration.is_zero() {
        return Err("it takes some time to measure anything".into());
    }
    Ok(duration)
}

fn seconds_or_none(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn exponent(text: &str) -> Result<f64, String> {
    let exponent: f64 = text.parse().map_err(|_| "expected a number such as 1.0")?;
    if exponent.is_finite() && exponent >= 0.0 {
        return Ok(exponent);
    }
    Err("expected a number that is not negative".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Arguments {
        let words = line.split_whitespace();
        Arguments::try_parse_from(std::iter::once("many-tenants").chain(words)).unwrap()
    }

    #[test]
    fn everything_is_measured_unless_parts_are_named() {
        for (line, ways, fairness) in [
            ("--uniform", Way::value_variants(), true),
            ("--only manager", &[Way::Manager], false),
            (
                "--only connectPerRequest,Manager,fairness",
                &[Way::Manager, Way::ConnectPerRequest],
                true,
            ),
            ("--flood", &[], true),
        ] {
            let arguments = parse(line);
            assert_eq!(arguments.ways(), ways, "{line}");
            assert_eq!(arguments.measures_fairness(), fairness, "{line}");
        }
        assert!(
            "pools"
                .parse::<Part>()
                .unwrap_err()
                .contains("poolPerTenant")
        );
    }

    #[test]
    fn tenants_are_chosen_by_zipf_unless_said_otherwise() {
        for (line, distribution) in [
            ("", Distribution::Zipf(1.0)),
            ("--zipf", Distribution::Zipf(1.0)),
            ("--zipf 0.8", Distribution::Zipf(0.8)),
            ("--uniform", Distribution::Uniform),
        ] {
            assert_eq!(parse(line).distribution(), distribution, "{line}");
        }
    }
}
