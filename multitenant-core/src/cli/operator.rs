use clap::Args;
use nix::unistd::{Uid, User};

use crate::Subject;
use crate::catalog::{Actor, Change};

/// On whose account a command changes something.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Why {
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Why {
    pub(super) fn change(&self) -> Change {
        let change = Change::by(operator());
        match &self.reason {
            Some(reason) => change.because(reason),
            None => change,
        }
    }
}

/// The account that runs this process, by its name or else its number. What the environment says
/// of it does not count.
fn operator() -> Actor {
    let id = Uid::current();
    let account = User::from_uid(id).ok().flatten();
    let name = account.and_then(|account| Subject::new(account.name).ok());
    let number = || Subject::new(format!("uid {id}")).ok();
    name.or_else(number).map_or(Actor::System, Actor::Operator)
}
