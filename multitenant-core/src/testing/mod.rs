//! What tests of an application for many tenants need.
//!
//! | I want … | take |
//! | --- | --- |
//! | a platform with tenants, on either engine, gone after the test | [`TestPlatform`] |
//! | to be sure that no tenant reaches another | [`assert_isolated`] |
//! | to see what happens once time has passed | [`MovableClock`] |
//! | to see what happens when a database is away, without one | [`Nowhere`] |
//! | tenants that come, change and go, without a catalog | [`MemoryDirectory`] |
//! | to know what was told to other nodes and what was written down | [`Recorder`] |
//! | to ask a gate without a web framework | [`TestRequest`] |
//! | to send whatever bytes I like | [`Ask`], [`Answer`] |
//! | an empty database of either engine | [`Place`] |
//!
//! It belongs into `dev-dependencies`:
//!
//! ```toml
//! multitenant-core = { version = "…", features = ["full", "sqlite", "testing"] }
//! ```
//!
//! # A whole test
//!
//! The application's migrations, two tenants, and an hour that passes at once:
//!
//! ```
//! # #[cfg(all(feature = "provision", feature = "sqlite"))] mod example {
//! use std::error::Error;
//! use std::time::Duration;
//!
//! use multitenant_core::gate::Access;
//! use multitenant_core::testing::{MovableClock, TestPlatform};
//! use multitenant_core::{Code, Problem};
//! # use multitenant_core::rbac::access;
//! # use sqlx::migrate::{Migration, MigrationType, Migrator};
//! # use sqlx::{Sqlite, SqlSafeStr};
//! #
//! # multitenant_core::permissions! { extends access::REGISTRY; invoices: [READ, CREATE] }
//! # fn migrations() -> Migrator {
//! #     let table = "CREATE TABLE invoices (id INTEGER PRIMARY KEY, total_minor INTEGER NOT NULL)";
//! #     let create = Migration::new(1, "invoices".into(), MigrationType::Simple, table.into_sql_str(), false);
//! #     Migrator::with_migrations(vec![create])
//! # }
//!
//! // #[tokio::test]
//! # #[tokio::main]
//! pub async fn main() -> Result<(), Box<dyn Error>> {
//!     let clock = MovableClock::running();
//!     let time = clock.clone();
//!     let kit = TestPlatform::on_sqlite(REGISTRY)
//!         .tenants(["acme", "globex"])
//!         .with(move |platform| platform.schema(migrations()).clock(time)) // sqlx::migrate!()
//!         .start()
//!         .await?;
//!     let (acme, globex) = (kit.tenant("acme"), kit.tenant("globex"));
//!
//!     let insert = sqlx::query("INSERT INTO invoices (total_minor) VALUES (1200)");
//!     insert.execute(&acme.handle().await?.db::<Sqlite>()?).await?;
//!     let count = sqlx::query_scalar("SELECT COUNT(*) FROM invoices");
//!     let at_globex: i64 = count.fetch_one(&globex.handle().await?.db::<Sqlite>()?).await?;
//!     assert_eq!(at_globex, 0);
//!
//!     let (gate, request) = (kit.platform().gate(), acme.request().await?);
//!     assert!(gate.admit(&request, invoices::READ.into()).await.is_ok());
//!     clock.advance(Duration::from_secs(60 * 60));
//!     let refusal = gate.admit(&request, Access::USER).await.unwrap_err();
//!     assert_eq!(Problem::from(&refusal).code, Code::TokenExpired);
//!     Ok(kit.end().await?)
//! }
//! # }
//! # #[cfg(all(feature = "provision", feature = "sqlite"))] use example::main;
//! # #[cfg(not(all(feature = "provision", feature = "sqlite")))] fn main() {}
//! ```
//!
//! On Postgres it is `TestPlatform::on_postgres(url, REGISTRY)`, and all else stays. There the
//! tenants are clones of a template that the first test of a schema makes and that stays on the
//! server, so that all later ones find it. On two shared cores, unoptimised, a platform of two
//! tenants stood after 60 ms on SQLite and 400 ms on Postgres, and each further tenant took 9 and
//! 75 ms.
//!
//! # No tenant reaches another
//!
//! One line over all routes of an application, whatever it is made of:
//!
//! ```
//! # #[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))] mod example {
//! use multitenant_core::testing::{Application, SetUpError, TestPlatform, assert_isolated};
//!
//! async fn test(kit: &TestPlatform, app: impl Application) -> Result<(), SetUpError> {
//!     let (acme, globex) = (kit.tenant("acme").party().await?, kit.tenant("globex").party().await?);
//!     assert_isolated(&app, acme.id("an invoice of acme"), globex.mark("a text of globex")).await;
//!     Ok(())
//! }
//! # }
//! ```
//!
//! `app` is a `Tested`, which is in `multitenant_axum` and `multitenant_actix`, under their feature
//! `testing`; for anything else there is [`Listed`]. What is tried, and how it says what it found, stands at
//! [`assert_isolated`].
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and this is part of tests"
)]

mod clock;
mod directory;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
mod error;
mod eventually;
mod isolation;
mod nowhere;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
mod place;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
mod platform;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
mod recorder;
mod request;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
mod tenant;
mod wire;

pub use clock::MovableClock;
pub use directory::MemoryDirectory;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub use error::SetUpError;
pub use eventually::eventually;
pub use isolation::{Application, Isolation, Leak, Listed, Party, assert_isolated};
pub use nowhere::{Nowhere, ToNowhere, ToldToFail};
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub use place::Place;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub use platform::{TestPlatform, TestPlatformBuilder};
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub use recorder::{Recorder, audited_actions};
pub use request::TestRequest;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub use tenant::TestTenant;
pub use wire::{Answer, Ask};
