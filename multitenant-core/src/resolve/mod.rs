//! Which tenant a request is for.
//!
//! No source outranks another: all that name a tenant must name the same one.

mod forwarded;
mod hint;
mod host;
mod path;
mod proxies;
mod request;
mod resolver;

pub use hint::Sources;
pub use path::{InvalidPathPrefix, PathPrefix};
pub use proxies::TrustedProxies;
pub(crate) use request::single_header;
pub use request::{RepeatedHeader, RequestView};
pub use resolver::{Claim, ResolveError, Resolver};

/// The header that names a tenant by its id or its slug.
pub const TENANT_HEADER: &str = "x-tenant-id";
