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

/// Takes what is inside of the passage that the guard left in the request.
macro_rules! from_passage {
    ([$($parameters:tt)*] $extractor:ty, $inner:ty) => {
        thin!([$($parameters)*] $extractor, $inner);

        impl<S: Send + Sync, $($parameters)*> axum::extract::FromRequestParts<S> for $extractor {
            type Rejection = $crate::Problem;

            async fn from_request_parts(
                parts: &mut axum::http::request::Parts,
                _: &S,
            ) -> Result<Self, Self::Rejection> {
                let passage = parts.extensions.get();
                let taken: $inner = multitenant_core::gate::FromPassage::from_passage(passage)?;
                Ok(Self(taken))
            }
        }
    };
}
pub(crate) use from_passage;
