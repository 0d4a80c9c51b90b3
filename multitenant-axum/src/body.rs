use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use multitenant_core::gate::Passage;
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response that came through a [`Guard`](crate::Guard): the handler's, with
    /// which the passage is kept, or a problem.
    #[derive(Debug)]
    pub struct GuardedBody<B> {
        #[pin]
        body: Kind<B>,
        passage: Option<Passage>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = KindProjection]
    enum Kind<B> {
        Passed { #[pin] body: B },
        Refused { #[pin] body: Body },
    }
}

impl<B> GuardedBody<B> {
    pub(crate) fn passed(body: B, passage: Passage) -> Self {
        Self {
            body: Kind::Passed { body },
            passage: passage.has_tenant().then_some(passage),
        }
    }

    pub(crate) fn refused(body: Body) -> Self {
        Self {
            body: Kind::Refused { body },
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
        let next: Next = match this.body.project() {
            KindProjection::Passed { body } => {
                let frame = ready!(body.poll_frame(context));
                frame.map(|frame| frame.map_err(Into::into))
            }
            KindProjection::Refused { body } => {
                let frame = ready!(body.poll_frame(context));
                frame.map(|frame| frame.map_err(Into::into))
            }
        };
        if next.is_none() {
            *this.passage = None;
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Kind::Passed { body } => body.is_end_stream(),
            Kind::Refused { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Kind::Passed { body } => body.size_hint(),
            Kind::Refused { body } => body.size_hint(),
        }
    }
}
