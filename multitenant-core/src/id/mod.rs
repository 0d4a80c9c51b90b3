//! Names of things, each with a type of its own so that none can stand in another's place.

mod domain;
mod email;
mod enterprise_role;
mod name;
mod realm;
mod request;
mod server;
mod slug;
mod standing;
mod uuid_id;

pub use domain::{Domain, InvalidDomain};
pub use email::{Email, InvalidEmail};
pub use enterprise_role::{EnterpriseRole, InvalidEnterpriseRole};
pub use name::{InvalidName, RoleName, Subject};
pub use realm::{InvalidRealm, Realm};
pub use request::RequestId;
pub use server::ServerId;
pub use slug::{InvalidSlug, Slug};
pub use standing::Standing;
pub use uuid_id::{InvalidId, NodeId, OperationId, SessionId, TenantId, TokenId, UserId};
