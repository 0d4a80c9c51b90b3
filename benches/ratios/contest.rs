//! Ours and its peers, turn by turn, so that what else the machine does hits all of them alike.

use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};

use crate::report::{Report, Row, Target};

/// Does something so often, and says what that took.
pub(crate) type Run<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// One thing of ours, measured against others in the same run.
pub(crate) struct Contest<'a> {
    what: String,
    arms: Vec<Arm<'a>>,
    limit: Option<Duration>,
    samples: usize,
    per_cpu_second: bool,
}

struct Arm<'a> {
    name: String,
    role: Role,
    run: Run<'a>,
}

enum Role {
    Ours,
    Peer(Option<Target>),
    /// A part of ours, measured alone.
    Part,
}

/// What each arm took in one turn, in nanoseconds each time.
type Turn = Vec<f64>;

impl<'a> Contest<'a> {
    pub(crate) fn of(what: impl Into<String>, run: impl FnMut(u64) -> Duration + 'a) -> Self {
        let contest = Self {
            what: what.into(),
            arms: Vec::new(),
            limit: None,
            samples: 60,
            per_cpu_second: false,
        };
        contest.arm("ours", Role::Ours, run)
    }

    /// A peer that ours is held against.
    pub(crate) fn against(
        self,
        name: &str,
        target: impl Into<Option<Target>>,
        run: impl FnMut(u64) -> Duration + 'a,
    ) -> Self {
        self.arm(name, Role::Peer(target.into()), run)
    }

    /// A part of ours, for information.
    pub(crate) fn part(self, name: &str, run: impl FnMut(u64) -> Duration + 'a) -> Self {
        self.arm(name, Role::Part, run)
    }

    /// Ours is to take no longer.
    pub(crate) const fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    pub(crate) const fn samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    /// What is measured is a server's processor time; shown as requests per second of it.
    pub(crate) const fn per_cpu_second(mut self) -> Self {
        self.per_cpu_second = true;
        self
    }

    fn arm(mut self, name: &str, role: Role, run: impl FnMut(u64) -> Duration + 'a) -> Self {
        let (name, run) = (name.to_owned(), Box::new(run));
        self.arms.push(Arm { name, role, run });
        self
    }

    /// Criterion says how often, and gets the times of ours; the peers take their turns beside it.
    pub(crate) fn run(mut self, criterion: &mut Criterion, report: &mut Report) {
        let mut turns: Vec<Turn> = Vec::new();
        let mut group = criterion.benchmark_group("ratios");
        group.sampling_mode(SamplingMode::Flat);
        group.sample_size(self.samples);
        group.bench_function(self.what.clone(), |bencher| {
            bencher.iter_custom(|times| {
                let first = turns.len() % self.arms.len();
                turns.push(take_turns(&mut self.arms, first, times));
                let ours = turns.last().and_then(|turn| turn.first()).copied();
                Duration::from_secs_f64(ours.unwrap_or_default() * times as f64 / 1e9)
            });
        });
        group.finish();
        // Those before are criterion's warming up.
        let warm_up = turns.len().saturating_sub(self.samples);
        if let Some(measured) = turns.get(warm_up..).filter(|turns| !turns.is_empty()) {
            self.report(measured, report);
        }
    }

    fn report(&self, turns: &[Turn], report: &mut Report) {
        let of = |arm: usize| median(turns.iter().filter_map(|turn| turn.get(arm).copied()));
        for (index, arm) in self.arms.iter().enumerate() {
            let row = Row {
                what: self.what.clone(),
                measured: of(0),
                per_cpu_second: self.per_cpu_second,
                ..Row::default()
            };
            match arm.role {
                Role::Ours if self.limit.is_some() || self.arms.len() == 1 => {
                    let limit = self.limit;
                    report.add(Row { limit, ..row });
                }
                Role::Ours => {}
                Role::Peer(target) => {
                    let ratio = |turn: &Turn| Some(turn.first()? / turn.get(index)?);
                    report.add(Row {
                        floor: Some((arm.name.clone(), of(index))),
                        ratio: Some(median(turns.iter().filter_map(ratio))),
                        target,
                        ..row
                    });
                }
                Role::Part => report.add(Row {
                    what: format!("… of it: {}", arm.name),
                    measured: of(index),
                    ..row
                }),
            }
        }
    }
}

fn take_turns(arms: &mut [Arm<'_>], first: usize, times: u64) -> Turn {
    let mut turn = vec![0.0; arms.len()];
    for step in 0..arms.len() {
        let index = (first + step) % arms.len();
        if let (Some(arm), Some(took)) = (arms.get_mut(index), turn.get_mut(index)) {
            *took = (arm.run)(times).as_secs_f64() * 1e9 / times as f64;
        }
    }
    turn
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}

/// Times a loop around something that takes nanoseconds.
pub(crate) fn timed<T>(times: u64, mut once: impl FnMut() -> T) -> Duration {
    let began = Instant::now();
    for _ in 0..times {
        std::hint::black_box(once());
    }
    began.elapsed()
}
