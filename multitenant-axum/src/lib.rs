//! [axum](https://docs.rs/axum) over [`multitenant_core`]: routes that each say who may use them,
//! and handlers that take the tenant's database.
//!
//! | I want to … | start at |
//! | --- | --- |
//! | say who may use which route | [`Guarded`], or [`Guard`] around routes of my own |
//! | take the tenant's database, the tenant, who acts | [`Db`], [`AnySql`], [`Tenant`], [`Principal`] |
//! | sign somebody in | [`HintedTenant`] |
//! | take a body, a query, a path | [`Json`], [`Query`], [`Path`] |
//! | serve many tenants with the router that I have | [`TenantRouter`] |
//! | … or with its handlers: each takes its tenant's part | [`TenantState`] behind [`Guard::by_name`] |
//! | guard a service of tower's own, of hyper or tonic | [`Guard`] as a layer |
//! | answer an error | [`Problem`]; [`problems`] for what axum answers by itself |
//! | find a request in the log | [`request_id`] |
//! | be sure that no tenant reaches another | `Tested` (feature `testing`) |
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
mod tenant_router;
mod tenant_state;
#[cfg(feature = "testing")]
mod tested;
mod view;

pub use body::GuardedBody;
#[cfg(feature = "_sql")]
pub use extract::{AnySql, Db};
pub use extract::{HintedTenant, Json, Path, Principal, Query, Tenant};
pub use guard::{Guard, GuardService};
pub use guarded::{Guarded, Route};
pub use multitenant_core::gate::AccessRule;
pub use multitenant_core::tenant::TenantStates;
pub use problem::{Problem, problems};
pub use request_id::request_id;
pub use tenant_router::TenantRouter;
pub use tenant_state::{GivesTenantState, TenantState};
#[cfg(feature = "testing")]
pub use tested::Tested;
pub use view::View;
