//! The turnstile: few of those who are on the threshold are served in one turn of a shard's loop.
//!
//! A loop serves whoever is ready in the order in which they became so. When a thousand come at once,
//! everybody who is in would stand behind them at each step of each message; so of those who come only
//! so many are ready at a time as take a moment. Nobody waits while the shard has nothing else to do.

use crate::shard::Shard;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::sync::Notify;

/// What a turn of the loop may take, with those who go through in it, in microseconds; when it takes
/// longer, fewer go through in the next.
const TURN_US: u64 = 2_000;
/// At most so many go through in one turn.
const MOST: usize = 64;

/// The turnstile of one shard.
pub(crate) struct Turnstile {
    /// How many more go through in this turn without waiting.
    left: Cell<usize>,
    line: RefCell<VecDeque<(Called, Waker)>>,
    came: Notify,
}

/// Whether somebody who waits may go through.
type Called = Rc<Cell<bool>>;

/// Where somebody waits, if they do. Nobody may have two.
#[derive(Default)]
pub(crate) struct InLine(Option<Called>);

impl Default for Turnstile {
    fn default() -> Self {
        Self { left: Cell::new(MOST), line: RefCell::default(), came: Notify::new() }
    }
}

impl Turnstile {
    /// Whether the task that asks may go on; if not, it is woken when it may.
    pub(crate) fn pass(&self, place: &mut InLine, cx: &Context<'_>) -> bool {
        if let Some(called) = &place.0 {
            let called = called.get();
            if called {
                place.0 = None;
            }
            return called;
        }
        let left = self.left.get();
        if left > 0 && self.line.borrow().is_empty() {
            self.left.set(left - 1);
            return true;
        }
        let called = Called::default();
        place.0 = Some(Rc::clone(&called));
        self.line.borrow_mut().push_back((called, cx.waker().clone()));
        self.came.notify_one();
        false
    }

    /// A future that goes through the turnstile at each step, for as long as `while_set` is.
    pub(crate) fn through<F: Future>(
        shard: &Rc<Shard>,
        while_set: Rc<Cell<bool>>,
        future: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        let shard = Rc::clone(shard);
        Through { future: Box::pin(future), shard, while_set, place: InLine::default() }
    }

    /// Lets so many through who wait; whether anybody still does.
    fn call(&self, count: usize) -> bool {
        let mut line = self.line.borrow_mut();
        let count = count.min(line.len());
        for (called, waker) in line.drain(..count) {
            called.set(true);
            waker.wake();
        }
        !line.is_empty()
    }
}

/// Lets those through who wait, few in each turn, until the node stops; then all of them.
pub(crate) async fn usher(shard: Rc<Shard>) {
    let turnstile = &shard.turnstile;
    let mut stopping = shard.node.stopping();
    let mut most = MOST / 4;
    loop {
        tokio::select! {
            biased;
            // 1. A node that stops keeps nobody waiting.
            _ = stopping.wait_for(|stopping| *stopping) => break,
            () = turnstile.came.notified() => {}
        }
        while turnstile.call(most) {
            let began = shard.now();
            // Comes back when all that was ready at this moment has had its turn.
            tokio::task::yield_now().await;
            let took_us = shard.now().0.saturating_sub(began.0);
            most = if took_us > TURN_US { most / 2 } else { most + 1 }.clamp(1, MOST);
        }
        turnstile.left.set(most);
    }
    turnstile.left.set(usize::MAX);
    turnstile.call(usize::MAX);
}

struct Through<F> {
    future: Pin<Box<F>>,
    shard: Rc<Shard>,
    while_set: Rc<Cell<bool>>,
    place: InLine,
}

impl<F: Future> Future for Through<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if this.while_set.get() && !this.shard.turnstile.pass(&mut this.place, cx) {
            return Poll::Pending;
        }
        this.future.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_when_the_turn_is_full_waits_in_order_and_is_called_once() {
        let (turnstile, cx) = (Turnstile::default(), Context::from_waker(Waker::noop()));
        let mut places: Vec<InLine> = (0..MOST + 3).map(|_| InLine::default()).collect();
        let through = |places: &mut [InLine]| -> Vec<usize> {
            let pass = |(n, place)| turnstile.pass(place, &cx).then_some(n);
            places.iter_mut().enumerate().filter_map(pass).collect()
        };
        assert_eq!(through(&mut places), (0..MOST).collect::<Vec<_>>());
        assert!(through(&mut places[MOST..]).is_empty(), "the turn is full");
        assert!(turnstile.call(2), "one still waits");
        assert_eq!(through(&mut places[MOST..]), [0, 1], "in the order in which they came");
        assert!(through(&mut places[..1]).is_empty(), "nobody passes those who wait");
        assert!(!turnstile.call(2));
        assert_eq!(through(&mut places[MOST + 2..]), [0]);
        assert!(turnstile.line.borrow().is_empty(), "nobody waits in two places");
    }
}
