//! One application, many tenants, each with a database of its own.
//!
//! | I want to … | start at |
//! | --- | --- |
//! | keep any value per tenant | [`tenant::TenantCache`]; [`tenant::PerTenant`] for what is built out of its handle |
//! | reach tenants' databases under one budget of connections | [`tenant::TenantManager`], [`tenant::Db`] (features `postgres`, `sqlite`) |
//! | serve pools that I have, or one tenant alone | [`tenant::FixedTenants`] (beside an engine) |
//! | do something for every tenant | [`tenant::Tenants`] and its `for_each` |
//! | say where my tenants are | [`directory::Directory`]; [`engine::Connector`] for another engine |
//! | write one query for both engines | [`on!`], [`tenant::AnySql`] |
//! | decide who acts for which tenant | [`gate::Gate`], [`resolve::Resolver`] |
//! | check tokens of my own | [`auth::Authenticator`] |
//! | sign people in | [`auth::sign_in`] (features `passwords` and `tokens`) |
//! | say who may do what | [`permissions!`], [`rbac`] |
//! | issue and check tokens | [`token`] (feature `tokens`) |
//! | hash passwords | [`password`] (feature `passwords`) |
//! | keep a secret in a database | [`keys::Vault`], [`secret`] (feature `crypto`) |
//! | keep tenants, operations and audit rows | [`catalog`] (feature `catalog`, beside an engine) |
//! | keep users, sessions and roles | [`accounts`] (feature `accounts`, beside an engine) |
//! | make and delete tenants | [`provision`] (feature `provision`, beside an engine) |
//! | have all of it joined | [`platform::Platform`] (feature `full`, beside an engine) |
//! | look after it from a command line | [`cli`] (feature `cli`, beside an engine) |
//! | hear what changed | [`events`] |
//! | read what a caller sent | [`input`] (feature `input`) |
//! | name a tenant | [`TenantId`], [`Slug`] |
//! | test an application for many tenants | [`testing`] (feature `testing`) |
//! | answer an error over HTTP | [`Problem`], [`Code`] |
//!
//! The first rung needs no feature:
//!
//! ```
//! use multitenant_core::TenantId;
//! use multitenant_core::tenant::{CacheOptions, TenantCache};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let greetings: TenantCache<String> = TenantCache::new(CacheOptions::default(), |tenant| async move {
//!     Ok::<_, std::convert::Infallible>(format!("hello {tenant}"))
//! });
//! let tenant = TenantId::generate();
//! assert_eq!(*greetings.get(tenant).await.unwrap(), format!("hello {tenant}"));
//! # }
//! ```
//!
//! ## Features
//!
//! | feature | what it brings |
//! | --- | --- |
//! | `postgres` | connects to tenants' databases on Postgres: [`engine`], [`tenant::Db`] |
//! | `sqlite` | keeps tenants' databases in SQLite files: the same. `links = "sqlite3"` admits one of its kind in a build |
//! | `tls-rustls` | TLS towards Postgres |
//! | `tokens` | issues and checks JSON Web Tokens: [`token`], [`auth::TokenAuthenticator`] |
//! | `passwords` | hashes passwords by argon2id: [`password`]; with `tokens`, [`auth::sign_in`] |
//! | `crypto` | encrypts secrets at rest: [`keys`], [`secret`] |
//! | `catalog` | our tables for tenants, operations, audit rows, the log: [`catalog`]; beside an engine |
//! | `accounts` | our tables for users, sessions, roles and the staff: [`accounts`]; beside an engine |
//! | `provision` | makes, migrates and deletes tenants: [`provision`], [`platform`]; beside an engine |
//! | `cli` | commands over a platform: [`cli`]; beside an engine |
//! | `full` | everything but the engines and the commands |
//! | `redis` | wakes the readers of the log over Redis: [`events`] |
//! | `input` | reads JSON bodies and queries: [`input`] |
//! | `testing` | what tests of an application need: [`testing`]; for dev-dependencies only |
//!
//! None is on by default. Without any there is no sqlx and no cryptography in the tree.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "accounts", any(feature = "postgres", feature = "sqlite")))]
pub mod accounts;
pub mod auth;
#[cfg(all(feature = "catalog", any(feature = "postgres", feature = "sqlite")))]
pub mod catalog;
#[cfg(all(feature = "cli", any(feature = "postgres", feature = "sqlite")))]
pub mod cli;
pub mod directory;
pub mod engine;
mod error;
pub mod events;
pub mod gate;
mod id;
#[cfg(feature = "input")]
pub mod input;
#[cfg(feature = "crypto")]
pub mod keys;
pub mod limits;
#[cfg(any(feature = "_sql", feature = "tokens"))]
mod mac;
#[cfg(feature = "passwords")]
pub mod password;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub mod platform;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub mod provision;
pub mod rbac;
pub mod resolve;
#[cfg(feature = "crypto")]
pub mod secret;
pub mod tenant;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
#[cfg(feature = "tokens")]
pub mod token;

pub use error::{Code, FieldError, Problem, ProblemDocument};
pub use id::{
    Domain, Email, EnterpriseRole, InvalidDomain, InvalidEmail, InvalidEnterpriseRole, InvalidId,
    InvalidName, InvalidRealm, InvalidSlug, NodeId, OperationId, Realm, RequestId, RoleName,
    ServerId, SessionId, Slug, Standing, Subject, TenantId, TokenId, UserId,
};
pub use time::{Clock, SystemClock, Timestamp};

/// The code on the page for whoever embeds the library, compiled and run.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../docs/embedding.md")]
mod embedding {}
