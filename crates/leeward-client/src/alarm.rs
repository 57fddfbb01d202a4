//! The one timer of a client: set for whatever time its machine names next. Never ticks by itself.

use crate::client::now;
use leeward_core::id::Instant;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// A timer; it exists while there is a deadline.
#[derive(Default)]
pub(crate) struct Alarm {
    set: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Alarm {
    /// The time, once the deadline has come.
    pub(crate) fn poll(
        &mut self,
        deadline: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<Instant> {
        let Some(at) = deadline else {
            self.set = None;
            return Poll::Pending;
        };
        let until =
            || tokio::time::Instant::now() + Duration::from_micros(at.0 - now().0.min(at.0));
        match &mut self.set {
            Some((set, _)) if *set == at => {}
            Some((set, sleep)) => {
                *set = at;
                sleep.as_mut().reset(until());
            }
            None => self.set = Some((at, Box::pin(tokio::time::sleep_until(until())))),
        }
        let Some((_, sleep)) = &mut self.set else { return Poll::Pending };
        std::task::ready!(sleep.as_mut().poll(cx));
        self.set = None;
        // A timer of the runtime may come a fraction of a millisecond early.
        Poll::Ready(at.max(now()))
    }
}
