//! Every queue has a bound, and what lies beyond it is answered.

use crate::support::{Line, World, post};
use leeward_core::session::Rate;
use serde_json::json;

#[tokio::test]
async fn the_node_carries_no_more_connections_than_it_may() {
    let world = World::with(|config| config.connections_max = 8 + 3).await;
    let owner = world.account("owner").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(Line::sign_in(&world, &owner).await);
    }
    for _ in 0..5 {
        let mut line = Line::open(world.address, &[]).await;
        line.say(&json!({"t": "hello", "token": owner.token})).await;
        let end = line.end().await;
        assert_eq!((end.code, &end.said["code"]), (4010, &json!("full")));
        assert_eq!(end.said["t"], "refuse");
        let after = end.said["after_ms"].as_u64().expect("it says when to come back");
        assert!((1_000..2_000).contains(&after), "not at once, and soon: {after}");
    }
    assert_eq!(world.figure("leeward_admissions").await, 3);
    assert_eq!(world.figure("leeward_admitting").await, 0, "all three are in");
    drop(held.pop());
    let freed = async {
        while world.figure("leeward_admissions").await > 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, freed).await.expect("its permit ends with it");
    Line::sign_in(&world, &owner).await;
}

#[tokio::test]
async fn who_posts_too_fast_is_told_when_to_go_on_and_loses_nothing() {
    let world = World::with(|config| {
        config.bounds.posts = Rate { each_us: 20_000, burst: 5 };
    })
    .await;
    let owner = world.account("owner").await;
    let room = world.room("lobby", &[&owner]).await;
    let before = world.log(room).await.len();
    let mut line = Line::sign_in(&world, &owner).await;
    for n in 0..50 {
        line.say(&post(room, &format!("message {n}"))).await;
    }
    let (mut posted, mut refused) = (0, 0);
    while posted + refused < 50 {
        let frame = line.next().await;
        match frame["t"].as_str() {
            Some("posted") => posted += 1,
            Some("refused") => {
                assert_eq!(frame["code"], "rate_limited");
                assert!(frame["after_ms"].as_u64().is_some_and(|ms| ms > 0));
                assert!(frame["nonce"].as_str().is_some(), "it says which");
                refused += 1;
            }
            _ => {}
        }
    }
    assert!(posted >= 5 && refused >= 20, "{posted} posted, {refused} refused");
    assert_eq!(world.log(room).await.len(), before + posted);
}

#[tokio::test]
async fn a_shard_that_lost_news_heals_from_the_database() {
    // No inbox holds even one message.
    let world = World::with(|config| config.bounds.inbox_bytes_max = 10).await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut reader = Line::sign_in(&world, &member).await;
    let mut writer = Line::sign_in(&world, &owner).await;
    for n in 0..20 {
        writer.post(room, &format!("message {n}")).await;
    }
    let expected: Vec<String> = (0..20).map(|n| format!("message {n}")).collect();
    assert_eq!(reader.texts(20).await, expected);
    assert!(world.figure("leeward_news_lost_total").await > 0);
}

#[tokio::test]
async fn a_hello_gives_only_so_many_positions() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let positions: Vec<_> = (1..=4_097).map(|room| json!([room, 1, 0])).collect();
    let mut line = Line::open(world.address, &[]).await;
    line.say(&json!({"t": "hello", "token": owner.token, "positions": positions})).await;
    let end = line.end().await;
    assert_eq!((end.code, &end.said["code"]), (4004, &json!("bad_frame")));
}

#[tokio::test]
async fn whoever_resumes_at_a_full_node_takes_the_place_of_its_own_ghost() {
    let world = World::with(|config| config.connections_max = 8 + 2).await;
    let owner = world.account("owner").await;
    let mut ghost = Line::sign_in(&world, &owner).await;
    let mut other = Line::sign_in(&world, &owner).await;
    let (ticket, version) = (ghost.ticket(), ghost.version());
    Line::resume(&world, &ticket, version, &[]).await.quiet().await;
    assert_eq!(ghost.end().await.code, 4007);
    other.quiet().await;
    assert!(world.figure("leeward_admissions").await <= 2);
}
