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

/// An extractor that takes what is inside of it at once, by a function of the request.
macro_rules! taken_at_once {
    ([$($parameters:tt)*] $extractor:ty, $inner:ty, $take:path) => {
        thin!([$($parameters)*] $extractor, $inner);

        impl<$($parameters)*> actix_web::FromRequest for $extractor {
            type Error = $crate::Problem;
            type Future = std::future::Ready<Result<Self, $crate::Problem>>;

            fn from_request(
                request: &actix_web::HttpRequest,
                _: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let taken: Result<$inner, _> = $take(request);
                std::future::ready(taken.map(Self).map_err($crate::Problem))
            }
        }
    };
}
pub(crate) use taken_at_once;
