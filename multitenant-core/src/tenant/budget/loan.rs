use std::sync::Arc;

use super::lease::{HELD, Home, LeasedConnection, Opened, Terms};
use crate::engine::Connector;

/// What is left of a lease whose connection is elsewhere: in a transaction. Dropped, it reports
/// the connection as gone.
pub(crate) struct Loan<C: Connector> {
    home: Option<Arc<dyn Home<C>>>,
    terms: Terms,
}

impl<C: Connector> LeasedConnection<C> {
    /// Where the connection lives.
    pub(crate) fn runtime(&self) -> &tokio::runtime::Handle {
        self.home.runtime()
    }

    /// Takes the connection away; whoever does so owes [`Loan::give_back`] or drops the loan for
    /// a connection that is gone.
    #[allow(
        clippy::expect_used,
        reason = "see HELD: only consuming the lease empties it"
    )]
    pub(crate) fn into_parts(mut self) -> (C::Connection, Loan<C>) {
        let connection = self.connection.take().expect(HELD);
        let home = Some(Arc::clone(&self.home));
        let terms = self.terms;
        (connection, Loan { home, terms })
    }
}

impl<C: Connector> Loan<C> {
    /// The connection is back; what was done with it is not known.
    pub(crate) fn give_back(mut self, connection: C::Connection) {
        if let Some(home) = self.home.take() {
            let terms = self.terms;
            home.hand_over(Opened { connection, terms });
        }
    }
}

impl<C: Connector> Drop for Loan<C> {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.lost(self.terms.holder);
        }
    }
}
