use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use http_body_util::Either;
use multitenant_core::gate::Passage;
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response that came through a [`Guard`](crate::Guard): the handler's, with
    /// which the passage is kept, or a problem.
    #[derive(Debug)]
    pub struct GuardedBody<B> {
        #[pin]
        body: Either<B, Body>,
        passage: Option<Passage>,
    }
}

impl<B> GuardedBody<B> {
    pub(crate) fn passed(body: B, passage: Passage) -> Self {
        Self {
            body: Either::Left(body),
            passage: passage.has_tenant().then_some(passage),
        }
    }

    pub(crate) fn refused(body: Body) -> Self {
        Self {
            body: Either::Right(body),
            passage: None,
        }
    }
}

type Next = Option<Result<Frame<Bytes>, BoxError>>;

impl<B> HttpBody for GuardedBody<B>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Next> {
        let this = self.project();
        let next = ready!(this.body.poll_frame(context));
        if next.is_none() {
            *this.passage = None;
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
