//! Who keeps a connection that comes back, and who gives it up for another.

use std::time::Duration;

use tokio::time::Instant;

use super::order::{Key, Waiting};
use super::share::{Phase, ShareState};
use super::shares::State;

/// A wait that is no longer than what opening takes anyway.
const SOON: Duration = Duration::from_millis(5);

/// Permits that should be free when an opening ends, so that the next can begin.
pub(super) const AHEAD: usize = 2;

/// What becomes of a connection that came back.
pub(super) enum Next<W> {
    /// It goes to this request.
    Serves(W),
    /// Nobody waits for it.
    Keeps,
    /// Another share comes first, or the share may have it no more.
    GivesUp,
}

impl<C, W: Waiting> State<C, W> {
    /// What becomes of a connection of the share that came back.
    pub(super) fn next_in_turn(&mut self, key: Key, now: Instant) -> Next<W> {
        self.note_use(key, now);
        let is_heavy = self.note_return(key, now);
        let others_lack = self.others_lack(key, is_heavy, now);
        let gives = others_lack && self.comes_before_idle(is_heavy, now);
        let over_limit = self.is_over_limit();
        let cap = self.cap_of(key);
        let Some(share) = self.shares.get_mut(&key) else {
            return Next::GivesUp;
        };
        if !others_lack {
            share.turn_began = now;
        }
        let has_too_many = share.open > cap || over_limit;
        if share.phase == Phase::Closed || has_too_many || gives && share.gives_up(is_heavy, now) {
            return Next::GivesUp;
        }
        share.next_waiting().map_or(Next::Keeps, Next::Serves)
    }

    /// Notes that a connection of the share came back; returns whether the share is heavy: it has
    /// several and could use more, or was used far more than others that would have to give.
    fn note_return(&mut self, key: Key, now: Instant) -> bool {
        let Some(share) = self.shares.get_mut(&key) else {
            return false;
        };
        share.note_return(now);
        let (is_busy, has_several) = (share.is_busy(now), share.open > 1);
        let is_heavy = is_busy && (has_several || self.is_far_above_idle(key));
        if is_heavy {
            self.heavy_return = Some(now);
        }
        is_heavy
    }

    fn is_far_above_idle(&mut self, key: Key) -> bool {
        let donor = self.least_popular();
        donor.is_some_and(|donor| self.is_far_above(key, donor))
    }

    pub(super) fn is_far_above(&self, key: Key, other: Key) -> bool {
        let popularity = |key| self.shares.get(&key).map(|share| share.popularity);
        let both = popularity(key).zip(popularity(other));
        both.is_some_and(|(one, other)| one.is_far_above(other))
    }

    /// Whether others wait who have none, and fewer permits are free, or soon will be, than
    /// connections could be opened for them.
    fn others_lack(&self, key: Key, is_heavy: bool, now: Instant) -> bool {
        let lack = || {
            let soon = self.openings.left(now) + AHEAD;
            let wanted = self.line.needy(is_heavy).min(soon);
            !self.server.is_paused(now) && self.permits_to_come() < wanted
        };
        self.line.others_are_needy(key, is_heavy) && lack() || self.reservation_lacks()
    }

    /// Whether others should have a connection that comes back rather than one that is idle.
    fn comes_before_idle(&mut self, is_heavy: bool, now: Instant) -> bool {
        match is_heavy {
            true => !self.something_rests(now),
            false => self.idle() == 0,
        }
    }

    /// Whether connections of heavy shares come back all the time.
    pub(super) fn heavy_returns_soon(&self, now: Instant) -> bool {
        self.heavy_return
            .is_some_and(|returned| now.duration_since(returned) < SOON)
    }
}

impl<C, W: Waiting> ShareState<C, W> {
    /// Whether it gives a connection up for others, after its turn and unless what waits for it
    /// holds connections itself.
    fn gives_up(&mut self, is_heavy: bool, now: Instant) -> bool {
        let turn_is_over = is_heavy || now.duration_since(self.turn_began) >= self.turn();
        turn_is_over && self.may_give() && !self.a_holder_waits()
    }
}
