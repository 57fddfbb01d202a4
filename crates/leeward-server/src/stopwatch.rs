//! How long work takes on a shard's thread, summed up by kind.
//!
//! Read by another thread, so that the sums are atomics; written by one, so that they cost nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

/// A sum of times, in nanoseconds.
#[derive(Clone, Default)]
pub(crate) struct Stopwatch(Arc<AtomicU64>);

impl Stopwatch {
    /// Adds the time that each poll of a future takes.
    pub(crate) fn timed<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Timed { future: Box::pin(future), watch: self.clone() }
    }

    /// Adds the time that this takes.
    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.add(began);
        done
    }

    fn add(&self, began: Instant) {
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The sum so far, in microseconds.
    pub(crate) fn total_us(&self) -> u64 {
        self.0.load(Ordering::Relaxed) / 1_000
    }
}

/// A future whose polls are timed.
struct Timed<F> {
    future: Pin<Box<F>>,
    watch: Stopwatch,
}

impl<F: Future> Future for Timed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let began = Instant::now();
        let done = self.future.as_mut().poll(cx);
        self.watch.add(began);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn each_poll_is_counted_and_the_waiting_between_is_not() {
        let watch = Stopwatch::default();
        let mut polls = 0;
        let mut future = Box::pin(watch.timed(std::future::poll_fn(|_| {
            let began = Instant::now();
            while began.elapsed().as_micros() < 200 {
                std::hint::spin_loop();
            }
            polls += 1;
            if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
        })));
        let mut cx = Context::from_waker(Waker::noop());
        while future.as_mut().poll(&mut cx).is_pending() {}
        drop(future);
        assert_eq!(polls, 3);
        assert!(watch.total_us() >= 600, "{}", watch.total_us());
    }
}
