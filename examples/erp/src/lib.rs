//! The parts of the ERP server. `main.rs` tells how they come together.
//!
//! | part | what it does |
//! | --- | --- |
//! | [`cli`] | reads what is on the command line |
//! | [`config`] | reads flags, environment and `.env` |
//! | [`keys`] | takes or makes the secrets |
//! | [`telemetry`] | writes one line for each thing |
//! | [`platform`] | joins the catalog, the clients and their databases |
//! | [`http`] | stands around every route |
//! | [`openapi`] | documents every route |
//! | [`health`] | tells how the server is |
//! | [`server`] | listens, serves, ends |
//! | [`banner`] | shows the first steps |

pub mod banner;
mod caller;
pub mod cli;
mod client;
pub mod config;
mod docs;
mod enterprise;
mod forms;
pub mod health;
pub mod http;
pub mod keys;
pub mod openapi;
mod own_account;
pub mod platform;
mod report;
mod routes;
pub mod server;
pub mod telemetry;

pub use report::report;
pub use routes::{guarded, routes};
