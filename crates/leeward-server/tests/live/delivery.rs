//! What is posted in a room reaches everybody in it, on every shard, in order, and nobody else.

use crate::support::{Line, World};
use serde_json::json;

#[tokio::test]
async fn a_post_reaches_everybody_in_the_room_and_nobody_else() {
    let world = World::start().await;
    let (owner, member, other) =
        (world.account("owner").await, world.account("member").await, world.account("other").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut writer = Line::sign_in(&world, &owner).await;
    let mut reader = Line::sign_in(&world, &member).await;
    let mut second = Line::sign_in(&world, &member).await;
    let mut outsider = Line::sign_in(&world, &other).await;
    for n in 1..=50 {
        let posted = writer.post(room, &format!("message {n}")).await;
        assert_eq!(posted["t"], "posted", "{posted}");
    }
    let expected: Vec<String> = (1..=50).map(|n| format!("message {n}")).collect();
    assert_eq!(reader.texts(50).await, expected);
    assert_eq!(second.texts(50).await, expected);
    outsider.quiet().await;
}

#[tokio::test]
async fn writers_on_all_shards_make_one_order_for_all() {
    let world = World::start().await;
    let mut seats = Vec::new();
    for n in 0..8 {
        seats.push(world.account(&format!("member{n}")).await);
    }
    let room = world.room("lobby", &seats.iter().collect::<Vec<_>>()).await;
    let mut lines = Vec::new();
    for seat in &seats {
        lines.push(Line::sign_in(&world, seat).await);
    }
    for n in 0..25 {
        for (w, line) in lines.iter_mut().enumerate() {
            line.say(&crate::support::post(room, &format!("{w} {n}"))).await;
        }
    }
    let mut orders = Vec::new();
    for line in &mut lines {
        orders.push(line.texts(8 * 25).await);
    }
    for order in &orders {
        assert_eq!(order, &orders[0]);
    }
    for w in 0..8 {
        let own = orders[0].iter().filter(|text| text.starts_with(&format!("{w} ")));
        let expected: Vec<String> = (0..25).map(|n| format!("{w} {n}")).collect();
        assert_eq!(own.cloned().collect::<Vec<_>>(), expected, "a writer's posts keep their order");
    }
    assert_eq!(world.node.metrics.store_reads(), 2 + 8, "two loads, eight lists, no hole");
}

#[tokio::test]
async fn who_joins_gets_events_live_and_who_leaves_gets_none() {
    let world = World::start().await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner]).await;
    let mut writer = Line::sign_in(&world, &owner).await;
    let mut reader = Line::sign_in(&world, &member).await;
    writer.post(room, "before").await;
    world.join(room, &member).await;
    // As news, or as something missed where the shard had to load the room first.
    let joined = reader.event().await;
    assert_eq!(joined["kind"], "join", "{joined}");
    writer.post(room, "during").await;
    assert_eq!(reader.texts(1).await, ["during"]);
    world.leave(room, &member).await;
    let left = reader.until("event").await;
    assert_eq!(left["event"]["kind"], "leave", "{left}");
    writer.post(room, "after").await;
    reader.quiet().await;
    assert_eq!(reader.post(room, "not a member").await["code"], "not_found");
}

#[tokio::test]
async fn an_opened_room_comes_whole_and_goes_on_from_there() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let room = world.room("lobby", &[&owner]).await;
    let mut line = Line::sign_in(&world, &owner).await;
    for n in 1..=5 {
        line.post(room, &format!("message {n}")).await;
    }
    let reads = world.node.metrics.store_reads();
    for round in 0..3 {
        line.say(&json!({"t": "open", "room": room})).await;
        let snapshot = line.until("snapshot").await;
        let at = snapshot["at"]["seq"].as_u64().expect("a position");
        let lines = snapshot["lines"].as_array().expect("lines");
        assert_eq!(lines.last().expect("a line")["text"], "message 5");
        if round > 0 {
            let delta = line.until("delta").await;
            assert_eq!(delta["events"][0]["seq"], at + 1, "{delta}");
        }
        line.post(room, &format!("round {round}")).await;
    }
    assert_eq!(world.node.metrics.store_reads(), reads + 1, "the snapshot is read once");
    line.say(&json!({"t": "open", "room": 99})).await;
    assert_eq!(line.until("refused").await["code"], "not_found");
}
