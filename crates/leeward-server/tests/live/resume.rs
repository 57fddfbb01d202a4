//! A resumed session costs what changed: no read of the database, no password hash.

use crate::support::{Line, Seat, World, hello};
use leeward_core::account::Role;
use leeward_core::id::{Millis, RoomId};
use serde_json::json;
use std::sync::Arc;

/// One room of so many people, each of whom has come in and gone again: their tickets, the version
/// of their lists, and where they stood.
async fn people(world: &World, count: usize) -> (RoomId, Vec<(Seat, String, u64)>) {
    let mut seats = Vec::new();
    for n in 0..count {
        seats.push(world.account(&format!("member{n}")).await);
    }
    let room = world.room("lobby", &seats.iter().collect::<Vec<_>>()).await;
    let mut people = Vec::new();
    for seat in seats {
        let line = Line::sign_in(world, &seat).await;
        people.push((seat, line.ticket(), line.version()));
    }
    (room, people)
}

#[tokio::test]
async fn five_hundred_resume_without_a_read_of_the_database_or_a_password_hash() {
    let world = World::start().await;
    let (room, people) = people(&world, 50).await;
    let (seat, ticket, version) = &people[0];
    let mut writer = Line::sign_in(&world, seat).await;
    let from = writer.post(room, "one").await["seq"].as_u64().expect("a seq");
    writer.post(room, "two").await;
    // Each shard has loaded the room by now.
    for _ in 0..8 {
        Line::resume(&world, ticket, *version, &[(room, from)]).await;
    }
    let before = (world.node.metrics.store_reads(), world.node.passwords.asked());
    let world = Arc::new(world);
    for round in 0..10 {
        let mut tasks = Vec::new();
        for (_, ticket, version) in people.iter().cloned() {
            let world = Arc::clone(&world);
            tasks.push(tokio::spawn(async move {
                Line::resume(&world, &ticket, version, &[(room, from)]).await
            }));
        }
        for task in tasks {
            let line = task.await.expect("it resumes");
            assert_eq!(line.welcome["resumed"], true);
            let [delta] = &line.missed[..] else { panic!("{round}: {:?}", line.missed) };
            assert_eq!((&delta["t"], &delta["room"]), (&json!("delta"), &json!(room)));
            assert_eq!(delta["events"][0]["text"], "two", "{delta}");
            assert_eq!(delta["events"].as_array().map(Vec::len), Some(1));
        }
    }
    let after = (world.node.metrics.store_reads(), world.node.passwords.asked());
    assert_eq!(after, before);
    assert!(world.node.metrics.welcomes().1 >= 500);
}

#[tokio::test]
async fn a_resumed_session_gets_what_it_missed_then_everything_without_a_hole() {
    let world = World::start().await;
    let (room, people) = people(&world, 2).await;
    let (seat, ..) = &people[0];
    let mut writer = Line::sign_in(&world, seat).await;
    let (_, ticket, version) = &people[1];
    let mut seen = world.head(room).await;
    for round in 0..20 {
        writer.post(room, &format!("missed {round}")).await;
        let mut line = Line::resume(&world, ticket, *version, &[(room, seen)]).await;
        writer.post(room, &format!("live {round}")).await;
        let missed = &line.missed[0]["events"][0];
        assert_eq!(missed["seq"], seen + 1, "{missed}");
        let live = line.until("event").await;
        assert_eq!(live["event"]["seq"], seen + 2);
        seen += 2;
    }
}

#[tokio::test]
async fn a_position_that_cannot_be_answered_from_memory_gets_a_gap() {
    let world = World::with(|config| config.bounds.ring_bytes_max = 2_000).await;
    let (room, people) = people(&world, 2).await;
    let (seat, ticket, version) = &people[0];
    let mut writer = Line::sign_in(&world, seat).await;
    let mut head = 0;
    for n in 0..100 {
        head = writer.post(room, &format!("message {n}")).await["seq"].as_u64().expect("a seq");
    }
    let epoch = world.epoch;
    for (claimed, seq) in
        [(epoch, 3), (epoch, head + 1_000), (epoch + 1, head), (0, head), (epoch, (1 << 53) - 1)]
    {
        let mut line = Line::open(world.address, &[]).await;
        line.say(&hello(ticket, *version, claimed, &[(room, seq)])).await;
        line.come_in().await;
        let [gap] = &line.missed[..] else { panic!("{:?}", line.missed) };
        let at = json!({"epoch": epoch, "seq": head});
        assert_eq!(gap, &json!({"t": "gap", "room": room, "head": at}));
        let text = format!("after {claimed} {seq}");
        head = writer.post(room, &text).await["seq"].as_u64().expect("a seq");
        assert_eq!(line.texts(1).await, [text], "live events go on");
    }
}

#[tokio::test]
async fn a_list_that_changed_meanwhile_comes_whole() {
    let world = World::start().await;
    let (_, people) = people(&world, 2).await;
    let (seat, ticket, version) = &people[0];
    let other = world.room("other", &[seat]).await;
    let mut line = Line::resume(&world, ticket, *version, &[]).await;
    assert_eq!(line.welcome["resumed"], true);
    let account = &line.missed[0];
    assert_eq!(account["t"], "account");
    assert_eq!(account["rooms"].as_array().map(Vec::len), Some(2), "{account}");
    line.post(other, "hello").await;
}

#[tokio::test]
async fn who_is_no_member_resumes_into_nothing() {
    let world = World::start().await;
    let (room, people) = people(&world, 1).await;
    let stranger = world.account("stranger").await;
    let line = Line::sign_in(&world, &stranger).await;
    let (ticket, version) = (line.ticket(), line.version());
    let mut line = Line::resume(&world, &ticket, version.max(1), &[(room, 0)]).await;
    let deltas = line.missed.iter().filter(|f| f["t"] == "delta" || f["t"] == "gap").count();
    assert_eq!(deltas, 0, "{:?}", line.missed);
    let mut writer = Line::sign_in(&world, &people[0].0).await;
    writer.post(room, "not for strangers").await;
    line.quiet().await;
}

#[tokio::test]
async fn a_ghost_is_closed_when_its_session_resumes() {
    let world = World::start().await;
    let (room, people) = people(&world, 1).await;
    let mut ghost = Line::sign_in(&world, &people[0].0).await;
    let mut line = Line::resume(&world, &ghost.ticket(), ghost.version(), &[(room, 1)]).await;
    let end = ghost.end().await;
    assert_eq!((end.code, &end.said["code"]), (4007, &json!("replaced")));
    line.post(room, "still here").await;
    // Another tab of the same sign-in is no ghost.
    let mut tab = Line::sign_in(&world, &people[0].0).await;
    line.quiet().await;
    tab.quiet().await;
}

#[tokio::test]
async fn tickets_that_are_forged_expired_or_revoked_open_nothing() {
    let world = World::start().await;
    let (_, people) = people(&world, 1).await;
    let (seat, ticket, _) = &people[0];
    let refused = async |ticket: &str| {
        let mut line = Line::open(world.address, &[]).await;
        line.say(&hello(ticket, 0, world.epoch, &[])).await;
        let end = line.end().await;
        assert_eq!(end.said["t"], "refuse", "{end:?}");
        (end.code, end.said["code"].as_str().expect("a code").to_owned())
    };
    let sign_in = (4001, "sign_in".to_owned());
    let mut forged = ticket.clone();
    let last = if forged.ends_with('A') { "B" } else { "A" };
    forged.replace_range(20..21, if &forged[20..21] == last { "C" } else { last });
    assert_eq!(refused(&forged).await, sign_in);
    assert_eq!(refused(&seat.token).await, sign_in, "a token of another purpose");
    assert_eq!(refused("").await, sign_in);
    let mut grant = world.grant(seat.account, seat.session, Role::Member);
    grant.expires = Millis(world.node.now().0 - 1);
    assert_eq!(refused(&world.ticket(&grant)).await, sign_in, "expired");
    let mut live = Line::sign_in(&world, seat).await;
    world.node.end_session(seat.account, seat.session);
    let end = live.end().await;
    assert_eq!((end.code, &end.said["code"]), (4008, &json!("signed_out")));
    assert_eq!(refused(ticket).await, sign_in, "revoked");
}
