//! Permits that a share takes for itself: all that it asks for at once, or none.
//!
//! Nobody keeps a part of what they ask for while they wait for the rest, so two who wait cannot
//! hold each other up. One who waits lets nobody pass who came later; whoever could be served
//! only once another reservation ends lets everybody pass.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;

use super::order::{Key, Order, Waiting};
use super::share::ShareState;
use super::shares::State;

/// Names a reservation, waiting or had.
pub(in crate::tenant::budget) type Ticket = u64;

/// Why a share never has what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tenant::budget) enum NotReserved {
    /// The share serves nobody any more.
    Closed,
    /// A share may never have so many, nor none.
    Never {
        /// How many it may have.
        most: usize,
    },
}

struct Asked {
    ticket: Ticket,
    key: Key,
    count: usize,
    /// How many of those who stood in line before are served first.
    ahead: usize,
}

/// What is reserved, and what is asked for.
#[derive(Default)]
pub(super) struct Reservations {
    next: Ticket,
    asked: VecDeque<Asked>,
    had: HashMap<Ticket, (Key, usize)>,
    /// Permits that are reserved.
    permits: usize,
    /// Permits that came back while one waited, of which requests have had half.
    returned: usize,
}

impl Reservations {
    pub(super) const fn permits(&self) -> usize {
        self.permits
    }

    /// Somebody has left the line.
    pub(super) fn line_moved(&mut self) {
        for asked in &mut self.asked {
            asked.ahead = asked.ahead.saturating_sub(1);
        }
    }

    /// A permit has come back.
    pub(super) fn permit_returned(&mut self) {
        match self.asked.is_empty() {
            true => self.returned = 0,
            false => self.returned += 1,
        }
    }

    /// Whether a request may have a permit though a reservation waits: every second one.
    pub(super) const fn lets_pass(&self) -> bool {
        self.returned >= 2
    }

    /// A request has had its permit.
    pub(super) const fn passed(&mut self) {
        self.returned = self.returned.saturating_sub(2);
    }

    pub(super) fn refuse(&mut self, key: Key) {
        self.asked.retain(|asked| asked.key != key);
    }
}

impl<C, W: Waiting> State<C, W> {
    /// Asks for `count` permits of the share's own.
    pub(in crate::tenant::budget) fn reserve(
        &mut self,
        key: Key,
        count: usize,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) -> Result<Ticket, NotReserved> {
        if self.is_closed(key) {
            return Err(NotReserved::Closed);
        }
        // One is left to the share's own requests, and so one to everybody else's.
        let most = self.cap(key).saturating_sub(1);
        if !(1..=most).contains(&count) {
            return Err(NotReserved::Never { most });
        }
        let (ticket, ahead) = (self.reservations.next, self.line.len());
        self.reservations.next += 1;
        self.reservations.asked.push_back(Asked {
            ticket,
            key,
            count,
            ahead,
        });
        self.advance(now, orders);
        Ok(ticket)
    }

    /// Whether the permits are there. `None`: they will never be.
    pub(in crate::tenant::budget) fn has_reserved(&self, ticket: Ticket) -> Option<bool> {
        let reservations = &self.reservations;
        let waits = reservations.asked.iter().any(|a| a.ticket == ticket);
        let has = reservations.had.contains_key(&ticket);
        (waits || has).then_some(has)
    }

    /// Gives the permits back, or asks for them no longer.
    pub(in crate::tenant::budget) fn release(
        &mut self,
        ticket: Ticket,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        self.reservations.asked.retain(|a| a.ticket != ticket);
        if let Some((key, count)) = self.reservations.had.remove(&ticket) {
            self.reservations.permits -= count;
            self.issued -= count;
            if let Some(share) = self.shares.get_mut(&key) {
                share.reserved -= count;
            }
            self.want(key, now);
            self.forget_if_over(key);
        }
        self.advance(now, orders);
    }

    /// How many connections a share may have for its requests, besides what it has reserved or
    /// is about to.
    pub(super) fn cap_of(&self, key: Key) -> usize {
        let reserved = self.shares.get(&key).map_or(0, |share| share.reserved);
        let asked = self.next_of(key).map_or(0, |asked| asked.count);
        self.cap(key).saturating_sub(reserved + asked)
    }

    /// The share's first reservation that waits for requests alone, and for no other reservation.
    fn next_of(&self, key: Key) -> Option<&Asked> {
        let mut asked = self.reservations.asked.iter();
        asked.find(|asked| asked.key == key && self.is_affordable(asked))
    }

    fn is_affordable(&self, asked: &Asked) -> bool {
        let reserved = self
            .shares
            .get(&asked.key)
            .map_or(0, |share| share.reserved);
        reserved + asked.count < self.cap(asked.key)
            && self.reservations.permits + asked.count < self.limit
    }

    /// The reservation whose turn it is.
    fn due(&self) -> Option<(Ticket, Key, usize)> {
        let mut asked = self.reservations.asked.iter();
        let is_due = |asked: &&Asked| {
            let in_use = self.shares.get(&asked.key).map_or(0, ShareState::in_use);
            let first = self.next_of(asked.key).map(|first| first.ticket);
            asked.ahead == 0 && first == Some(asked.ticket) && in_use <= self.cap_of(asked.key)
        };
        let due = asked.find(is_due)?;
        Some((due.ticket, due.key, due.count))
    }

    /// Whether a reservation lacks permits that nobody is about to give up.
    pub(super) fn reservation_lacks(&self) -> bool {
        let free = self.permits_to_come();
        self.due().is_some_and(|(_, _, count)| free < count)
    }

    /// Serves the reservation whose turn it is, or makes room for it. `Some(false)`: it waits.
    pub(super) fn serve_reservation(&mut self, orders: &mut Vec<Order<C, W>>) -> Option<bool> {
        let (ticket, key, count) = self.due()?;
        self.shrink(key, orders);
        if self.issued + count <= self.limit {
            self.grant(ticket, key, count);
            orders.push(Order::Reserved(key));
            return Some(true);
        }
        while self.permits_to_come() < count {
            let Some(donor) = self.least_popular() else {
                break;
            };
            orders.extend(self.close_oldest(donor));
        }
        Some(false)
    }

    /// Closes what the share has idle beyond what it may have.
    fn shrink(&mut self, key: Key, orders: &mut Vec<Order<C, W>>) {
        let cap = self.cap_of(key);
        let is_over = |share: &ShareState<C, W>| share.in_use() + share.idle.len() > cap;
        while self.shares.get(&key).is_some_and(is_over) {
            let Some(close) = self.close_oldest(key) else {
                return;
            };
            orders.push(close);
        }
    }

    fn grant(&mut self, ticket: Ticket, key: Key, count: usize) {
        let reservations = &mut self.reservations;
        reservations.asked.retain(|asked| asked.ticket != ticket);
        reservations.had.insert(ticket, (key, count));
        reservations.permits += count;
        self.issued += count;
        if let Some(share) = self.shares.get_mut(&key) {
            share.reserved += count;
        }
    }
}

#[cfg(test)]
mod tests;
