use std::fmt::{self, Display, Formatter};

use super::figures::{Figures, Report};
use crate::arguments::Way;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let run = &self.run;
        writeln!(
            f,
            "{} tenants, budget {}, {} workers, {}; Postgres {}, {} processors, load {}\n",
            run.tenants,
            run.budget,
            run.concurrency,
            run.load,
            run.postgres,
            run.processors,
            run.load_average
        )?;
        self.write_ways(f)?;
        self.write_limit(f)?;
        self.write_fairness(f)?;
        self.write_targets(f)
    }
}

impl Report {
    fn write_ways(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let manager = self.manager.iter().map(|way| (Way::Manager, way));
        let ways: Vec<_> = manager
            .chain(self.baselines.iter().map(|(part, way)| (*part, way)))
            .collect();
        if ways.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "| way | requests/s | manager's to it | errors | p50 ms | p99 ms | most connections | opened |"
        )?;
        writeln!(
            f,
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for (part, way) in ways {
            let ratio = self.ratios.get(&part.name());
            let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            writeln!(
                f,
                "| {} | {:.0} | {ratio} | {} |",
                part.name(),
                way.rps,
                Rest(way)
            )?;
        }
        writeln!(f)
    }

    fn write_limit(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(limit) = &self.opening_limit else {
            return Ok(());
        };
        writeln!(
            f,
            "opening limit: {:.0} opened a second, {:.1} % of requests to the {} hottest: {:.0} requests/s\n",
            limit.opened_per_second,
            limit.share_of_hottest * 100.0,
            self.run.budget,
            limit.rps
        )
    }

    fn write_fairness(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(fairness) = &self.fairness else {
            return Ok(());
        };
        writeln!(
            f,
            "| light tenants | requests | wait p50 ms | wait p99 ms | whole p99 ms |"
        )?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: |")?;
        writeln!(
            f,
            "| alone | {} | {:.4} | {:.4} | {:.3} |",
            fairness.light_tenant_requests_alone,
            fairness.light_tenant_alone_p50_ms,
            fairness.light_tenant_alone_p99_ms,
            fairness.light_tenant_request_alone_p99_ms
        )?;
        writeln!(
            f,
            "| beside a flood, which gets {:.0}/s | {} | {:.4} | {:.4} | {:.3} |\n",
            fairness.flood_rps,
            fairness.light_tenant_requests,
            fairness.light_tenant_p50_ms,
            fairness.light_tenant_p99_ms,
            fairness.light_tenant_request_p99_ms
        )
    }

    fn write_targets(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "| target | wanted | measured | |")?;
        writeln!(f, "| --- | ---: | ---: | --- |")?;
        for target in &self.targets {
            let met = if target.met { "met" } else { "MISSED" };
            writeln!(
                f,
                "| {} | {} | {:.2} | {met} |",
                target.what, target.wanted, target.measured
            )?;
        }
        Ok(())
    }
}

struct Rest<'a>(&'a Figures);

impl Display for Rest<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let way = self.0;
        write!(
            f,
            "{} | {:.2} | {:.2} | {} | {}",
            way.errors, way.p50_ms, way.p99_ms, way.max_server_connections, way.opened
        )
    }
}
