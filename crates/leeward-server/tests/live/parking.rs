//! Who cannot be let in at once waits on the connection, in order, and is told so.

use crate::support::{Line, World};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

async fn slow_gate(world: &World, per_s: u32, message: &str) {
    let gate = json!({"state": "paced", "per_s": per_s, "message": message});
    world.ordered(json!({"command": "gate", "class": "sign_in", "gate": gate})).await;
}

/// Reads what is said to somebody who waits, up to `welcome`; how often a place was told.
async fn until_welcome(line: &mut Line) -> Vec<Value> {
    let mut told = Vec::new();
    loop {
        let frame = line.next().await;
        match frame["t"].as_str() {
            Some("parked") => told.push(frame),
            Some("welcome") => return told,
            _ => panic!("{frame}"),
        }
    }
}

#[tokio::test]
async fn those_who_wait_are_let_in_in_the_order_in_which_they_came() {
    let world = World::start().await;
    let member = world.account("member").await;
    slow_gate(&world, 5, "one after the other").await;
    let mut first = Line::knock(&world, &member).await;
    until_welcome(&mut first).await;
    let (order, mut heard) = tokio::sync::mpsc::channel(16);
    for n in 0..8usize {
        let mut line = Line::knock(&world, &member).await;
        // In line before the next one knocks.
        let place = line.next().await;
        assert_eq!((&place["t"], &place["place"]), (&json!("parked"), &json!(n)), "{place}");
        assert_eq!(place["message"], "one after the other");
        let wait_ms = place["wait_ms"].as_u64().expect("a wait");
        assert!((1..=4_000).contains(&wait_ms), "{wait_ms}");
        let order = order.clone();
        tokio::spawn(async move {
            until_welcome(&mut line).await;
            order.send((n, line)).await.expect("somebody listens");
        });
    }
    let mut came = Vec::new();
    while came.len() < 8 {
        came.push(heard.recv().await.expect("all come in"));
    }
    let order: Vec<usize> = came.iter().map(|(n, _)| *n).collect();
    assert_eq!(order, (0..8).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_goes_away_leaves_the_place_to_the_next() {
    let world = World::start().await;
    let member = world.account("member").await;
    slow_gate(&world, 1, "").await;
    let mut first = Line::knock(&world, &member).await;
    until_welcome(&mut first).await;
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let mut line = Line::knock(&world, &member).await;
        assert_eq!(line.next().await["t"], "parked");
        waiting.push(line);
    }
    let mut last = waiting.pop().expect("four wait");
    drop(waiting);
    let parked = async |world: &World| world.node.view().parked;
    world.until("their places are free", async |world| parked(world).await <= 1).await;
    slow_gate(&world, 1_000, "").await;
    until_welcome(&mut last).await;
}

#[tokio::test]
async fn who_waits_and_never_reads_is_closed() {
    let world = World::with(|config| {
        config.bounds.stall_max = Duration::from_millis(700);
        config.bounds.queue_bytes_max = 64 * 1024;
    })
    .await;
    let member = world.account("member").await;
    world
        .ordered(json!({"command": "gate", "gate": {"state": "paced", "per_s": 1, "message": "x"}}))
        .await;
    let mut first = Line::knock(&world, &member).await;
    until_welcome(&mut first).await;
    first.until("caught_up").await;
    let mut deaf = Line::knock(&world, &member).await;
    assert_eq!(deaf.next().await["t"], "parked");
    // Everybody behind it waits for long, so that it is not let in meanwhile.
    world
        .ordered(json!({"command": "gate", "gate": {"state": "closed", "after_ms": 60_000}}))
        .await;
    let shout = async {
        loop {
            deaf.try_send(Message::Ping(vec![7; 125].into())).await?;
        }
    };
    let ended: Result<(), tokio_tungstenite::tungstenite::Error> =
        tokio::time::timeout(crate::support::PATIENCE, shout).await.expect("it is closed");
    assert!(ended.is_err());
    world.until("its place is free", async |world| world.node.view().parked == 0).await;
    first.quiet().await;
}
