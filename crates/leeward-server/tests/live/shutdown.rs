//! A planned stop tells each client when to come back, and loses nothing that was accepted.

use crate::support::{Line, PATIENCE, Raw, World, post, text_of};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
async fn nobody_is_told_to_come_back_sooner_than_all_can_be_let_in() {
    let mut world = World::with(|config| config.bounds.drain_spread = Duration::ZERO).await;
    let owner = world.account("owner").await;
    let mut lines = Vec::new();
    for _ in 0..20 {
        lines.push(Line::sign_in(&world, &owner).await);
    }
    world.begin_stop();
    let mut times = Vec::new();
    for line in &mut lines {
        times.push(line.end().await.said["after_ms"].as_u64().expect("a time"));
    }
    times.sort_unstable();
    // A node in which nobody has had to wait is taken to let in a thousand a second.
    assert!(times[19] - times[0] >= 18, "each at a time of their own: {times:?}");
}

#[tokio::test]
async fn a_node_that_stops_says_so_to_who_comes_late() {
    let mut world = World::start().await;
    let owner = world.account("owner").await;
    let mut held = Line::sign_in(&world, &owner).await;
    // One that has not said who it is yet, and one in the middle of its request.
    let mut silent = Line::open(world.address, &[]).await;
    let mut halfway = TcpStream::connect(world.address).await.expect("it listens");
    let head = "POST /api/v1/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                content-length: 2\r\nexpect: 100-continue\r\n\r\n";
    halfway.write_all(head.as_bytes()).await.expect("it is sent");
    let mut go_on = [0; 25];
    halfway.read_exact(&mut go_on).await.expect("it is waited for");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(Raw::status(world.operator, "/readyz").await, 200);
    world.begin_stop();
    assert_eq!(held.end().await.code, 4012);
    let end = silent.end().await;
    let told = (&end.said["t"], &end.said["code"], &end.said["then"]);
    assert_eq!(told, (&json!("refuse"), &json!("drain"), &json!("retry")), "{end:?}");
    assert!(end.said["after_ms"].as_u64() >= Some(1_000), "it says when to come back: {end:?}");
    // As long as something is under way, the operator sees why it takes nobody in.
    assert_eq!(Raw::status(world.operator, "/readyz").await, 503);
    assert_eq!(Raw::status(world.operator, "/healthz").await, 200, "it is alive");
    let refused = async { while TcpStream::connect(world.address).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, refused).await.expect("nobody is taken in any more");
    halfway.write_all(b"{}").await.expect("it is sent");
    let mut answer = String::new();
    halfway.read_to_string(&mut answer).await.expect("what was under way is brought to its end");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    drop((held, silent));
    world.stop().await;
}
