//! The loop of a shard: news, time, and the end.

use crate::config::Doing;
use crate::conn::Conn;
use crate::shard::Shard;
use leeward_core::code::{Code, Refusal};
use leeward_core::hub;
use leeward_core::id::Instant;
use leeward_core::session::Input;
use leeward_core::ws;
use std::rc::Rc;
use std::time::Duration;

/// A page that is hidden runs no timers for a minute; the protocol below reaches it all the same, and
/// the kernel notices by it when nobody is there.
const HIDDEN_PING_MS: u64 = 45_000;
/// News that took less, in microseconds, is followed at once by the next.
const REST_FROM_US: u64 = 500;
/// The longest rest, in microseconds: a message that comes at its beginning is still seen within 20 ms,
/// on a machine that clients share.
const REST_US_MAX: u64 = 4_000;

/// Runs a shard until the node has stopped and everything on the shard has ended.
pub(crate) async fn beat(shard: Rc<Shard>) {
    shard.take_up_terms();
    let mut stopping = shard.node.stopping();
    let mut rest_until = Instant::default();
    loop {
        shard.node.config.stumble.at(Doing::Turn(shard.index));
        shard.cut_slow();
        let due = shard.wheel.borrow().deadline().min(shard.hub.borrow().deadline());
        let due = due.min(shard.stage.deadline());
        let now = shard.now();
        if due <= now {
            // A loop that comes late to its own deadline has more to do than it can.
            shard.pulse().lagged(now.0 - due.0);
            turn(&shard, now);
            shard.tell_hub(hub::Input::Tick);
            if shard.stage.deadline() <= now {
                shard.tell_station(leeward_xmpp::station::Input::Tick);
            }
            continue;
        }
        let resting = now < rest_until;
        let wake = if resting { due.min(rest_until) } else { due };
        let wait = Duration::from_micros(wake.0 - now.0);
        // Time comes before all of these: leases, holes, presence. Then, in this order:
        // 1. the end;
        // 2. news, which is the traffic of those who are in.
        // Reading, admission and HTTP are tasks of their own that take turns with this loop.
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => break,
            () = shard.inbox.arrived(), if !resting => {
                shard.take_in();
                rest_until = rest_after(now, shard.now());
                tokio::task::yield_now().await;
            }
            () = shard.stirred.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    end(&shard).await;
}

/// Until when news is gathered after some was taken in. A delivery costs a call to the kernel, however
/// many messages it carries: a shard that was busy with one for so long writes the next few together.
fn rest_after(began: Instant, ended: Instant) -> Instant {
    let took_us = ended.0.saturating_sub(began.0);
    if took_us < REST_FROM_US { ended } else { Instant(ended.0 + took_us.min(REST_US_MAX)) }
}

/// Looks at the connections whose time has come.
fn turn(shard: &Rc<Shard>, now: Instant) {
    let mut turned = false;
    loop {
        let Some((turn, conns)) = shard.wheel.borrow_mut().turn(now) else { break };
        turned = true;
        for id in conns {
            let Some(conn) = shard.conn(id) else { continue };
            if conn.patience(shard.stall_ms()).is_some_and(|until| until <= now) {
                conn.kill();
            } else if conn.state.borrow().turn == turn {
                look(shard, &conn, now);
            }
        }
    }
    if turned {
        shard.take_up_terms();
    }
}

/// Compares a connection's own deadline with the clock, and has it looked at again.
fn look(shard: &Rc<Shard>, conn: &Rc<Conn>, now: Instant) {
    let (live, deadline) = conn.standing();
    if live && deadline < now && !conn.is_xmpp() {
        // Counted before it is told.
        shard.node.metrics.leases_expired.inc();
    }
    shard.step(conn, Input::Tick);
    let (hidden, heard) = {
        let state = conn.state.borrow();
        (state.session.is_hidden(), state.heard)
    };
    let mut next = conn.standing().1;
    if hidden {
        if now.ms_since(heard) >= HIDDEN_PING_MS {
            shard.give(conn, &ws::encode::ping(b""));
        }
        next = next.min(now.plus_ms(HIDDEN_PING_MS));
    }
    let next = conn.patience(shard.stall_ms()).map_or(next, |until| until.min(next));
    let turn = shard.wheel.borrow_mut().put(conn.id, next);
    conn.state.borrow_mut().turn = turn;
}

/// A planned stop: everybody is told when to come back, each at a time of their own and with their
/// place in line, then what is under way is brought to its end.
async fn end(shard: &Rc<Shard>) {
    let bounds = shard.node.config.bounds.clone();
    let conns = shard.all();
    let spread_ms = bounds.drain_spread.as_millis();
    let count = conns.len().max(1) as u128;
    for (index, conn) in (0u128..).zip(&conns) {
        let after = u128::from(Code::Drain.after_ms()) + spread_ms * index / count;
        let refusal = Refusal::from(Code::Drain).after(u32::try_from(after).unwrap_or(u32::MAX));
        if conn.is_bosh() {
            shard.pause_bosh(conn);
        } else {
            shard.see_off(conn, refusal);
        }
        if index % 256 == 255 {
            tokio::task::yield_now().await;
        }
    }
    drop(conns);
    shard.tasks.close();
    let deadline = tokio::time::sleep(bounds.drain_max);
    let mut deadline = std::pin::pin!(deadline);
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    loop {
        tokio::select! {
            biased;
            // 1. All has ended.
            () = shard.tasks.wait() => return shard.put_aside(),
            // 2. Patience has.
            () = &mut deadline => break,
            // 3. Until then those who are still being written to get what there is.
            () = shard.inbox.arrived() => shard.take_in(),
            _ = tick.tick() => turn(shard, shard.now()),
        }
    }
    tracing::warn!(tasks = shard.tasks.len(), "stopping without waiting for what is left");
    shard.put_aside();
}
