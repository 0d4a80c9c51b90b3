use std::collections::BTreeMap;

use serde::Serialize;

use super::run::Run;
use super::targets::{Target, targets};
use crate::arguments::Way;
use crate::fairness::{self, Light};
use crate::tally::{Tally, milliseconds};
use crate::turns::Counted;

/// What is written to the file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) manager: Option<Figures>,
    pub(super) baselines: BTreeMap<Way, Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fairness: Option<Fairness>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opening_limit: Option<OpeningLimit>,
    /// The manager's requests a second to those of each other, and to the opening limit.
    pub(super) ratios: BTreeMap<String, f64>,
    pub(super) targets: Vec<Target>,
    pub(super) run: Run,
}

/// One way to reach the databases.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Figures {
    /// Requests answered a second.
    pub(super) rps: f64,
    /// Requests that failed, warming up included.
    pub(super) errors: u64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Most connections open at once, as the server counts them, warming up included.
    pub(super) max_server_connections: i64,
    /// Connections opened, as the server counts them, warming up included.
    pub(super) opened: i64,
    /// Requests answered a second in each turn.
    pub(super) turns: Vec<f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) error_reasons: BTreeMap<String, u64>,
}

/// What openings alone would allow, if every tenant outside of the hottest had to be opened for
/// each of its requests.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpeningLimit {
    /// When every request opens a connection of its own.
    pub(super) opened_per_second: f64,
    /// Of requests, to the hottest tenants, as many as there are connections.
    pub(super) share_of_hottest: f64,
    pub(super) rps: f64,
}

/// What twenty light tenants saw of one that floods.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fairness {
    /// Their wait for a connection, with the flood.
    pub(super) light_tenant_p99_ms: f64,
    /// The same without.
    pub(super) light_tenant_alone_p99_ms: f64,
    pub(super) light_tenant_p50_ms: f64,
    pub(super) light_tenant_alone_p50_ms: f64,
    /// From a request's arrival to its answer.
    pub(super) light_tenant_request_p99_ms: f64,
    pub(super) light_tenant_request_alone_p99_ms: f64,
    /// How many of their requests were counted, with the flood and without.
    pub(super) light_tenant_requests: u64,
    pub(super) light_tenant_requests_alone: u64,
    /// What the flooding tenant got, in requests a second.
    pub(super) flood_rps: f64,
    pub(super) errors: u64,
    pub(super) max_server_connections: i64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) error_reasons: BTreeMap<String, u64>,
}

impl Report {
    /// Draws the conclusions of what was counted.
    pub(crate) fn of(
        run: Run,
        counted: &BTreeMap<Way, Counted>,
        fairness: Option<&fairness::Fairness>,
    ) -> Self {
        let ways = counted
            .iter()
            .map(|(part, counted)| (*part, Figures::of(counted)));
        Self::new(run, ways.collect(), fairness.map(Fairness::of))
    }

    pub(super) fn new(
        run: Run,
        mut ways: BTreeMap<Way, Figures>,
        fairness: Option<Fairness>,
    ) -> Self {
        let mut report = Self {
            manager: ways.remove(&Way::Manager),
            opening_limit: ways
                .get(&Way::ConnectPerRequest)
                .and_then(|way| OpeningLimit::of(way, &run)),
            baselines: ways,
            fairness,
            ratios: BTreeMap::new(),
            targets: Vec::new(),
            run,
        };
        report.ratios = report.ratios();
        report.targets = targets(&report);
        report
    }

    fn ratios(&self) -> BTreeMap<String, f64> {
        let Some(manager) = &self.manager else {
            return BTreeMap::new();
        };
        let baselines = self
            .baselines
            .iter()
            .map(|(part, way)| (part.name(), way.rps));
        let limit = self
            .opening_limit
            .map(|limit| ("openingLimit".to_owned(), limit.rps));
        let ratios = baselines.chain(limit).filter(|(_, rps)| *rps > 0.0);
        ratios
            .map(|(name, rps)| (name, manager.rps / rps))
            .collect()
    }
}

impl Figures {
    fn of(counted: &Counted) -> Self {
        let tally = &counted.tally;
        Self {
            rps: counted.rate(),
            errors: tally.errors,
            p50_ms: milliseconds(&tally.took, 0.5),
            p99_ms: milliseconds(&tally.took, 0.99),
            max_server_connections: counted.watched.most,
            opened: counted.watched.opened,
            turns: counted.turns.clone(),
            error_reasons: tally.reasons.clone(),
        }
    }
}

impl OpeningLimit {
    /// None where every tenant may keep a connection.
    fn of(connect_per_request: &Figures, run: &Run) -> Option<Self> {
        let share_of_hottest = run
            .distribution
            .over(run.tenants)
            .of_the_hottest(run.budget);
        let opened_per_second = connect_per_request.rps;
        (run.budget < run.tenants).then(|| Self {
            opened_per_second,
            share_of_hottest,
            rps: opened_per_second / (1.0 - share_of_hottest),
        })
    }
}

impl Fairness {
    fn of(fairness: &fairness::Fairness) -> Self {
        let (alone, flooded) = (&fairness.alone, &fairness.flooded);
        Self {
            light_tenant_p99_ms: milliseconds(&flooded.waits.took, 0.99),
            light_tenant_alone_p99_ms: milliseconds(&alone.waits.took, 0.99),
            light_tenant_p50_ms: milliseconds(&flooded.waits.took, 0.5),
            light_tenant_alone_p50_ms: milliseconds(&alone.waits.took, 0.5),
            light_tenant_request_p99_ms: milliseconds(&flooded.requests.took, 0.99),
            light_tenant_request_alone_p99_ms: milliseconds(&alone.requests.took, 0.99),
            light_tenant_requests: counted(flooded),
            light_tenant_requests_alone: counted(alone),
            flood_rps: fairness.flood_rate(),
            errors: fairness.errors(),
            max_server_connections: fairness.most,
            error_reasons: reasons([&alone.requests, &flooded.requests, &fairness.flood]),
        }
    }
}

fn counted(light: &Light) -> u64 {
    light.waits.took.len()
}

fn reasons(tallies: [&Tally; 3]) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (reason, times) in tallies.iter().flat_map(|tally| &tally.reasons) {
        *all.entry(reason.clone()).or_default() += times;
    }
    all
}
