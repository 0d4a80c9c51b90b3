//! One application, many tenants, each with a database of its own.
//!
//! | I want to … | start at |
//! | --- | --- |
//! | name a tenant | [`TenantId`], [`Slug`] |
//! | answer an error over HTTP | [`Problem`], [`Code`] |
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "catalog")]
pub mod catalog;
pub mod directory;
pub mod engine;
mod error;
pub mod events;
mod id;
pub mod limits;
pub mod tenant;
mod time;

pub use error::{Code, FieldError, Problem};
pub use id::{
    EnterpriseRole, InvalidEnterpriseRole, InvalidId, InvalidName, InvalidRealm, InvalidSlug,
    NodeId, OperationId, Realm, RoleName, ServerId, SessionId, Slug, Subject, TenantId, TokenId,
    UserId,
};
pub use time::{Clock, SystemClock, Timestamp};
