use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;

use crate::engine::{SqlConnector, SqlEngine};
use crate::tenant::budget::LeasedConnection;

/// A connection to one tenant's database, on loan until it is dropped.
///
/// It dereferences to sqlx's own connection. When it comes back it is asked who it is and whether
/// a transaction is open, before anybody else gets it.
pub struct DbConnection<DB: SqlEngine> {
    loan: Loan<DB>,
}

enum Loan<DB: SqlEngine> {
    Leased(LeasedConnection<SqlConnector<DB>>),
    Pooled(PoolConnection<DB>),
}

impl<DB: SqlEngine> DbConnection<DB> {
    pub(super) fn leased(mut lease: LeasedConnection<SqlConnector<DB>>) -> Self {
        // Whatever is done with the bare connection goes unseen.
        lease.soil();
        Self {
            loan: Loan::Leased(lease),
        }
    }

    pub(super) fn pooled(connection: PoolConnection<DB>) -> Self {
        Self {
            loan: Loan::Pooled(connection),
        }
    }
}

impl<DB: SqlEngine> Deref for DbConnection<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match &self.loan {
            Loan::Leased(lease) => lease.connection_ref(),
            Loan::Pooled(connection) => connection,
        }
    }
}

impl<DB: SqlEngine> DerefMut for DbConnection<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match &mut self.loan {
            Loan::Leased(lease) => lease.connection(),
            Loan::Pooled(connection) => connection,
        }
    }
}

impl<DB: SqlEngine> fmt::Debug for DbConnection<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbConnection")
            .field("engine", &DB::NAME)
            .finish()
    }
}
