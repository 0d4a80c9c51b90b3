//! The decisions of the budget: who gets a connection, for whom one is opened, whose is closed.
//!
//! No I/O and no clock: every method takes what happened and says what to do about it. Whoever
//! calls holds the lock, and carries the orders out after letting go of it.

mod ageing;
mod breaker;
mod deadlock;
mod demand;
mod donors;
mod ending;
mod holders;
mod line;
mod openings;
mod order;
mod popularity;
mod reservation;
mod share;
mod shares;
mod stats;
mod supply;
mod turn;

pub(super) use breaker::Failure;
pub(super) use order::{Key, NotQueued, Order, Waiting};
pub(super) use reservation::{NotReserved, Ticket};
pub(super) use share::{Phase, TURN};
pub(super) use shares::State;
pub use stats::BudgetStats;
