use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::runtime::Handle;

use super::Passage;

pin_project! {
    /// Something that is polled and dropped within a runtime that is not the one it runs on, for
    /// frameworks whose workers have runtimes of their own.
    ///
    /// Whatever is opened, spawned or timed on a worker's runtime ends with it; sqlx spawns when
    /// a transaction is dropped. Within the [`Gate`](super::Gate)'s own
    /// [runtime](super::Gate::runtime) a worker may end at any time, and takes nobody's
    /// connection along.
    ///
    /// ```
    /// use multitenant_core::gate::Within;
    /// use tokio::runtime::{Builder, Handle};
    ///
    /// let (long, short) = (Builder::new_multi_thread().build()?, Builder::new_current_thread().build()?);
    /// let handled = Within::new(long.handle().clone(), async { Handle::current().id() });
    /// assert_eq!(short.block_on(handled), long.handle().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[derive(Debug)]
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
    /// Takes something into a runtime.
    pub fn new(runtime: Handle, inner: T) -> Self {
        Self {
            runtime,
            passage: None,
            inner: Some(inner),
        }
    }

    /// Keeps a passage, and so its tenant, until the end: with a response's body.
    #[must_use]
    pub fn keeping(mut self, passage: Passage) -> Self {
        self.passage = passage.has_tenant().then_some(passage);
        self
    }

    /// What is inside; `None` once it has ended.
    pub fn get(&self) -> Option<&T> {
        self.inner.as_ref()
    }

    /// Polls what is inside by `poll`, which may say that it has ended. `None` where it had
    /// before.
    pub fn poll_by<R>(
        mut self: Pin<&mut Self>,
        poll: impl FnOnce(Pin<&mut T>) -> Poll<R>,
        has_ended: impl FnOnce(&R) -> bool,
    ) -> Poll<Option<R>> {
        let this = self.as_mut().project();
        let entered = this.runtime.enter();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let polled = poll(inner);
        drop(entered);
        if matches!(&polled, Poll::Ready(result) if has_ended(result)) {
            self.end();
        }
        polled.map(Some)
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

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.poll_by(|future| future.poll(context), |_| true) {
            Poll::Ready(Some(output)) => Poll::Ready(output),
            _ => Poll::Pending,
        }
    }
}
