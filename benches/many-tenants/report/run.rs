use std::fs;

use serde::Serialize;

use crate::arguments::Arguments;
use crate::choice::Distribution;

/// Under what circumstances it was measured.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) tenants: usize,
    pub(crate) budget: usize,
    pub(crate) concurrency: usize,
    pub(crate) load: String,
    /// Counted of each way.
    pub(crate) seconds: f64,
    pub(crate) rounds: u32,
    pub(crate) warm_up_seconds: f64,
    pub(crate) postgres: String,
    pub(crate) processors: usize,
    /// The machine's load average before anything was measured.
    pub(crate) load_average: String,
    pub(crate) seconds_to_make_databases: f64,
    #[serde(skip)]
    pub(crate) distribution: Distribution,
}

impl Run {
    pub(crate) fn of(arguments: &Arguments, postgres: String, making: f64) -> Self {
        let distribution = arguments.distribution();
        Self {
            tenants: arguments.tenants(),
            budget: arguments.budget(),
            concurrency: arguments.concurrency(),
            load: match distribution {
                Distribution::Uniform => "uniform".into(),
                Distribution::Zipf(exponent) => format!("zipf {exponent:?}"),
            },
            seconds: arguments.seconds.as_secs_f64(),
            rounds: arguments.rounds,
            warm_up_seconds: arguments.warm_up.as_secs_f64(),
            postgres,
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            load_average: load_average(),
            seconds_to_make_databases: making,
            distribution,
        }
    }
}

/// Of one, five and fifteen minutes, where the system tells it.
fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let fields: Vec<_> = text.split(' ').take(3).collect();
    fields.join(" ")
}
