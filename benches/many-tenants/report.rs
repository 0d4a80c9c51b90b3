use std::time::Duration;

use hdrhistogram::Histogram;
use multitenant_benches::Spread;
use serde_json::{Value, json};

use crate::arguments::{Arguments, Contender};
use crate::flood::Fairness;
use crate::load::{Slice, histogram};

/// The figures of a run.
pub(crate) struct Report {
    rows: Vec<(Contender, Sum)>,
    fairness: Option<Fairness>,
    /// The share of requests for others than the hottest tenants that fit into the budget.
    missing: f64,
    arguments: Arguments,
}

/// A contender's turns, taken together.
struct Sum {
    took: Duration,
    latencies: Option<Histogram<u64>>,
    errors: u64,
    first_error: Option<String>,
    most_connections: i64,
    opened: u64,
}

impl Report {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let spread = Spread::zipf(arguments.tenants, arguments.exponent());
        Self {
            rows: Vec::new(),
            fairness: None,
            missing: 1.0 - spread.of_the_hottest(arguments.budget),
            arguments: arguments.clone(),
        }
    }

    pub(crate) fn add(&mut self, contender: Contender, slice: Slice) {
        let row = self.rows.iter().position(|(of, _)| *of == contender);
        let row = row.unwrap_or_else(|| {
            self.rows.push((contender, Sum::nothing()));
            self.rows.len() - 1
        });
        if let Some((_, sum)) = self.rows.get_mut(row) {
            sum.add(slice);
        }
    }

    pub(crate) fn fairness(&mut self, fairness: Fairness) {
        self.fairness = Some(fairness);
    }

    fn of(&self, contender: Contender) -> Option<&Sum> {
        let row = self.rows.iter().find(|(of, _)| *of == contender);
        row.map(|(_, sum)| sum)
    }

    /// Requests a second if only those for others than the hottest tenants cost an opening each.
    fn opening_limit(&self) -> Option<f64> {
        let opened = self.of(Contender::ConnectPerRequest)?.rate();
        (self.missing > 1e-9).then(|| opened / self.missing)
    }

    /// Ours beside each of the others, and beside the opening limit.
    fn ratios(&self) -> Vec<(&'static str, f64)> {
        let Some(ours) = self.of(Contender::Manager).map(Sum::rate) else {
            return Vec::new();
        };
        let others = self.rows.iter().filter(|(of, _)| *of != Contender::Manager);
        let others = others.map(|(of, sum)| (name(*of), ours / sum.rate()));
        let limit = self
            .opening_limit()
            .map(|limit| ("openingLimit", ours / limit));
        others.chain(limit).collect()
    }

    pub(crate) fn json(&self) -> Value {
        let rows = |ours: bool| {
            let rows = self.rows.iter();
            rows.filter(move |(of, _)| (*of == Contender::Manager) == ours)
        };
        let baselines: serde_json::Map<_, _> = rows(false)
            .map(|(of, sum)| (name(*of).to_owned(), sum.json()))
            .collect();
        let ratios: serde_json::Map<_, _> = self
            .ratios()
            .into_iter()
            .map(|(name, ratio)| (name.to_owned(), json!(ratio)))
            .collect();
        json!({
            "manager": rows(true).next().map(|(_, sum)| sum.json()),
            "baselines": baselines,
            "fairness": self.fairness.as_ref().map(Fairness::json),
            "openingLimit": self.opening_limit(),
            "ratios": ratios,
        })
    }

    pub(crate) fn print(&self) {
        let Arguments {
            tenants,
            budget,
            concurrency,
            ..
        } = self.arguments;
        let spread = match self.arguments.exponent() {
            0.0 => "uniform".to_owned(),
            exponent => format!("Zipf {exponent}"),
        };
        println!("{tenants} tenants, {spread}, budget {budget}, {concurrency} workers\n");
        println!("                   requests/s  errors   p50 ms   p99 ms  connections  opened");
        for (of, sum) in &self.rows {
            println!(
                "{:17} {:>11.0} {:>7} {:>8.2} {:>8.2} {:>12} {:>7}",
                name(*of),
                sum.rate(),
                sum.errors,
                sum.quantile(0.5),
                sum.quantile(0.99),
                sum.most_connections,
                sum.opened
            );
        }
        for (of, sum) in &self.rows {
            if let Some(error) = &sum.first_error {
                println!("{}: {error}", name(*of));
            }
        }
        for (beside, ratio) in self.ratios() {
            println!("ours / {beside}: {ratio:.2}");
        }
        if let Some(fairness) = &self.fairness {
            fairness.print();
        }
    }
}

impl Sum {
    const fn nothing() -> Self {
        Self {
            took: Duration::ZERO,
            latencies: None,
            errors: 0,
            first_error: None,
            most_connections: 0,
            opened: 0,
        }
    }

    fn add(&mut self, slice: Slice) {
        self.took += slice.took;
        self.errors += slice.errors;
        self.opened += slice.opened;
        self.most_connections = self.most_connections.max(slice.most_connections);
        if self.first_error.is_none() {
            self.first_error = slice.first_error;
        }
        if self.latencies.is_none() {
            self.latencies = histogram().ok();
        }
        if let Some(latencies) = &mut self.latencies {
            // All have the same bounds.
            let _ = latencies.add(slice.latencies);
        }
    }

    fn rate(&self) -> f64 {
        let served = self.latencies.as_ref().map_or(0, Histogram::len);
        served as f64 / self.took.as_secs_f64()
    }

    fn quantile(&self, quantile: f64) -> f64 {
        let latencies = self.latencies.as_ref();
        latencies.map_or(0.0, |latencies| millis(latencies, quantile))
    }

    fn json(&self) -> Value {
        json!({
            "rps": self.rate(),
            "errors": self.errors,
            "p50Ms": self.quantile(0.5),
            "p99Ms": self.quantile(0.99),
            "maxServerConnections": self.most_connections,
            "opened": self.opened,
        })
    }
}

impl Fairness {
    fn json(&self) -> Value {
        json!({
            "lightTenantP99Ms": millis(&self.beside, 0.99),
            "lightTenantAloneP99Ms": millis(&self.alone, 0.99),
            "floodRps": self.flood,
            "errors": self.errors,
            "maxServerConnections": self.most_connections,
        })
    }

    fn print(&self) {
        let both = |quantile| {
            (
                millis(&self.alone, quantile),
                millis(&self.beside, quantile),
            )
        };
        println!("\ntwenty light tenants wait for a connection, in ms, alone and beside a flood");
        for (name, quantile) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            let (alone, beside) = both(quantile);
            println!("{name}: {alone:.3} and {beside:.3}");
        }
        println!(
            "of {} and {} requests; the flood had {:.0} requests/s; {} errors, {} connections",
            self.alone.len(),
            self.beside.len(),
            self.flood,
            self.errors,
            self.most_connections
        );
    }
}

fn millis(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1_000.0
}

const fn name(contender: Contender) -> &'static str {
    match contender {
        Contender::Manager => "manager",
        Contender::SinglePool => "singlePool",
        Contender::SinglePoolNoPing => "singlePoolNoPing",
        Contender::ConnectPerRequest => "connectPerRequest",
        Contender::PoolPerTenant => "poolPerTenant",
    }
}
