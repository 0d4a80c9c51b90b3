use std::collections::VecDeque;

use tokio::time::Instant;

use super::order::{NotQueued, Waiting};

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
    /// The one that has been idle for longest is in front.
    pub(super) idle: VecDeque<Idle<C>>,
    pub(super) waiting: VecDeque<W>,
    /// Idle or in use.
    pub(super) open: usize,
    pub(super) closing: usize,
    /// Permits that it has taken for itself.
    pub(super) reserved: usize,
    pub(super) opening: bool,
    /// Whether it stands in line.
    pub(super) queued: bool,
    /// Whether there is a time to look at what it has idle.
    pub(super) ageing: bool,
    pub(super) turn_began: Instant,
}

impl<C, W: Waiting> ShareState<C, W> {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            phase: Phase::Open,
            idle: VecDeque::new(),
            waiting: VecDeque::new(),
            open: 0,
            closing: 0,
            reserved: 0,
            opening: false,
            queued: false,
            ageing: false,
            turn_began: now,
        }
    }

    pub(super) const fn is_drained(&self) -> bool {
        self.open == 0 && self.closing == 0 && self.reserved == 0 && !self.opening
    }

    /// Connections that a request has, or that one is opened for.
    pub(super) fn in_use(&self) -> usize {
        self.open - self.idle.len() + usize::from(self.opening)
    }

    pub(super) fn someone_waits(&mut self) -> bool {
        while self.waiting.front().is_some_and(Waiting::is_gone) {
            self.waiting.pop_front();
        }
        !self.waiting.is_empty()
    }

    pub(super) fn next_waiting(&mut self) -> Option<W> {
        self.someone_waits();
        self.waiting.pop_front()
    }

    /// Lets a request wait, behind at most `most` others.
    pub(super) fn wait(&mut self, waiter: W, most: usize) -> Result<(), NotQueued> {
        if self.phase == Phase::Closed {
            return Err(NotQueued::Closed);
        }
        if self.waiting.len() >= most {
            self.waiting.retain(|waiter| !waiter.is_gone());
        }
        if self.waiting.len() >= most {
            return Err(NotQueued::Full);
        }
        self.waiting.push_back(waiter);
        Ok(())
    }

    /// Whether a connection should be opened for it, of which it may have `cap`.
    pub(super) fn wants(&mut self, cap: usize) -> bool {
        self.phase != Phase::Closed && !self.opening && self.open < cap && self.someone_waits()
    }
}
