//! Whoever comes while every shard is busy is kept until one has time, and none of them has to try a
//! second time: what the kernel has no room for would be tried again after a second.

use crate::support::{Line, PATIENCE, World};
use leeward_server::config::{Doing, Stumble};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// More than the kernel keeps for a listener here.
const CALLERS: usize = 600;
/// What the kernel keeps.
const BACKLOG: u32 = 64;

/// A server whose only shard is held up by the next thing that it reads.
struct HeldUp {
    world: World,
    hold: Arc<AtomicBool>,
    holds: Arc<AtomicBool>,
}

async fn held_up(porch_max: usize) -> HeldUp {
    let (hold, holds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (held, seen) = (Arc::clone(&hold), Arc::clone(&holds));
    let over = move |doing| {
        while doing == Doing::Reading && held.load(Ordering::Relaxed) {
            seen.store(true, Ordering::Relaxed);
            std::thread::yield_now();
        }
    };
    let with = World::with(|config| {
        config.shards = 1;
        config.door.backlog_max = BACKLOG;
        config.door.porch_max = porch_max;
        config.stumble = Stumble::over(over);
    });
    HeldUp { world: with.await, hold, holds }
}

/// Lets so many come at once; how many of them stand before the door while nobody opens.
async fn come(HeldUp { world, hold, holds }: &HeldUp) -> usize {
    let member = world.account("member").await;
    let mut inside = Line::sign_in(world, &member).await;
    hold.store(true, Ordering::Relaxed);
    inside.say(&json!({"t": "ping", "n": 1})).await;
    world.until("the shard is busy", async |_| holds.load(Ordering::Relaxed)).await;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(TcpStream::connect(world.address));
    }
    let mut standing = Vec::new();
    while standing.len() < CALLERS {
        match tokio::time::timeout(PATIENCE / 4, callers.join_next()).await {
            Ok(Some(caller)) => {
                standing.push(caller.expect("it does not panic").expect("a socket"))
            }
            Ok(None) | Err(_) => break,
        }
    }
    hold.store(false, Ordering::Relaxed);
    inside.until("pong").await;
    standing.len()
}

#[tokio::test]
async fn who_comes_while_every_shard_is_busy_waits_on_the_porch() {
    assert_eq!(come(&held_up(CALLERS).await).await, CALLERS);
    // The control: with next to no porch the kernel has to turn most of them away.
    let standing = come(&held_up(1).await).await;
    assert!(standing < CALLERS, "{standing} of them stood before a door that holds {BACKLOG}");
}
