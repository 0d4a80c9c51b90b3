use async_trait::async_trait;

/// Shows on a server that a node lives, until this is dropped or the process ends.
///
/// What shows it goes the way of the node's connections to tenants: it ends when the process does, and
/// stays while the process is paused, or is cut off without the server noticing. So whoever does not
/// see it sees that those connections are gone too.
#[async_trait]
pub trait Attendance: Send {
    /// Whether the server shows it still. Takes no longer than half a second.
    async fn is_shown(&mut self) -> bool;
}
