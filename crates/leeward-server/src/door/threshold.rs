//! Those on the threshold: accepted, and not yet so far as to have said what they want. A handshake
//! or a request that never ends costs a place here and nothing else.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// The threshold of one shard.
pub(crate) struct Threshold {
    most: usize,
    /// Shown to other threads, changed by one.
    count: Arc<AtomicUsize>,
    left: Notify,
}

/// A place on it, until it is dropped.
pub(crate) struct Place(Rc<Threshold>);

impl Threshold {
    pub(crate) fn new(most: usize, count: Arc<AtomicUsize>) -> Rc<Self> {
        Rc::new(Self { most: most.max(1), count, left: Notify::new() })
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits for room: meanwhile the kernel keeps those who come.
    pub(crate) async fn room(&self) {
        while self.count() >= self.most {
            self.left.notified().await;
        }
    }

    /// Takes a place.
    pub(crate) fn step_on(self: &Rc<Self>) -> Place {
        self.count.fetch_add(1, Ordering::Relaxed);
        Place(Rc::clone(self))
    }

    /// How long whoever comes at this moment may take: less where many do nothing, which leaves the
    /// room to those who do.
    pub(crate) fn patience(&self, most: Duration) -> Duration {
        if self.count() * 2 > self.most { most / 4 } else { most }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn who_comes_beyond_the_last_place_waits_until_one_is_free() {
        let threshold = Threshold::new(2, Arc::default());
        let held = [threshold.step_on(), threshold.step_on()];
        let mut room = pin!(threshold.room());
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(room.as_mut().poll(&mut cx), Poll::Pending);
        drop(held);
        assert_eq!(room.as_mut().poll(&mut cx), Poll::Ready(()));
        assert_eq!(threshold.count(), 0);
    }

    #[test]
    fn a_crowded_threshold_has_less_patience() {
        let threshold = Threshold::new(4, Arc::default());
        let held: Vec<_> = (0..2).map(|_| threshold.step_on()).collect();
        assert_eq!(threshold.patience(Duration::from_secs(8)), Duration::from_secs(8));
        let _more = threshold.step_on();
        assert_eq!(threshold.patience(Duration::from_secs(8)), Duration::from_secs(2));
        drop(held);
        assert_eq!(threshold.patience(Duration::from_secs(8)), Duration::from_secs(8));
    }
}
