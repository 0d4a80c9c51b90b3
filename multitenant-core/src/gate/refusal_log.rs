use super::Refusal;
use crate::auth::Identity;

/// Hears of every refusal of somebody who was signed in, to count it or to keep it.
pub trait RefusalLog: Send + Sync + 'static {
    /// Called before the refusal is answered; must not wait.
    fn refused(&self, who: &Identity, why: &Refusal);
}
