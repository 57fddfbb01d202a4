//! The event stream of the console: how things stand, and what happens, to so many who watch.
//!
//! Whoever does not take what is sent within some seconds is cut off, socket and all; those who take
//! it never notice.

use crate::door::text;
use crate::watch::{Told, Watch};
use axum::body::Body;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Frame;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// How long the socket may take nothing.
const STALL_MAX: Duration = Duration::from_secs(5);
/// When to come back after the stream was cut, in milliseconds: the first thing it says.
const RETRY: &str = "retry: 1000\n\n";

/// Answers with the stream. `cut` ends the connection.
pub(super) fn stream(watch: &Watch, cut: &Arc<Notify>) -> Response<Body> {
    let Some(told) = watch.watch() else {
        return text(StatusCode::SERVICE_UNAVAILABLE, "too many are watching\n");
    };
    let (frames, body) = mpsc::channel(1);
    tokio::spawn(forward(told, frames, Arc::clone(cut)));
    let mut response = Response::new(Body::new(Frames(body)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Carries what is told to the body, until either end has gone.
async fn forward(mut told: mpsc::Receiver<Told>, frames: mpsc::Sender<Bytes>, cut: Arc<Notify>) {
    let mut next = Some(Bytes::from_static(RETRY.as_bytes()));
    while let Some(frame) = next {
        match tokio::time::timeout(STALL_MAX, frames.send(frame)).await {
            Ok(Ok(())) => {}
            // The connection has ended.
            Ok(Err(_)) => return,
            Err(_) => return cut.notify_one(),
        }
        next = told.recv().await.map(|told| event(&told));
    }
    // It was too slow for the watch, or the node stops: what it has not taken it does not get.
    cut.notify_one();
}

fn event(told: &Told) -> Bytes {
    let event = match told {
        Told::Status(status) => format!("event: status\ndata: {}\n\n", super::to_json(&**status)),
        Told::Journal(entry) => {
            format!("id: {}\nevent: journal\ndata: {}\n\n", entry.number, super::to_json(entry))
        }
    };
    Bytes::from(event)
}

/// What is sent, as the body of an answer.
struct Frames(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Entry;
    use leeward_core::id::Millis;

    #[tokio::test]
    async fn whoever_the_watch_has_given_up_is_cut_off_after_what_they_were_told() {
        let (watch, told) = mpsc::channel(2);
        let entry = Entry { number: 7, at: Millis(5), text: "A line\nof two.".to_owned() };
        watch.try_send(Told::Journal(entry)).expect("there is room");
        drop(watch);
        let (frames, mut body) = mpsc::channel(2);
        let cut = Arc::new(Notify::new());
        forward(told, frames, Arc::clone(&cut)).await;
        cut.notified().await;
        assert_eq!(body.recv().await.as_deref(), Some(RETRY.as_bytes()));
        let said = body.recv().await.expect("the entry");
        let wanted = "id: 7\nevent: journal\ndata: {\"number\":7,\"at\":5,\"text\":\"A line\\nof two.\"}\n\n";
        assert_eq!(said, wanted.as_bytes());
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_nothing_behind() {
        let (watch, told) = mpsc::channel(1);
        let (frames, body) = mpsc::channel(1);
        drop(body);
        forward(told, frames, Arc::new(Notify::new())).await;
        assert!(watch.is_closed());
    }
}
