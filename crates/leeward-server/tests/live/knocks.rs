//! Knocks from one address by the thousand are closed before a byte of them is read; behind a proxy
//! the address is the one that it tells.

use crate::support::{Line, Raw, World};
use leeward_server::config::Bucket;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_flood_from_one_address_is_closed_at_once_and_those_who_are_in_do_not_notice() {
    let world = World::with(|config| {
        config.door.trusted = Vec::new();
        config.door.address = Bucket { per_s: 1, burst: 40 };
    })
    .await;
    let member = world.account("member").await;
    let room = world.room("lobby", &[&member]).await;
    let mut inside = Line::sign_in(&world, &member).await;
    let mut closed = 0u32;
    for _ in 0..2_000 {
        let Ok(mut stream) = TcpStream::connect(world.address).await else {
            // Reset before it was known to be open.
            closed += 1;
            continue;
        };
        let mut byte = [0];
        let read =
            tokio::time::timeout(std::time::Duration::from_millis(20), stream.read(&mut byte));
        closed += u32::from(matches!(read.await, Ok(Ok(0) | Err(_))));
    }
    assert!(closed >= 1_900, "{closed} of 2,000 were closed at once");
    inside.post(room, "nothing happened").await;
    inside.quiet().await;
    assert!(world.figure("leeward_turned_away_total").await >= 1_900);
    assert_eq!(Raw::status(world.operator, "/healthz").await, 200, "another door");
}

#[tokio::test]
async fn who_is_trusted_may_come_as_often_as_they_like() {
    let world = World::with(|config| config.door.address = Bucket { per_s: 1, burst: 2 }).await;
    for _ in 0..50 {
        assert_eq!(Raw::status(world.address, "/healthz").await, 200);
    }
}

#[tokio::test]
async fn behind_a_proxy_the_address_that_it_tells_counts() {
    let world = World::with(|config| {
        config.behind_proxy = true;
        config.door.trusted = Vec::new();
        config.door.address = Bucket { per_s: 1, burst: 3 };
    })
    .await;
    let member = world.account("member").await;
    let knock = async |from: &str| {
        let mut line = Line::open(world.address, &[("x-forwarded-for", from)]).await;
        line.say(&json!({"t": "hello", "token": member.token})).await;
        line.next().await
    };
    for _ in 0..3 {
        assert_eq!(knock("192.0.2.1").await["t"], "welcome");
    }
    let refused = knock("192.0.2.1").await;
    assert_eq!((&refused["t"], &refused["code"]), (&json!("refuse"), &json!("full")), "{refused}");
    assert!(refused["after_ms"].as_u64().is_some_and(|ms| ms >= 1_000), "{refused}");
    assert_eq!(knock("192.0.2.2").await["t"], "welcome", "its neighbour");
}
