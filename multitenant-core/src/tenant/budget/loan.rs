use super::lease::{HELD, LeasedConnection};
use super::share::Share;
use crate::engine::Connector;

/// What is left of a lease whose connection is elsewhere: in a transaction. Dropped, it reports
/// the connection as gone.
pub(crate) struct Loan<C: Connector> {
    share: Option<Share<C>>,
}

impl<C: Connector> LeasedConnection<C> {
    /// Where the connection lives.
    pub(crate) fn runtime(&self) -> &tokio::runtime::Handle {
        self.share.runtime()
    }

    /// Takes the connection away; whoever does so owes [`Loan::give_back`] or drops the loan for
    /// a connection that is gone.
    #[allow(
        clippy::expect_used,
        reason = "see HELD: only consuming the lease empties it"
    )]
    pub(crate) fn into_parts(mut self) -> (C::Connection, Loan<C>) {
        let connection = self.connection.take().expect(HELD);
        let share = Some(self.share.clone());
        (connection, Loan { share })
    }
}

impl<C: Connector> Loan<C> {
    /// The connection is back and fit.
    pub(crate) fn give_back(mut self, connection: C::Connection) {
        if let Some(share) = self.share.take() {
            share.accept(connection);
        }
    }
}

impl<C: Connector> Drop for Loan<C> {
    fn drop(&mut self) {
        if let Some(share) = self.share.take() {
            share.lost();
        }
    }
}

impl<C: Connector> Share<C> {
    fn lost(&self) {
        self.budget()
            .update(|state, now, orders| state.lose(self.key(), now, orders));
        self.tell_gone();
    }
}
