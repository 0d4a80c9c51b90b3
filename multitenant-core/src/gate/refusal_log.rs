use super::Refusal;
use crate::auth::Identity;

/// Hears of every refusal of somebody who was signed in, to count it or to keep it.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use multitenant_core::auth::Identity;
/// use multitenant_core::gate::{Refusal, RefusalLog};
///
/// #[derive(Default)]
/// struct Denied(AtomicU64);
///
/// impl RefusalLog for Denied {
///     fn refused(&self, _: &Identity, why: &Refusal) {
///         if matches!(why, Refusal::Denied { .. }) {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait RefusalLog: Send + Sync + 'static {
    /// Called before the refusal is answered; must not wait.
    fn refused(&self, who: &Identity, why: &Refusal);
}
