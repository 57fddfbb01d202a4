//! Who is here, who types, how far one has read.

use crate::support::{Line, World};
use leeward_core::code::Code;
use serde_json::json;

#[tokio::test]
async fn who_watches_a_room_sees_who_comes_and_who_types() {
    let world = World::start().await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut watcher = Line::sign_in(&world, &owner).await;
    watcher.say(&json!({"t": "watch", "rooms": [room]})).await;
    let whole = watcher.until("presence").await;
    assert_eq!(whole["whole"], true, "{whole}");
    let mut other = Line::sign_in(&world, &member).await;
    let here = |frame: &serde_json::Value, state: &str| {
        frame["people"].as_array().is_some_and(|p| p.contains(&json!([member.account, state])))
    };
    while !here(&watcher.until("presence").await, "online") {}
    other.say(&json!({"t": "presence", "state": "away"})).await;
    while !here(&watcher.until("presence").await, "away") {}
    other.say(&json!({"t": "typing", "room": room})).await;
    let typing = watcher.until("typing").await;
    assert_eq!(typing, json!({"t": "typing", "room": room, "who": member.account}));
    drop(other);
    while !here(&watcher.until("presence").await, "offline") {}
}

#[tokio::test]
async fn a_read_marker_reaches_all_devices_of_the_account_and_nobody_else() {
    let world = World::start().await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut desk = Line::sign_in(&world, &owner).await;
    let mut phone = Line::sign_in(&world, &owner).await;
    let mut other = Line::sign_in(&world, &member).await;
    let seq = other.post(room, "hello @owner").await["seq"].clone();
    desk.say(&json!({"t": "read", "room": room, "seq": seq})).await;
    for line in [&mut desk, &mut phone] {
        let read = line.until("read").await;
        assert_eq!((&read["seq"], &read["mentions"]), (&seq, &json!(0)));
        assert!(read["version"].as_u64() > Some(0));
    }
    other.quiet().await;
}

#[tokio::test]
async fn an_account_that_is_ended_is_closed_everywhere_and_stays_out() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let member = world.account("member").await;
    let mut bystander = Line::sign_in(&world, &owner).await;
    let mut lines = Vec::new();
    for _ in 0..4 {
        lines.push(Line::sign_in(&world, &member).await);
    }
    let stored = world.node.store.set_disabled(member.account, true).await;
    world.node.accounts.put(stored.expect("it is stored").0);
    world.node.end_account(member.account, Code::Banned);
    for line in &mut lines {
        assert_eq!(line.end().await.code, 4002);
    }
    let mut line = Line::open(world.address, &[]).await;
    line.say(&json!({"t": "hello", "token": member.token})).await;
    let end = line.end().await;
    assert_eq!((end.code, &end.said["code"]), (4002, &json!("banned")));
    bystander.quiet().await;
}
