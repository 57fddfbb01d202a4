//! A planned stop tells each client when to come back, and loses nothing that was accepted.

use crate::support::{Line, Raw, World, post, text_of};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn everybody_is_told_when_to_come_back_each_at_another_time() {
    let mut world =
        World::with(|config| config.bounds.drain_spread = Duration::from_secs(40)).await;
    let owner = world.account("owner").await;
    let room = world.room("lobby", &[&owner]).await;
    let mut lines = Vec::new();
    for _ in 0..20 {
        lines.push(Line::sign_in(&world, &owner).await);
    }
    lines[0].say(&post(room, "last words")).await;
    lines[0].until("posted").await;
    world.begin_stop();
    let mut times = Vec::new();
    for line in &mut lines {
        let end = line.end().await;
        assert_eq!((end.code, &end.said["code"]), (4012, &json!("drain")));
        assert_eq!((&end.said["t"], &end.said["then"]), (&json!("goodbye"), &json!("retry")));
        times.push(end.said["after_ms"].as_u64().expect("a time"));
    }
    times.sort_unstable();
    assert!(times[0] >= 1_000 && times[19] <= 41_000, "{times:?}");
    assert!(times[19] - times[0] >= 30_000, "they are spread: {times:?}");
    let address = world.address;
    drop(lines);
    let dir = world.stop().await.expect("it had a directory of its own");
    assert_eq!(Raw::status(address, "/readyz").await, 0, "nobody listens");
    let world = World::over(dir.path(), |_| {}).await;
    let log = world.log(room).await;
    assert_eq!(log.last().and_then(text_of), Some("last words"));
    drop(world);
}

#[tokio::test]
async fn a_node_that_stops_says_so_to_who_comes_late() {
    let mut world = World::start().await;
    let owner = world.account("owner").await;
    // A connection that was open before.
    let early = tokio::net::TcpStream::connect(world.address).await.expect("it listens");
    let mut held = Line::sign_in(&world, &owner).await;
    assert_eq!(Raw::status(world.operator, "/readyz").await, 200);
    world.begin_stop();
    assert_eq!(held.end().await.code, 4012);
    drop(early);
    drop(held);
    world.stop().await;
}
