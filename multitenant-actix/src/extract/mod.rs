//! What handlers take.

#[cfg(feature = "_sql")]
mod db;
mod input;
mod passage;

#[cfg(feature = "_sql")]
pub use db::{AnySql, Db};
pub use input::{Json, Path, Query};
pub use passage::{HintedTenant, Principal, Tenant};

/// Lets what is inside be used without taking it apart.
macro_rules! thin {
    ([$($parameters:tt)*] $extractor:ty, $inner:ty) => {
        impl<$($parameters)*> std::ops::Deref for $extractor {
            type Target = $inner;

            fn deref(&self) -> &$inner {
                &self.0
            }
        }
    };
}
pub(crate) use thin;
