//! [actix-web](https://docs.rs/actix-web) over [`multitenant_core`]: routes that each say who may
//! use them, and handlers that take the tenant's database.
//!
//! | I want to … | start at |
//! | --- | --- |
//! | say who may use which route | [`Guarded`] with [`get`], [`post`] …, or [`Guard`] around resources of my own |
//! | take the tenant's database, the tenant, who acts | [`Db`], [`AnySql`], [`Tenant`], [`Principal`] |
//! | sign somebody in | [`HintedTenant`] |
//! | take a body, a query, a path | [`Json`], [`Query`], [`Path`] |
//! | serve many tenants with the handlers that I have | [`TenantData`] behind [`Guard::by_name`] |
//! | answer an error | [`Problem`]; [`problems`] for what actix answers by itself |
//! | find a request in the log | [`request_id`] |
//! | be sure that no tenant reaches another | `Tested` (feature `testing`) |
//!
//! ## Workers come and go, connections stay
//!
//! Each of actix's workers has a runtime of its own, and a socket dies with the runtime that
//! opened it. Tenants' connections live on the runtime on which the
//! [`TenantManager`](multitenant_core::tenant::TenantManager) or the `Platform` was started, and
//! whatever runs behind a [`Guard`] runs within it: a query, a transaction, `tokio::spawn`,
//! `tokio::time`. Start it on a runtime that outlives the server; under `#[tokio::main]` it has
//! threads of its own, under `#[actix_web::main]` only the main one.
//!
//! Actix goes on with a request whose caller has gone away, and the handler keeps its connection
//! meanwhile, unless the server is told
//! [`h1_allow_half_closed(false)`](actix_web::HttpServer::h1_allow_half_closed). Without it, put a
//! time limit around handlers that may wait for long.
//!
//! ## Features
//!
//! | feature | what it brings |
//! | --- | --- |
//! | `postgres` | tenants' databases on Postgres: [`Db`], [`AnySql`] |
//! | `sqlite` | tenants' databases in SQLite files: the same |
//! | `tls-rustls` | TLS towards Postgres |
//! | `testing` | `Tested`; for dev-dependencies only |
//!
//! None is on by default.
#![doc = ""]
#![doc = include_str!("docs/guide.md")]
#![doc = include_str!("docs/example.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod extract;
mod guard;
mod guarded;
mod methods;
mod problem;
mod request_id;
mod tenant_data;
#[cfg(feature = "testing")]
mod tested;
mod view;

pub use body::GuardedBody;
#[cfg(feature = "_sql")]
pub use extract::{AnySql, Db};
pub use extract::{HintedTenant, Json, Path, Principal, Query, Tenant};
pub use guard::{Guard, GuardService};
pub use guarded::{Guarded, Route};
pub use methods::{Handles, Methods, any, delete, get, head, options, patch, post, put};
pub use multitenant_core::gate::AccessRule;
pub use problem::{Problem, problems};
pub use request_id::request_id;
pub use tenant_data::TenantData;
#[cfg(feature = "testing")]
pub use tested::Tested;
pub use view::View;
