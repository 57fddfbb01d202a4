//! A planned drain tells everybody a time while they are still connected, and loses nobody.

use crate::support::{Line, World};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[tokio::test]
async fn everybody_hears_a_time_and_keeps_a_place_over_the_whole_period() {
    let world = World::start().await;
    let member = world.account("member").await;
    let room = world.room("lobby", &[&member]).await;
    let mut lines = Vec::new();
    for _ in 0..20 {
        lines.push(Line::sign_in(&world, &member).await);
    }
    lines[0].post(room, "before the drain").await;
    let answer = world.ordered(json!({"command": "drain", "over_ms": 2_000})).await;
    assert_eq!(answer["draining"], true);
    let began = Instant::now();
    let mut came = Vec::new();
    let mut tasks = Vec::new();
    for mut line in lines {
        let ticket = line.ticket();
        tasks.push(tokio::spawn(async move {
            let end = line.end().await;
            (ticket, end, began.elapsed())
        }));
    }
    for task in tasks {
        came.push(task.await.expect("it is told"));
    }
    let times: Vec<Duration> = came.iter().map(|(_, _, at)| *at).collect();
    let (first, last) = (times.iter().min().expect("twenty"), times.iter().max().expect("twenty"));
    assert!(*last - *first >= Duration::from_millis(1_200), "they were told at once: {times:?}");
    let mut slots = BTreeSet::new();
    for (_, end, _) in &came {
        assert_eq!((end.code, &end.said["code"]), (4012, &json!("drain")));
        assert_eq!(end.said["t"], "goodbye");
        assert!(end.said["after_ms"].as_u64().is_some(), "{}", end.said);
        slots.insert(end.said["slot"].as_str().expect("a place is kept").to_owned());
    }
    assert_eq!(slots.len(), 20, "each has a place of its own");
    // Whoever comes during the drain is told a time as well.
    let end = Line::knock(&world, &member).await.end().await;
    assert_eq!((end.code, &end.said["t"]), (4012, &json!("refuse")));
    let answer = world.ordered(json!({"command": "end_drain"})).await;
    assert_eq!(answer["draining"], false);
    for (ticket, end, _) in &came {
        let mut line = Line::open(world.address, &[]).await;
        let slot = &end.said["slot"];
        line.say(&json!({"t": "hello", "ticket": ticket, "slot": slot, "positions": [[room, world.epoch, 1]]}))
            .await;
        line.come_in().await;
        assert_eq!(line.welcome["resumed"], true);
    }
    assert_eq!(world.node.storm().slots.worthless, 0, "every place was their own");
}
