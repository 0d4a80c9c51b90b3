use std::hash::Hash;

use super::breaker::Tripped;

/// Names a share of the budget.
pub(in crate::tenant::budget) type Key = u64;

/// Something to be done once the lock is released. `C` is a connection, `W` a waiting request.
pub(in crate::tenant::budget) enum Order<C, W> {
    /// Open a connection for this share; a permit is already counted for it.
    Open(Key),
    /// Close this connection, of this share, then call [`State::closed`](super::State::closed).
    Close(Key, C),
    /// Hand this connection, of this share, to this request.
    Deliver(Key, C, W),
    /// Tell this share that it has what it reserved.
    Reserved(Key),
}

/// A request in the queue of its share.
pub(in crate::tenant::budget) trait Waiting {
    /// Names whoever asks, and holds what was asked for.
    type Holder: Copy + Eq + Hash;

    /// Who asks, if that is known.
    fn holder(&self) -> Option<Self::Holder>;

    /// Whether the request has gone away.
    fn is_gone(&self) -> bool;
}

/// Why a request cannot wait.
#[derive(Debug, Clone)]
pub(in crate::tenant::budget) enum NotQueued {
    /// The share serves nobody any more.
    Closed,
    /// As many wait as may.
    Full,
    /// Nothing could be opened a moment ago.
    Tripped(Tripped),
}
