//! Breaks the limiter of a small house and measures how long it takes until people come in again.

use super::{Line, Seat, World};
use serde_json::{Value, json};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// Who knock after the limiter was broken.
pub(crate) const KNOCKING: usize = 12;
/// Who are in all the while.
const INSIDE: usize = 3;
/// What the house has room for, the operator's reserve included.
const ROOM: u32 = 8 + 40;

/// Every way to break it.
pub(crate) fn faults() -> Vec<Value> {
    vec![
        json!({"kind": "leak_permits", "count": 45}),
        json!({"kind": "freeze_cursor"}),
        json!({"kind": "negative_count"}),
        json!({"kind": "clock_ahead", "ms": 3_600_000}),
        json!({"kind": "hold_lock", "ms": 60_000}),
        json!({"kind": "poison"}),
    ]
}

/// A small house in which things may be broken.
pub(crate) struct House {
    world: World,
    seat: Seat,
    inside: Vec<Line>,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Healed {
    /// Until the first came in.
    pub(crate) first: Duration,
    /// Until all had.
    pub(crate) all: Duration,
    /// The machine itself had no time for this process for so long.
    pub(crate) stalled: Duration,
}

/// A round in which the machine stood still for longer says nothing about the server.
pub(crate) const STALLED_MAX: Duration = Duration::from_millis(200);

/// Notes for how long the machine lets a thread wait that wants nothing but to run.
struct Stalls {
    stop: Option<std::sync::mpsc::SyncSender<()>>,
    thread: Option<std::thread::JoinHandle<Duration>>,
}

impl Stalls {
    fn watch() -> Self {
        let (stop, stopped) = std::sync::mpsc::sync_channel::<()>(0);
        let thread = std::thread::spawn(move || {
            let (mut worst, mut last) = (Duration::ZERO, Instant::now());
            let beat = Duration::from_millis(5);
            while stopped.recv_timeout(beat).is_err_and(|e| e == RecvTimeoutError::Timeout) {
                worst = worst.max(last.elapsed());
                last = Instant::now();
            }
            worst.max(last.elapsed())
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }

    fn worst(mut self) -> Duration {
        drop(self.stop.take());
        self.thread.take().map_or(Duration::ZERO, |t| t.join().expect("it only waits"))
    }
}

impl House {
    pub(crate) async fn build(guard: bool) -> Self {
        let world = World::with(|config| {
            config.allow_drills = true;
            config.connections_max = ROOM;
            config.storm.guard = guard;
            // Those who are in say nothing for as long as a round may take.
            config.lease.visible.lease_ms = 120_000;
        })
        .await;
        let seat = world.account("member").await;
        let mut inside = Vec::new();
        for _ in 0..INSIDE {
            inside.push(Line::sign_in(&world, &seat).await);
        }
        Self { world, seat, inside }
    }

    /// Breaks it, knocks, and waits until all are in, or for so long.
    pub(crate) async fn round(&mut self, fault: &Value, patience: Duration) -> Healed {
        // Whoever came in the round before is gone.
        while self.world.node.view().connections() != INSIDE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let order = json!({"command": "fault", "fault": fault});
        while self.world.order(&order).await.0 != 200 {
            tokio::task::yield_now().await;
        }
        let stalls = Stalls::watch();
        let began = Instant::now();
        let end = began + patience;
        let (address, token) = (self.world.address, self.seat.token.clone());
        let knock = || {
            let token = token.clone();
            tokio::spawn(async move { come_in(address, token, end).await })
        };
        let knocking: Vec<_> = (0..KNOCKING).map(|_| knock()).collect();
        let (mut came, mut lines) = (Vec::new(), Vec::new());
        for knock in knocking {
            // One that was not served at all did not come in.
            let entered = knock.await.ok().flatten();
            came.push(entered.as_ref().map_or(patience, |(at, _)| at.duration_since(began)));
            lines.extend(entered.map(|(_, line)| line));
        }
        came.sort_unstable();
        let stalled = stalls.worst();
        // Those who were in have noticed nothing.
        for line in &mut self.inside {
            line.quiet().await;
        }
        Healed { first: came[0], all: came[KNOCKING - 1], stalled }
    }

    /// How often the limiter was made anew.
    pub(crate) fn rebuilds(&self) -> u64 {
        self.world.node.guard().rebuilds
    }
}

/// Knocks until it is let in, when it is told to.
async fn come_in(
    address: std::net::SocketAddr,
    token: String,
    end: Instant,
) -> Option<(Instant, Line)> {
    let enter = async {
        loop {
            let mut line = Line::open(address, &[]).await;
            line.say(&json!({"t": "hello", "token": token})).await;
            loop {
                let frame = line.next().await;
                match frame["t"].as_str() {
                    Some("welcome") => return (Instant::now(), line),
                    Some("refuse") => {
                        let after_ms = frame["after_ms"].as_u64().unwrap_or(1_000);
                        tokio::time::sleep(Duration::from_millis(after_ms)).await;
                        break;
                    }
                    _ => {}
                }
            }
        }
    };
    tokio::time::timeout_at(end.into(), enter).await.ok()
}
