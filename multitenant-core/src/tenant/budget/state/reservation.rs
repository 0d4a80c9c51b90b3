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
        let most = self.cap.min(self.limit) - 1;
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
            self.want(key);
            self.forget_if_over(key);
        }
        self.advance(now, orders);
    }

    /// How many connections a share may have for its requests, besides what it has reserved or
    /// is about to.
    pub(super) fn cap_of(&self, key: Key) -> usize {
        let reserved = self.shares.get(&key).map_or(0, |share| share.reserved);
        let asked = self.next_of(key).map_or(0, |asked| asked.count);
        self.cap - reserved - asked
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
        reserved + asked.count < self.cap && self.reservations.permits + asked.count < self.limit
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
        let free = self.limit - self.issued + self.closing;
        self.due().is_some_and(|(_, _, count)| free < count)
    }

    /// Serves the reservation whose turn it is, or makes room for it. `Some(false)`: it waits.
    pub(super) fn serve_reservation(&mut self, orders: &mut Vec<Order<C, W>>) -> Option<bool> {
        let (ticket, key, count) = self.due()?;
        self.shrink(key, orders);
        if self.limit - self.issued >= count {
            self.grant(ticket, key, count);
            orders.push(Order::Reserved(key));
            return Some(true);
        }
        while self.limit - self.issued + self.closing < count {
            let Some((donor, _)) = self.least_recently_used() else {
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
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::Phase;
    use super::*;

    struct Request;

    impl Waiting for Request {
        fn is_gone(&self) -> bool {
            false
        }
    }

    /// A budget whose orders are carried out at once, but for connections in use.
    struct World {
        state: State<(), Request>,
        now: Instant,
        in_use: Vec<Key>,
        had: HashMap<Ticket, Key>,
    }

    impl World {
        fn new(limit: usize, cap: usize) -> Self {
            Self {
                state: State::new(limit, cap),
                now: Instant::now(),
                in_use: Vec::new(),
                had: HashMap::new(),
            }
        }

        fn join(&mut self) -> Key {
            self.state.join(self.now)
        }

        fn act<R>(
            &mut self,
            act: impl FnOnce(&mut State<(), Request>, Instant, &mut Vec<Order<(), Request>>) -> R,
        ) -> R {
            self.now += super::super::TURN;
            let mut orders = Vec::new();
            let result = act(&mut self.state, self.now, &mut orders);
            while let Some(order) = orders.pop() {
                match order {
                    Order::Open(key) => self.state.opened(key, (), self.now, &mut orders),
                    Order::Close(key, ()) => {
                        self.state.permit_returned(self.now, &mut orders);
                        self.state.closed(key, self.now, &mut orders);
                    }
                    Order::Deliver(key, (), Request) => self.in_use.push(key),
                    Order::Reserved(_) => {}
                }
                assert!(self.state.issued <= self.state.limit);
            }
            result
        }

        fn request(&mut self, key: Key) {
            self.act(|state, now, orders| {
                let _ = state.wait(key, Request, 100);
                state.serve_idle(key, orders);
                state.want(key);
                state.advance(now, orders);
            });
        }

        fn give_back(&mut self, index: usize) {
            let key = self.in_use.swap_remove(index);
            self.act(|state, now, orders| state.give_back(key, (), now, orders));
        }

        fn reserve(&mut self, key: Key, count: usize) -> Result<Ticket, NotReserved> {
            let ticket = self.act(|state, now, orders| state.reserve(key, count, now, orders))?;
            self.had.insert(ticket, key);
            Ok(ticket)
        }

        fn release(&mut self, ticket: Ticket) {
            self.had.remove(&ticket);
            self.act(|state, now, orders| state.release(ticket, now, orders));
        }

        fn has(&self, ticket: Ticket) -> Option<bool> {
            self.state.has_reserved(ticket)
        }
    }

    #[test]
    fn what_a_share_could_never_have_is_refused() {
        let mut world = World::new(10, 4);
        let share = world.join();
        for (count, refused) in [(0, true), (1, false), (3, false), (4, true), (100, true)] {
            let reserved = world.reserve(share, count);
            assert_eq!(
                reserved == Err(NotReserved::Never { most: 3 }),
                refused,
                "{count}"
            );
        }
        let mut world = World::new(1, 1);
        let share = world.join();
        assert_eq!(world.reserve(share, 1), Err(NotReserved::Never { most: 0 }));
    }

    #[test]
    fn idle_connections_make_room_and_those_in_use_are_waited_for() {
        let mut world = World::new(4, 4);
        let [a, b] = [world.join(), world.join()];
        for _ in 0..4 {
            world.request(a);
        }
        world.give_back(0);
        let two = world.reserve(b, 2).unwrap();
        assert_eq!(world.has(two), Some(false), "all or none");
        world.give_back(0);
        assert_eq!(world.has(two), Some(true));
        assert_eq!(world.state.issued, 4);
        world.release(two);
        assert_eq!(world.state.issued, 2);
    }

    #[test]
    fn two_that_cannot_both_be_had_do_not_hold_each_other_up() {
        let mut world = World::new(4, 4);
        let [a, b] = [world.join(), world.join()];
        let first = world.reserve(a, 2).unwrap();
        let second = world.reserve(b, 2).unwrap();
        assert_eq!(
            (world.has(first), world.has(second)),
            (Some(true), Some(false))
        );
        // It lets the requests of others pass meanwhile.
        world.request(b);
        world.request(a);
        assert_eq!(world.in_use.len(), 2);
        world.release(first);
        assert_eq!(world.has(second), Some(true));
    }

    #[test]
    fn a_share_s_own_requests_make_room_within_what_it_may_have() {
        let mut world = World::new(10, 3);
        let share = world.join();
        for _ in 0..5 {
            world.request(share);
        }
        let two = world.reserve(share, 2).unwrap();
        assert_eq!((world.in_use.len(), world.has(two)), (3, Some(false)));
        world.give_back(0);
        world.give_back(0);
        assert_eq!(world.has(two), Some(true));
        assert_eq!(world.in_use.len(), 1);
        world.give_back(0);
        assert_eq!(world.in_use.len(), 1, "its requests go on with one");
    }

    #[test]
    fn one_that_waits_is_served_before_those_who_came_later() {
        let mut world = World::new(2, 2);
        let [a, b, c] = [world.join(), world.join(), world.join()];
        world.request(a);
        world.request(b);
        let one = world.reserve(c, 1).unwrap();
        let late = world.join();
        world.request(late);
        world.give_back(0);
        assert_eq!(world.has(one), Some(true));
        world.give_back(0);
        assert_eq!(world.in_use, [late]);
    }

    #[test]
    fn a_share_that_ends_has_what_it_has_until_it_gives_it_back_and_nothing_more() {
        let mut world = World::new(4, 4);
        let [a, b] = [world.join(), world.join()];
        let had = world.reserve(a, 2).unwrap();
        let waiting = world.reserve(a, 2).unwrap();
        world.act(|state, now, orders| drop(state.end(a, Phase::Closed, now, orders)));
        assert_eq!((world.has(had), world.has(waiting)), (Some(true), None));
        assert_eq!(world.reserve(a, 1), Err(NotReserved::Closed));
        assert!(!world.state.is_drained(a));
        world.release(had);
        assert!(world.state.is_drained(a) && world.state.is_empty());
        let three = world.reserve(b, 3).unwrap();
        assert_eq!(world.has(three), Some(true));
    }

    proptest! {
        /// Whatever comes in whatever order: the budget holds, and once nothing is in use any
        /// more every reservation is served in turn.
        #[test]
        fn every_reservation_is_served_in_the_end(
            limit in 2_usize..8,
            cap in 2_usize..8,
            steps in prop::collection::vec((0_usize..4, 0_usize..3, 1_usize..6), 0..60),
        ) {
            let mut world = World::new(limit, cap.min(limit));
            let shares = [world.join(), world.join(), world.join()];
            for (what, share, count) in steps {
                match what {
                    0 => world.request(shares[share]),
                    1 if !world.in_use.is_empty() => world.give_back(count % world.in_use.len()),
                    2 => drop(world.reserve(shares[share], count)),
                    3 => {
                        let had = world.had.keys().min().copied();
                        if let Some(ticket) = had { world.release(ticket) }
                    }
                    _ => {}
                }
                let state = &world.state;
                for share in state.shares.values() {
                    prop_assert!(share.open + share.reserved <= state.cap);
                }
            }
            while !world.in_use.is_empty() {
                world.give_back(0);
            }
            let mut left: Vec<_> = world.had.keys().copied().collect();
            while !left.is_empty() {
                let served = left.iter().position(|ticket| world.has(*ticket) == Some(true));
                let served = served.expect("one of those who wait is served");
                world.release(left.swap_remove(served));
                while !world.in_use.is_empty() {
                    world.give_back(0);
                }
            }
            prop_assert_eq!(world.state.reservations.permits, 0);
        }
    }
}
