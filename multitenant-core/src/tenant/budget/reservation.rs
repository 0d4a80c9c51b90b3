use std::fmt;

use tokio::time::{Instant, timeout};

use super::error::AcquireError;
use super::share::Share;
use super::state::{NotReserved, TURN, Ticket};
use crate::engine::Connector;

/// Permits that a tenant has for itself: as many connections may be open beside those of its
/// [`Share`] for as long as this is held, whoever opens them.
pub struct Reservation<C: Connector> {
    share: Share<C>,
    ticket: Ticket,
}

impl<C: Connector> Share<C> {
    /// Takes `count` permits out of the budget, all at once: for code that opens connections by
    /// itself. They count towards what the tenant may have, of which one is left to its other
    /// requests.
    ///
    /// # Errors
    /// [`AcquireError::NeverReserved`] where a tenant may not have so many;
    /// [`AcquireError::Budget`] where they did not come free in time.
    pub async fn reserve(&self, count: usize) -> Result<Reservation<C>, AcquireError> {
        let asked = self
            .budget()
            .update(|state, now, orders| state.reserve(self.key(), count, now, orders));
        let ticket = asked.map_err(|why| match why {
            NotReserved::Closed => AcquireError::Closed,
            NotReserved::Never { most } => AcquireError::NeverReserved { asked: count, most },
        })?;
        let (share, began) = (self.clone(), Instant::now());
        // Dropped, it asks no longer.
        let reservation = Reservation { share, ticket };
        let granted = timeout(
            self.budget().options().acquire_timeout,
            reservation.granted(),
        );
        match granted.await {
            Ok(true) => Ok(reservation),
            Ok(false) => Err(AcquireError::Closed),
            Err(_) => Err(AcquireError::Budget {
                waited: began.elapsed(),
                retry_after: reservation.share.expected_wait(count),
            }),
        }
    }
}

impl<C: Connector> Reservation<C> {
    /// Waits for the permits; `false` where they will never be there.
    async fn granted(&self) -> bool {
        let ticket = self.ticket;
        loop {
            let settled = self
                .share
                .until(|state| state.has_reserved(ticket) != Some(false));
            if timeout(TURN, settled).await.is_ok() {
                let budget = self.share.budget();
                return budget.read(|state| state.has_reserved(ticket) == Some(true));
            }
            // What was in its turn a moment ago may make room now.
            self.share.ask_for_opening();
        }
    }
}

impl<C: Connector> Drop for Reservation<C> {
    fn drop(&mut self) {
        let ticket = self.ticket;
        let budget = self.share.budget();
        budget.update(|state, now, orders| state.release(ticket, now, orders));
        budget.tell_returned();
        self.share.tell();
    }
}

impl<C: Connector> fmt::Debug for Reservation<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("tenant", &self.share.tenant())
            .finish_non_exhaustive()
    }
}
