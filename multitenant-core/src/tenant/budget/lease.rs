use std::ops::{Deref, DerefMut};
use std::sync::Arc;

#[cfg(feature = "_sql")]
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::engine::{ConnectData, Connector};

/// Who holds a connection: the task that asked for it.
pub(super) type Holder = tokio::task::Id;

/// The task that runs this.
pub(super) fn holder() -> Option<Holder> {
    tokio::task::try_id()
}

/// An open connection, and when it is to be closed.
pub(super) struct Opened<T> {
    pub(super) connection: T,
    pub(super) terms: Terms,
}

/// What is known of a connection on loan.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) holder: Option<Holder>,
    /// When it has served for long enough.
    pub(super) retires: Instant,
}

impl<T> Opened<T> {
    pub(super) const fn lent_to(mut self, holder: Option<Holder>) -> Self {
        self.terms.holder = holder;
        self
    }
}

/// Where a connection belongs and comes back to: its tenant's share of the budget. What is lent
/// knows only this of the share.
pub(super) trait Home<C: Connector>: Send + Sync + 'static {
    /// Where the tenant's database is.
    fn data(&self) -> &ConnectData;

    /// Where the tenant's connections are opened and closed.
    #[cfg(feature = "_sql")]
    fn runtime(&self) -> &Handle;

    /// Whether a connection may go to anybody as it is.
    fn is_fit(&self, connection: &C::Connection) -> bool;

    /// Takes back a connection that is fit.
    fn accept(&self, back: Opened<C::Connection>);

    /// Takes back a connection that whoever waits for it will check.
    #[cfg(feature = "_sql")]
    fn hand_over(self: Arc<Self>, back: Opened<C::Connection>);

    /// Takes back a connection that must be checked first.
    fn inspect(self: Arc<Self>, back: Opened<C::Connection>);

    /// Hears that a connection on loan is gone for good.
    #[cfg(feature = "_sql")]
    fn lost(&self, holder: Option<Holder>);

    /// Tells whoever waits for the tenant's connections to end that one may have, and whoever
    /// waits for a reservation that it may be there.
    fn tell_gone(&self);
}

/// A connection on loan. Dropping it gives the connection back.
pub struct LeasedConnection<C: Connector> {
    pub(super) home: Arc<dyn Home<C>>,
    pub(super) connection: Option<C::Connection>,
    pub(super) terms: Terms,
    /// The next user may find something left behind unless the connection is checked first.
    clean: bool,
}

impl<C: Connector> LeasedConnection<C> {
    pub(super) fn new(home: Arc<dyn Home<C>>, lent: Opened<C::Connection>) -> Self {
        Self {
            home,
            connection: Some(lent.connection),
            terms: lent.terms,
            clean: true,
        }
    }

    /// Whether nothing of a former use can be left.
    pub(crate) fn is_fit(&self) -> bool {
        self.connection
            .as_ref()
            .is_some_and(|connection| self.home.is_fit(connection))
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
        let fit = self.clean && self.home.is_fit(&connection);
        let terms = self.terms;
        let back = Opened { connection, terms };
        if fit {
            self.home.accept(back);
        } else {
            Arc::clone(&self.home).inspect(back);
        }
    }
}
