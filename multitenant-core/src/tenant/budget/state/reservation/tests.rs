use std::collections::HashMap;

use proptest::prelude::*;

use super::super::{Phase, TURN};
use super::*;
use crate::tenant::budget::{BudgetOptions, ShareOptions};

struct Request;

impl Waiting for Request {
    type Holder = u32;

    fn holder(&self) -> Option<u32> {
        None
    }

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
        let (mut options, now) = (BudgetOptions::connections(limit), Instant::now());
        options.per_tenant = Some(cap);
        Self {
            state: State::new(&options, now),
            now,
            in_use: Vec::new(),
            had: HashMap::new(),
        }
    }

    fn join(&mut self) -> Key {
        self.state.join(ShareOptions::default(), self.now)
    }

    fn act<R>(
        &mut self,
        act: impl FnOnce(&mut State<(), Request>, Instant, &mut Vec<Order<(), Request>>) -> R,
    ) -> R {
        self.now += TURN;
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
            let _ = state.wait(key, Request, 100, now);
            state.serve_idle(key, orders);
            state.want(key, now);
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
            for (key, share) in &state.shares {
                prop_assert!(share.open + share.reserved <= state.cap(*key));
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
