//! A lease is granted, carried by the connection, and noticed to have ended by the server.

use crate::support::{Line, World};
use leeward_core::lease::Terms;
use leeward_core::wire::Lease;
use serde_json::json;
use std::time::{Duration, Instant};

const SHORT: Lease = Lease { ping_ms: 300, lease_ms: 1_000, spread_ms: 250 };
const LONG: Lease = Lease { ping_ms: 60_000, lease_ms: 150_000, spread_ms: 250 };

async fn world() -> World {
    World::with(|config| config.lease = Terms { visible: SHORT, hidden: LONG }).await
}

#[tokio::test]
async fn a_silent_connection_ends_within_its_lease_and_a_second() {
    let world = world().await;
    let owner = world.account("owner").await;
    let mut silent = Line::sign_in(&world, &owner).await;
    let began = Instant::now();
    assert_eq!(silent.welcome["lease"]["lease_ms"], 1_000);
    let end = silent.end().await;
    assert_eq!((end.code, &end.said["code"]), (4014, &json!("lease_expired")));
    assert_eq!(end.said["after_ms"], 0, "it may come back at once");
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(990), "ended before its lease: {took:?}");
    assert!(took <= Duration::from_millis(2_500), "a ghost for {took:?}");
    let counted = async |world: &World| world.figure("leeward_leases_expired_total").await == 1;
    world.until("it is counted", counted).await;
}

#[tokio::test]
async fn whoever_is_heard_is_not_ended() {
    let world = world().await;
    let owner = world.account("owner").await;
    let mut line = Line::sign_in(&world, &owner).await;
    let mut pinged = Instant::now();
    let began = Instant::now();
    let mut n = 0;
    while began.elapsed() < Duration::from_millis(3_000) {
        tokio::time::sleep_until((pinged + Duration::from_millis(600)).into()).await;
        pinged = Instant::now();
        n += 1;
        line.say(&json!({"t": "ping", "n": n})).await;
        let pong = line.next().await;
        assert_eq!((&pong["t"], &pong["n"]), (&json!("pong"), &json!(n)));
    }
}

#[tokio::test]
async fn a_hidden_page_is_granted_a_lease_that_outlives_its_silence() {
    let world = world().await;
    let owner = world.account("owner").await;
    let mut hidden = Line::sign_in(&world, &owner).await;
    let mut visible = Line::sign_in(&world, &owner).await;
    hidden.say(&json!({"t": "ping", "n": 1, "hidden": true})).await;
    assert_eq!(hidden.until("pong").await["lease"]["lease_ms"], 150_000);
    assert_eq!(visible.end().await.code, 4014, "the other one's lease has ended meanwhile");
    hidden.quiet().await;
}
