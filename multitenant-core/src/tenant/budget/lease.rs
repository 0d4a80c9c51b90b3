use std::ops::{Deref, DerefMut};

use super::Share;
use crate::engine::Connector;

/// A connection on loan. Dropping it gives the connection back.
pub struct Lease<C: Connector> {
    share: Share<C>,
    connection: Option<C::Connection>,
    /// The next user may find something left behind unless the connection is checked first.
    clean: bool,
}

impl<C: Connector> Lease<C> {
    pub(super) fn new(share: Share<C>, connection: C::Connection) -> Self {
        Self {
            share,
            connection: Some(connection),
            clean: true,
        }
    }

    /// Where the connection lives.
    pub(crate) fn runtime(&self) -> &tokio::runtime::Handle {
        self.share.runtime()
    }

    /// From here on the use may leave something behind, and does if it is cut off.
    pub(crate) fn soil(&mut self) {
        self.clean = false;
    }

    /// The use came to its end and left nothing behind.
    pub(crate) fn cleanse(&mut self) {
        self.clean = true;
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

const HELD: &str = "a lease holds its connection until it is consumed or dropped";

#[allow(
    clippy::expect_used,
    reason = "see HELD: only consuming the lease empties it"
)]
impl<C: Connector> Deref for Lease<C> {
    type Target = C::Connection;

    fn deref(&self) -> &C::Connection {
        self.connection.as_ref().expect(HELD)
    }
}

#[allow(
    clippy::expect_used,
    reason = "see HELD: only consuming the lease empties it"
)]
impl<C: Connector> DerefMut for Lease<C> {
    fn deref_mut(&mut self) -> &mut C::Connection {
        self.connection.as_mut().expect(HELD)
    }
}

impl<C: Connector> Drop for Lease<C> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if self.clean {
            self.share.accept(connection);
        } else {
            let share = self.share.clone();
            let runtime = self.share.runtime().clone();
            runtime.spawn(async move { share.accept_checked(connection).await });
        }
    }
}

/// What is left of a lease whose connection is elsewhere, such as in a transaction.
pub(crate) struct Loan<C: Connector> {
    share: Option<Share<C>>,
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
    fn accept(&self, connection: C::Connection) {
        self.budget().update(|state, now, orders| {
            state.give_back(self.key(), connection, now, orders);
        });
        self.tell_gone();
    }

    async fn accept_checked(&self, mut connection: C::Connection) {
        if self.budget().inner.connector.check(&mut connection).await {
            return self.accept(connection);
        }
        self.budget()
            .update(|state, now, orders| state.discard(self.key(), now, orders));
        self.budget().inner.connector.close(connection).await;
        self.budget().closed(self.key());
    }

    fn lost(&self) {
        self.budget()
            .update(|state, now, orders| state.lose(self.key(), now, orders));
        self.tell_gone();
    }
}
