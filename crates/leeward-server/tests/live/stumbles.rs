//! A shard that comes late leaves out what can be left out; one that falls takes its node down, and
//! what was accepted is there when it stands again.

use crate::support::{Line, Seat, World, text_of};
use leeward_core::account::Role;
use leeward_core::id::{AccountId, RoomId, SessionId};
use leeward_server::config::{Doing, Stumble};
use leeward_server::node::StartError;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a shard is kept from its loop: well beyond what it may be late by.
const LATE: Duration = Duration::from_millis(1_500);

/// Set, it makes a shard stumble once.
type Trap = Arc<AtomicBool>;

/// A server of so many shards, one of which stumbles here when the trap is set.
async fn world(here: Doing, shards: usize, stumble: fn()) -> (World, Trap) {
    let trap = Trap::default();
    let set = Arc::clone(&trap);
    let over = move |doing| {
        if doing == here && set.swap(false, Ordering::Relaxed) {
            stumble();
        }
    };
    let with = World::with(|config| {
        config.shards = shards;
        config.stumble = Stumble::over(over);
    });
    (with.await, trap)
}

/// Busy with something, as far as anybody can tell.
fn late() {
    let began = Instant::now();
    while began.elapsed() < LATE {
        std::hint::spin_loop();
    }
}

fn fall() {
    panic!("it falls, as it was told to");
}

/// Two people who watch one room, on whichever shards.
async fn pair(world: &World) -> (RoomId, Line, Line, [Seat; 2]) {
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut lines = Vec::new();
    for seat in [&owner, &member] {
        let mut line = Line::sign_in(world, seat).await;
        line.say(&json!({"t": "watch", "rooms": [room]})).await;
        line.until("presence").await;
        lines.push(line);
    }
    let [first, second] = <[Line; 2]>::try_from(lines).unwrap_or_else(|_| unreachable!("two"));
    (room, first, second, [owner, member])
}

#[tokio::test]
async fn a_shard_that_comes_late_leaves_out_presence_and_typing_until_it_keeps_up() {
    let (world, trap) = world(Doing::Turn(0), 1, late).await;
    let (room, mut watcher, mut other, _) = pair(&world).await;
    let asked = |n: u32| if n.is_multiple_of(2) { "away" } else { "online" };
    let mut left_out = None;
    for n in 0..20 {
        // What somebody does gives the loop a deadline; it comes late to that if it stumbles first.
        other.say(&json!({"t": "presence", "state": asked(n)})).await;
        other.say(&json!({"t": "ping", "n": n})).await;
        other.until("pong").await;
        trap.store(true, Ordering::Relaxed);
        other.say(&json!({"t": "ping", "n": n})).await;
        other.until("pong").await;
        left_out = watcher.said_before_pong("shed").await;
        if left_out.is_some() {
            break;
        }
    }
    let left_out = left_out.expect("it is noticed, and those who watch are told");
    let what = left_out["what"].as_array().expect("a list");
    assert!(what.contains(&json!("presence")) && what.contains(&json!("typing")), "{what:?}");
    assert_eq!(world.figure("leeward_sheds_total").await, 1);
    other.say(&json!({"t": "typing", "room": room})).await;
    assert_eq!(other.post(room, "all the same").await["t"], "posted", "messages are not left out");
    loop {
        let frame = watcher.next().await;
        assert_ne!(frame["t"], "typing", "it is left out");
        if frame["t"] == "event" {
            break;
        }
    }
    // It has kept up for a while: what was left out comes back, step by step.
    while next_shed(&mut watcher, &mut other).await["what"] != json!([]) {}
    other.say(&json!({"t": "typing", "room": room})).await;
    watcher.until("typing").await;
}

/// The next word of what is left out. Both keep their lease meanwhile.
async fn next_shed(watcher: &mut Line, other: &mut Line) -> Value {
    loop {
        let waited = tokio::time::timeout(Duration::from_secs(3), watcher.until("shed")).await;
        if let Ok(frame) = waited {
            return frame;
        }
        for line in [&mut *watcher, &mut *other] {
            line.say(&json!({"t": "ping", "n": 3})).await;
        }
    }
}

async fn a_fall_at(here: Doing) {
    let (mut world, trap) = world(here, 2, fall).await;
    let (room, mut writer, mut reader, [owner, _]) = pair(&world).await;
    writer.post(room, "accepted").await;
    trap.store(true, Ordering::Relaxed);
    // Whatever comes next is what it falls over, if it has not done so already.
    reader.try_say(&json!({"t": "ping", "n": 1})).await;
    let ended = world.ended().await;
    assert!(matches!(ended, Err(StartError::Failed)), "{ended:?}");
    assert!(!world.node.ready());
    drop((writer, reader));
    let dir = world.stopped();
    let world = World::over(dir.path(), |_| {}).await;
    assert_eq!(world.log(room).await.last().and_then(text_of), Some("accepted"));
    let again = world.sign_in(owner.account, Role::Member).await;
    let mut line = Line::sign_in(&world, &again).await;
    assert_eq!(line.post(room, "and on it goes").await["t"], "posted");
}

#[tokio::test]
async fn a_shard_that_falls_takes_its_node_down_and_loses_nothing() {
    a_fall_at(Doing::Turn(0)).await;
}

#[tokio::test]
async fn a_shard_that_nobody_is_on_takes_its_node_down_as_well() {
    let (mut world, trap) = world(Doing::Turn(0), 2, fall).await;
    trap.store(true, Ordering::Relaxed);
    // News of nothing is enough to bring its loop to a turn.
    world.node.end_session(AccountId(1), SessionId(1));
    let ended = world.ended().await;
    assert!(matches!(ended, Err(StartError::Failed)), "{ended:?}");
}

#[tokio::test]
async fn a_connections_task_that_falls_takes_its_node_down_and_loses_nothing() {
    a_fall_at(Doing::Reading).await;
}
