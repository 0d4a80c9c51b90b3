use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use multitenant_core::gate::Within;
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response that came through a [`Guard`](crate::Guard). It is polled and
    /// dropped within the runtime on which tenants' connections live, and with it the passage is
    /// kept.
    #[derive(Debug)]
    pub struct GuardedBody<B> {
        #[pin]
        pub(crate) inner: Within<B>,
    }
}

impl<B: MessageBody> MessageBody for GuardedBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        let body = self.inner.get();
        body.map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let inner = self.project().inner;
        let next = inner.poll_by(|body| body.poll_next(context), Option::is_none);
        next.map(Option::flatten)
    }
}
