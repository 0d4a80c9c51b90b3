use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Breaker;
use super::donors::Listed;
use super::line::Need;
use super::order::{NotQueued, Waiting};
use super::popularity::Popularity;
use crate::tenant::budget::ShareOptions;

/// How long a tenant may keep a connection for its own waiting requests while other tenants wait.
/// Shorter turns spend the time on opening.
pub(in crate::tenant::budget) const TURN: Duration = Duration::from_millis(20);

/// How a share of the budget ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tenant::budget) enum Phase {
    /// Serves, and keeps connections idle for the next request.
    Open,
    /// Serves whoever still holds a handle, but keeps nothing idle.
    Draining,
    /// Serves nobody; what is in use is closed when it comes back.
    Closed,
}

/// A connection that waits for a request.
pub(super) struct Idle<C> {
    pub(super) connection: C,
    pub(super) since: Instant,
}

/// What one tenant has of the budget.
pub(super) struct ShareState<C, W> {
    pub(super) phase: Phase,
    pub(super) options: ShareOptions,
    /// The one that has been idle for longest is in front.
    pub(super) idle: VecDeque<Idle<C>>,
    /// Requests of those who have a connection already, and wait for another.
    pub(super) holding: VecDeque<W>,
    pub(super) waiting: VecDeque<W>,
    /// Idle or in use.
    pub(super) open: usize,
    pub(super) closing: usize,
    /// Permits that it has taken for itself.
    pub(super) reserved: usize,
    pub(super) opening: bool,
    /// Whether it stands in line.
    pub(super) queued: bool,
    pub(super) listed: Listed,
    pub(super) popularity: Popularity,
    pub(super) breaker: Breaker,
    pub(super) turn_began: Instant,
    /// Since when requests have waited whenever a connection came back.
    pub(super) busy_since: Option<Instant>,
    /// When the only connection of another, much lighter, made room for it last.
    pub(super) imposed_at: Option<Instant>,
}

impl<C, W: Waiting> ShareState<C, W> {
    pub(super) fn new(options: ShareOptions, now: Instant) -> Self {
        Self {
            phase: Phase::Open,
            options,
            idle: VecDeque::new(),
            holding: VecDeque::new(),
            waiting: VecDeque::new(),
            open: 0,
            closing: 0,
            reserved: 0,
            opening: false,
            queued: false,
            listed: Listed::default(),
            popularity: Popularity::NONE,
            breaker: Breaker::default(),
            turn_began: now,
            busy_since: None,
            imposed_at: None,
        }
    }

    pub(super) const fn is_drained(&self) -> bool {
        self.open == 0 && self.closing == 0 && self.reserved == 0 && !self.opening
    }

    /// Since when the one has been idle that has been so for longest.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.idle.front().map(|idle| idle.since)
    }

    /// Permits that the share has for its requests.
    pub(super) fn permits(&self) -> usize {
        self.open + self.closing + usize::from(self.opening)
    }

    /// Permits that are kept for the share and that it does not use.
    pub(super) fn kept(&self) -> usize {
        self.options.reserve.saturating_sub(self.permits())
    }

    /// Whether an idle connection of it may make room for another share.
    pub(super) const fn may_give(&self) -> bool {
        self.open > self.options.reserve
    }

    /// Connections that a request has, or that one is opened for.
    pub(super) fn in_use(&self) -> usize {
        self.open - self.idle.len() + usize::from(self.opening)
    }

    pub(super) fn someone_waits(&mut self) -> bool {
        for queue in [&mut self.holding, &mut self.waiting] {
            while queue.front().is_some_and(Waiting::is_gone) {
                queue.pop_front();
            }
        }
        !self.holding.is_empty() || !self.waiting.is_empty()
    }

    pub(super) fn a_holder_waits(&mut self) -> bool {
        self.someone_waits() && !self.holding.is_empty()
    }

    pub(super) fn next_waiting(&mut self) -> Option<W> {
        self.someone_waits();
        let first = self.holding.pop_front();
        first.or_else(|| self.waiting.pop_front())
    }

    /// Notes whether requests wait when a connection comes back.
    pub(super) fn note_return(&mut self, now: Instant) {
        match self.someone_waits() {
            true => drop(self.busy_since.get_or_insert(now)),
            false => self.busy_since = None,
        }
    }

    /// Whether it could use more than it has: more than one, or what it has had for its turn.
    pub(super) fn is_busy(&self, now: Instant) -> bool {
        self.busy_since
            .is_some_and(|since| self.open > 1 || now.duration_since(since) >= self.turn())
    }

    /// How long it may keep a connection for its waiting requests while others wait.
    pub(super) fn turn(&self) -> Duration {
        TURN * self.options.weight.max(1)
    }

    /// Requests that wait.
    pub(super) fn queue_len(&self) -> usize {
        self.holding.len() + self.waiting.len()
    }

    pub(super) fn empty_queue(&mut self) -> Vec<W> {
        let holding = self.holding.drain(..);
        holding.chain(self.waiting.drain(..)).collect()
    }

    /// Lets a request wait, if fewer than `most` do; behind those that came before, but before
    /// those that hold no connection if it holds one.
    pub(super) fn wait(&mut self, waiter: W, holds: bool, most: usize) -> Result<(), NotQueued> {
        if self.phase == Phase::Closed {
            return Err(NotQueued::Closed);
        }
        if self.queue_len() >= most {
            self.holding.retain(|waiter| !waiter.is_gone());
            self.waiting.retain(|waiter| !waiter.is_gone());
        }
        if self.queue_len() >= most {
            return Err(NotQueued::Full);
        }
        match holds {
            true => self.holding.push_back(waiter),
            false => self.waiting.push_back(waiter),
        }
        Ok(())
    }

    /// How much it needs another connection, of which it may have `cap`.
    pub(super) fn need(&mut self, cap: usize, now: Instant) -> Option<Need> {
        let may_have = self.phase != Phase::Closed && !self.opening && self.open < cap;
        if !may_have || self.breaker.pause(now).is_some() || !self.someone_waits() {
            return None;
        }
        Some(match (self.holding.is_empty(), self.open) {
            (false, _) => Need::Holding,
            (true, 0) => Need::Cold,
            (true, _) => Need::Warm,
        })
    }
}
