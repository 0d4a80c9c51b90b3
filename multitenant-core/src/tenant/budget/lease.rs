use std::ops::{Deref, DerefMut};

use super::Share;
use crate::engine::Connector;

/// A connection on loan. Dropping it gives the connection back.
pub struct LeasedConnection<C: Connector> {
    pub(super) share: Share<C>,
    pub(super) connection: Option<C::Connection>,
    /// The next user may find something left behind unless the connection is checked first.
    clean: bool,
}

impl<C: Connector> LeasedConnection<C> {
    pub(super) fn new(share: Share<C>, connection: C::Connection) -> Self {
        Self {
            share,
            connection: Some(connection),
            clean: true,
        }
    }

    /// From here on the use may leave something behind, and does if it is cut off: the connection
    /// is checked by its [`Connector`] before anybody else gets it.
    pub fn soil(&mut self) {
        self.clean = false;
    }

    /// The use came to its end and left nothing behind.
    pub fn cleanse(&mut self) {
        self.clean = true;
    }
}

pub(super) const HELD: &str = "a lease holds its connection until it is consumed or dropped";

#[allow(
    clippy::expect_used,
    reason = "see HELD: only consuming the lease empties it"
)]
impl<C: Connector> Deref for LeasedConnection<C> {
    type Target = C::Connection;

    fn deref(&self) -> &C::Connection {
        self.connection.as_ref().expect(HELD)
    }
}

#[allow(
    clippy::expect_used,
    reason = "see HELD: only consuming the lease empties it"
)]
impl<C: Connector> DerefMut for LeasedConnection<C> {
    fn deref_mut(&mut self) -> &mut C::Connection {
        self.connection.as_mut().expect(HELD)
    }
}

impl<C: Connector> Drop for LeasedConnection<C> {
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

impl<C: Connector> Share<C> {
    pub(super) fn accept(&self, connection: C::Connection) {
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
}
