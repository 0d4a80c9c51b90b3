use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use multitenant_core::gate::Passage;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;

pin_project! {
    /// A future or a body that is polled and dropped within the runtime on which tenants'
    /// connections live.
    ///
    /// Each of actix's workers has a runtime of its own, and whatever is opened, spawned or timed
    /// there ends with it; sqlx spawns when a transaction is dropped. Within the other runtime a
    /// worker may end at any time, and takes nobody's connection along.
    ///
    /// As a body it keeps a [`Passage`], and so the tenant, until it has ended.
    pub struct Within<T> {
        runtime: Handle,
        passage: Option<Passage>,
        #[pin]
        inner: Option<T>,
    }

    impl<T> PinnedDrop for Within<T> {
        fn drop(this: Pin<&mut Self>) {
            this.end();
        }
    }
}

impl<T> Within<T> {
    pub(crate) fn new(runtime: Handle, inner: T) -> Self {
        Self {
            runtime,
            passage: None,
            inner: Some(inner),
        }
    }

    pub(crate) fn keeping(mut self, passage: Passage) -> Self {
        self.passage = passage.has_tenant().then_some(passage);
        self
    }

    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        let _entered = this.runtime.enter();
        this.inner.set(None);
        *this.passage = None;
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.as_mut().project();
        let entered = this.runtime.enter();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending;
        };
        let polled = inner.poll(context);
        drop(entered);
        if polled.is_ready() {
            self.end();
        }
        polled
    }
}

impl<B: MessageBody> MessageBody for Within<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.inner
            .as_ref()
            .map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.as_mut().project();
        let entered = this.runtime.enter();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let next = inner.poll_next(context);
        drop(entered);
        if matches!(next, Poll::Ready(None)) {
            self.end();
        }
        next
    }
}
