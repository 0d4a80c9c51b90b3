//! The table at the end: what was measured, and what it is held against.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// What a ratio of ours to a peer is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// Ours takes at most so much of what the peer takes.
    AtMost(f64),
    /// Ours does at least so much of what the peer does.
    AtLeast(f64),
}

#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// Nanoseconds each time, of the clock or of the processor.
    pub(crate) measured: f64,
    pub(crate) floor: Option<(String, f64)>,
    /// Ours to the floor, as times; the median over all turns.
    pub(crate) ratio: Option<f64>,
    pub(crate) target: Option<Target>,
    pub(crate) limit: Option<Duration>,
    pub(crate) per_cpu_second: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    left_out: Vec<&'static str>,
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Says what could not be measured here.
    pub(crate) fn leave_out(&mut self, why: &'static str) {
        self.left_out.push(why);
    }

    pub(crate) fn print(&self) {
        let mut text = String::from("\n| what | measured | floor | ratio | target | |\n");
        text.push_str("| --- | ---: | --- | ---: | ---: | --- |\n");
        for row in &self.rows {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", row.line());
        }
        for why in &self.left_out {
            let _ = writeln!(text, "left out: {why}");
        }
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
}

impl Row {
    fn line(&self) -> String {
        let floor = self.floor.as_ref();
        let floor = floor.map_or_else(String::new, |(name, took)| {
            format!("{name}: {}", self.figure(*took))
        });
        let ratio = self
            .shown_ratio()
            .map_or_else(String::new, |r| format!("{r:.2}"));
        let (target, met) = self.verdict();
        let (what, measured) = (&self.what, self.figure(self.measured));
        format!("| {what} | {measured} | {floor} | {ratio} | {target} | {met} |")
    }

    fn shown_ratio(&self) -> Option<f64> {
        let times = self.ratio?;
        Some(if self.per_cpu_second {
            times.recip()
        } else {
            times
        })
    }

    fn verdict(&self) -> (String, &'static str) {
        let met = |is_met| if is_met { "met" } else { "MISSED" };
        if let Some(limit) = self.limit {
            let nanoseconds = limit.as_secs_f64() * 1e9;
            let target = format!("≤ {}", time(nanoseconds));
            return (target, met(self.measured <= nanoseconds));
        }
        match (self.target, self.shown_ratio()) {
            (Some(Target::AtMost(most)), Some(ratio)) => (format!("≤ {most}"), met(ratio <= most)),
            (Some(Target::AtLeast(least)), Some(ratio)) => {
                (format!("≥ {least}"), met(ratio >= least))
            }
            _ => (String::new(), ""),
        }
    }

    fn figure(&self, nanoseconds: f64) -> String {
        if self.per_cpu_second {
            format!("{:.0}/CPU s", 1e9 / nanoseconds)
        } else {
            time(nanoseconds)
        }
    }
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.1} ns"),
        n if n < 1e6 => format!("{:.1} µs", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}
