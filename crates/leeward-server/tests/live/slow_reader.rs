//! A client that does not read is closed and can resume; the room does not notice.

use crate::support::{Line, World};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_slow_reader_is_closed_and_can_resume_while_the_room_goes_on() {
    let world = World::with(|config| config.bounds.queue_bytes_max = 64 * 1024).await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut slow = Line::sign_in(&world, &member).await;
    let mut quick = Line::sign_in(&world, &member).await;
    let mut writer = Line::sign_in(&world, &owner).await;
    // Far more than the buffers of both sockets and the queue hold.
    let filler = "x".repeat(30_000);
    let mut count = 0;
    while world.figure("leeward_refusals_total{code=\"slow\"}").await == 0 {
        count += 1;
        assert!(count < 2_000, "nobody is slow after 60 MB");
        let text = format!("{count} {filler}");
        let frame = json!({"t": "post", "room": room, "nonce": format!("n{count}"),
                           "draft": {"kind": "message", "text": text}});
        writer.say(&frame).await;
        writer.until("posted").await;
        let seen = quick.texts(1).await;
        assert!(seen[0].starts_with(&format!("{count} ")), "the room goes on");
    }
    let mut seen = 0;
    let (ticket, version) = (slow.ticket(), slow.version());
    let end = loop {
        match slow.next_message().await {
            Some(tokio_tungstenite::tungstenite::Message::Text(text)) => {
                let frame: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                match frame["t"].as_str() {
                    Some("event") => {
                        let seq = frame["event"]["seq"].as_u64().expect("a seq");
                        assert!(seen == 0 || seq == seen + 1, "no hole before the end");
                        seen = seq;
                    }
                    _ => break frame,
                }
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((&end["t"], &end["code"]), (&json!("goodbye"), &json!("slow")), "{end}");
    assert!(end["after_ms"].as_u64().is_some(), "it says when to come back");
    let mut back = Line::resume(&world, &ticket, version, &[(room, seen)]).await;
    let first = &back.missed[0];
    assert!(first["t"] == "delta" || first["t"] == "gap", "{first}");
    writer.post(room, "at last").await;
    assert_eq!(back.texts(1).await, ["at last"]);
}

#[tokio::test]
async fn a_reader_that_takes_nothing_at_all_is_given_up() {
    let world = World::with(|config| {
        config.bounds.queue_bytes_max = 64 * 1024 * 1024;
        config.bounds.stall_max = Duration::from_secs(1);
    })
    .await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let stuck = Line::sign_in(&world, &member).await;
    let mut writer = Line::sign_in(&world, &owner).await;
    let filler = "x".repeat(30_000);
    for n in 0..400 {
        writer
            .say(&json!({"t": "post", "room": room, "nonce": format!("n{n}"),
                         "draft": {"kind": "message", "text": filler}}))
            .await;
        writer.until("posted").await;
    }
    let alone = async {
        while world.figure("leeward_connections").await > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, alone).await.expect("it is given up");
    drop(stuck);
}
