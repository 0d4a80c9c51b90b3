//! Who may do what: permissions declared in code, roles kept in a tenant's database, and a pure
//! decision between them.
//!
//! A registry is closed: what is not declared cannot be asked for (it does not compile) and cannot
//! be granted (an unknown string in a database grants nothing).

pub mod access;
mod decision;
mod declare;
mod grant;
mod permission;
mod policy;
mod registry;
mod role;
mod set;
mod staff;

pub use decision::Decision;
pub use grant::{Grant, UnknownPermission};
pub use permission::Permission;
pub use policy::Policy;
pub use registry::Registry;
pub use role::Role;
pub use set::PermissionSet;
pub use staff::{EnterpriseAction, Reach};

#[doc(hidden)]
pub use declare::__private;

#[cfg(test)]
mod tests;
