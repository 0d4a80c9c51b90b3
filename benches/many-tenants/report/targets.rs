//! What is promised for such a load, and whether this run keeps it.

use serde::Serialize;

use super::figures::{Fairness, Figures, Report};
use crate::arguments::Way;
use crate::choice::Distribution;
use crate::fairness;

/// A promise, and what this run says to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) what: &'static str,
    pub(super) wanted: String,
    pub(super) measured: f64,
    pub(super) met: bool,
}

impl Target {
    fn at_least(what: &'static str, least: f64, measured: f64) -> Self {
        Self {
            what,
            wanted: format!("≥ {least}"),
            measured,
            met: measured >= least,
        }
    }

    fn at_most(what: &'static str, most: f64, measured: f64) -> Self {
        Self {
            what,
            wanted: format!("≤ {most}"),
            measured,
            met: measured <= most,
        }
    }
}

/// Those that this run can say something to.
pub(super) fn targets(report: &Report) -> Vec<Target> {
    let manager = report.manager.as_ref().map(|way| of_manager(report, way));
    let fairness = report.fairness.as_ref().map(of_fairness);
    manager.into_iter().chain(fairness).flatten().collect()
}

fn of_manager(report: &Report, manager: &Figures) -> Vec<Target> {
    let run = &report.run;
    let mut targets: Vec<_> = ratios(run.tenants <= run.budget, run.distribution)
        .iter()
        .filter_map(|(what, to, least)| {
            Some(Target::at_least(what, *least, *report.ratios.get(to)?))
        })
        .collect();
    targets.push(Target::at_most("errors", 0.0, manager.errors as f64));
    let most = manager.max_server_connections as f64;
    targets.push(Target::at_most(
        "connections on the server",
        run.budget as f64,
        most,
    ));
    targets
}

type Ratio = (&'static str, String, f64);

fn ratios(is_all_busy: bool, distribution: Distribution) -> Vec<Ratio> {
    match distribution {
        _ if is_all_busy => vec![
            ("requests, to a default pool's", Way::SinglePool.name(), 1.5),
            (
                "requests, to a pool's without ping",
                Way::SinglePoolNoPing.name(),
                1.2,
            ),
        ],
        Distribution::Uniform => {
            vec![("requests, to the opening limit", "openingLimit".into(), 1.4)]
        }
        Distribution::Zipf(1.0) => {
            vec![("requests, to the opening limit", "openingLimit".into(), 1.0)]
        }
        Distribution::Zipf(_) => vec![],
    }
}

fn of_fairness(fairness: &Fairness) -> Vec<Target> {
    let ratio = fairness.light_tenant_p99_ms / fairness.light_tenant_alone_p99_ms;
    let most = fairness.max_server_connections as f64;
    vec![
        Target::at_most(
            "light tenants' p99 wait, to that without a flood",
            2.0,
            ratio,
        ),
        Target::at_least(
            "requests a second that the flooding tenant gets",
            1.0,
            fairness.flood_rps,
        ),
        Target::at_most(
            "errors with and without a flood",
            0.0,
            fairness.errors as f64,
        ),
        Target::at_most(
            "connections on the server then",
            fairness::BUDGET as f64,
            most,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::run::Run;
    use super::*;

    fn run(tenants: usize, distribution: Distribution) -> Run {
        Run {
            tenants,
            budget: 40,
            concurrency: 64,
            load: String::new(),
            seconds: 8.0,
            rounds: 4,
            warm_up_seconds: 1.0,
            postgres: "15".into(),
            processors: 2,
            load_average: String::new(),
            seconds_to_make_databases: 1.0,
            distribution,
        }
    }

    fn way(rps: f64) -> Figures {
        Figures {
            rps,
            max_server_connections: 40,
            ..Figures::default()
        }
    }

    fn report(tenants: usize, distribution: Distribution, manager: Figures) -> Report {
        let ways = BTreeMap::from([
            (Way::Manager, manager),
            (Way::SinglePool, way(1_000.0)),
            (Way::SinglePoolNoPing, way(1_300.0)),
            (Way::ConnectPerRequest, way(300.0)),
            (Way::PoolPerTenant, way(100.0)),
        ]);
        Report::new(run(tenants, distribution), ways, Some(Fairness::default()))
    }

    fn missed(report: &Report) -> Vec<&'static str> {
        let missed = report.targets.iter().filter(|target| !target.met);
        missed.map(|target| target.what).collect()
    }

    #[test]
    fn each_load_has_targets_of_its_own() {
        let pools = [
            "requests, to a default pool's",
            "requests, to a pool's without ping",
        ];
        let limit = ["requests, to the opening limit"];
        for (tenants, distribution, wanted, rps) in [
            (30, Distribution::Uniform, &pools[..], 1_499.0),
            (150, Distribution::Zipf(1.0), &limit[..], 1_270.0),
            (150, Distribution::Uniform, &limit[..], 570.0),
        ] {
            let mut report = report(tenants, distribution, way(rps));
            report
                .targets
                .retain(|target| target.what.starts_with("requests, to"));
            assert_eq!(missed(&report), wanted, "{tenants} {distribution:?} {rps}");
            let rps = rps * 1.05;
            let better = self::report(tenants, distribution, way(rps));
            assert!(
                !missed(&better)
                    .iter()
                    .any(|what| wanted.contains(what) && *what != pools[1])
            );
        }
    }

    #[test]
    fn an_error_or_a_connection_too_many_misses_the_target() {
        let mut manager = way(1e6);
        manager.errors = 1;
        manager.max_server_connections = 41;
        let report = report(150, Distribution::Uniform, manager);
        assert!(missed(&report).starts_with(&["errors", "connections on the server"]));
    }

    #[test]
    fn the_file_has_the_names_that_programs_read() {
        let report = report(150, Distribution::Zipf(1.0), way(1_500.0));
        let json = serde_json::to_value(&report).unwrap();
        for name in [
            "rps",
            "errors",
            "p50Ms",
            "p99Ms",
            "maxServerConnections",
            "opened",
        ] {
            assert!(json["manager"][name].is_number(), "{name}");
            for baseline in [
                "singlePool",
                "singlePoolNoPing",
                "connectPerRequest",
                "poolPerTenant",
            ] {
                assert!(
                    json["baselines"][baseline][name].is_number(),
                    "{baseline}.{name}"
                );
            }
        }
        for name in ["lightTenantP99Ms", "lightTenantAloneP99Ms"] {
            assert!(json["fairness"][name].is_number(), "{name}");
        }
        assert!(json["openingLimit"]["rps"].is_number());
    }

    #[test]
    fn what_was_not_measured_is_left_out() {
        let ways = BTreeMap::from([(Way::Manager, way(1.0))]);
        let json =
            serde_json::to_value(Report::new(run(150, Distribution::Uniform), ways, None)).unwrap();
        assert!(json.get("fairness").is_none() && json.get("openingLimit").is_none());
        assert_eq!(json["baselines"], serde_json::json!({}));
    }
}
