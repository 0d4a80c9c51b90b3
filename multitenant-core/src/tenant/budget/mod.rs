//! One budget of open connections over all tenants of a server.

mod error;
mod jitter;
mod lease;
#[cfg(feature = "_sql")]
mod loan;
mod options;
mod reservation;
mod scheduler;
mod share;
mod state;

pub use error::AcquireError;
pub use lease::LeasedConnection;
pub use options::{BudgetOptions, ShareOptions};
pub use reservation::Reservation;
pub use scheduler::Budget;
pub use share::Share;
pub(super) use share::WeakShare;
pub use state::BudgetStats;
