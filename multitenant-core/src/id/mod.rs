//! Names of things, each with a type of its own so that none can stand in another's place.

mod server;
mod slug;
mod uuid_id;

pub use server::ServerId;
pub use slug::{InvalidSlug, Slug};
pub use uuid_id::{InvalidId, SessionId, TenantId, UserId};
