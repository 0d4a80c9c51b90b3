use std::time::Duration;

use serde_json::Value;

use crate::{NodeId, OperationId, ServerId, TenantId, Timestamp};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word under which it is stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidWord;

            fn from_str(text: &str) -> Result<Self, InvalidWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(InvalidWord),
                }
            }
        }
    };
}

/// A text that names no state of an operation or step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a state of an operation or of a step")]
pub struct InvalidWord;

words! {
    /// How far an operation has come.
    OperationStatus:
    /// Its steps are being done.
    Running = "RUNNING",
    /// A step failed, and those done are being undone.
    Undoing = "UNDOING",
    /// All is done.
    Succeeded = "SUCCEEDED",
    /// All that was done is undone.
    Undone = "UNDONE",
    /// It has ended half-way; a person must look.
    Failed = "FAILED",
}

impl OperationStatus {
    /// Whether somebody must still work on it.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Running | Self::Undoing)
    }
}

words! {
    /// How far a step has come.
    StepStatus:
    /// Not done yet; it may have been begun.
    Pending = "PENDING",
    /// Done.
    Done = "DONE",
    /// It failed.
    Failed = "FAILED",
    /// Undone.
    Undone = "UNDONE",
}

/// An operation over a tenant, as its rows tell of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What it does, such as `tenant.create`.
    pub kind: String,
    /// The tenant.
    pub tenant: TenantId,
    /// How far it has come.
    pub status: OperationStatus,
    /// What was asked for, for whoever goes on with it; holds no secret.
    pub input: Value,
    /// What went wrong, where something did.
    pub error: Option<String>,
    /// How often a node has set about it.
    pub attempt: i64,
    /// Its steps, in order.
    pub steps: Vec<OperationStep>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When anything of it was last written.
    pub updated_at: Timestamp,
}

impl Operation {
    /// How many steps in a hundred are done.
    #[must_use]
    pub fn progress(&self) -> u8 {
        let done = |step: &&OperationStep| step.status == StepStatus::Done;
        let done = self.steps.iter().filter(done).count();
        let percent = done * 100 / self.steps.len().max(1);
        u8::try_from(percent).unwrap_or(100)
    }
}

/// One step of an operation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OperationStep {
    /// Its name.
    pub name: String,
    /// How far it has come.
    pub status: StepStatus,
    /// At which attempt that was written.
    pub attempt: i64,
    /// What went wrong, where something did.
    pub error: Option<String>,
}

/// An operation that is to be begun.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// What it does, such as `tenant.create`.
    pub kind: &'static str,
    /// The names of its steps, in order; each stands once.
    pub steps: &'static [&'static str],
    /// What whoever goes on with it must know; never a secret.
    pub input: Value,
    /// The node that works on it.
    pub node: NodeId,
    /// How long the node may be silent before another takes over.
    pub lease: Duration,
}

/// Which operations a node can bring to their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workable {
    /// What they do, such as `tenant.create`.
    pub kinds: Vec<&'static str>,
    /// Where the databases of their tenants are.
    pub servers: Vec<ServerId>,
}

/// The right to work on an operation. Each write of a step proves it and makes it last anew; a
/// second node that takes over raises the attempt, and this one's writes are refused from then on.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "nobody else works on the operation until the lease has run out"]
pub struct Lease {
    pub(super) operation: OperationId,
    pub(super) tenant: TenantId,
    pub(super) node: NodeId,
    pub(super) attempt: i64,
    pub(super) lasts: Duration,
}

impl Lease {
    /// The operation.
    #[must_use]
    pub const fn operation(&self) -> OperationId {
        self.operation
    }

    /// The tenant that it is about.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// How many times a node has taken it up, this one included.
    #[must_use]
    pub const fn attempt(&self) -> i64 {
        self.attempt
    }
}

/// How an operation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is done.
    Succeeded,
    /// All that was done is undone.
    Undone,
    /// It ends half-way; a person must look.
    Failed,
}

impl Outcome {
    pub(super) const fn status(self) -> OperationStatus {
        match self {
            Self::Succeeded => OperationStatus::Succeeded,
            Self::Undone => OperationStatus::Undone,
            Self::Failed => OperationStatus::Failed,
        }
    }
}
