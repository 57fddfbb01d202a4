//! The operator's hand: gates for each class, with words, that never touch who is connected; and what
//! is no order.

use crate::support::{Line, Raw, World};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn closed(class: &str, message: &str) -> Value {
    let gate = json!({"state": "closed", "after_ms": 30_000, "message": message});
    json!({"command": "gate", "class": class, "gate": gate})
}

#[tokio::test]
async fn a_closed_gate_refuses_its_class_with_words_and_a_time_and_lets_the_others_in() {
    let world = World::start().await;
    let member = world.account("member").await;
    let mut held = Line::sign_in(&world, &member).await;
    let (ticket, version) = (held.ticket(), held.version());
    let answer = world.ordered(closed("sign-in", "back at noon")).await;
    assert_eq!(answer["gates"][0]["class"], "sign_in", "{answer}");
    let mut refused = Line::knock(&world, &member).await;
    let end = refused.end().await;
    assert_eq!((end.code, &end.said["code"]), (4011, &json!("gate")));
    assert_eq!((&end.said["t"], &end.said["then"]), (&json!("refuse"), &json!("retry")));
    assert!(end.said.to_string().contains("back at noon"), "{}", end.said);
    let after_ms = end.said["after_ms"].as_u64().expect("a time");
    assert!(after_ms >= 29_000, "{after_ms}");
    assert_eq!(end.said["slot"].as_str().map(str::len), Some(62), "{}", end.said);
    held.quiet().await;
    // Whoever resumes is of another class, and takes the place of the connection before.
    let mut resumed = Line::resume(&world, &ticket, version, &[]).await;
    resumed.quiet().await;
    let answer = world.ordered(json!({"command": "gate", "gate": {"state": "open"}})).await;
    assert_eq!(answer["gates"], json!([]));
    Line::sign_in(&world, &member).await.quiet().await;
}

#[tokio::test]
async fn a_gate_for_all_keeps_even_those_out_who_resume_and_disturbs_nobody_who_is_in() {
    let world = World::start().await;
    let (member, guest) = (world.account("member").await, world.account("guest").await);
    let room = world.room("lobby", &[&member, &guest]).await;
    let mut inside = Line::sign_in(&world, &guest).await;
    let away = Line::sign_in(&world, &member).await;
    let (ticket, version) = (away.ticket(), away.version());
    drop(away);
    world
        .ordered(json!({"command": "gate", "class": null, "gate": {"state": "closed", "message": "soon"}}))
        .await;
    let mut back = Line::open(world.address, &[]).await;
    back.say(&crate::support::hello(&ticket, version, world.epoch, &[])).await;
    assert_eq!(back.end().await.code, 4011);
    inside.post(room, "still here").await;
    assert_eq!(inside.until("event").await["event"]["text"], "still here");
}

#[tokio::test]
async fn whoever_waits_at_a_gate_comes_in_when_it_is_opened() {
    let world = World::start().await;
    let member = world.account("member").await;
    let paced = json!({"state": "paced", "per_s": 1, "message": "slowly"});
    world.ordered(json!({"command": "gate", "class": "sign_in", "gate": paced})).await;
    let mut lines = Vec::new();
    for _ in 0..12 {
        lines.push(Line::knock(&world, &member).await);
    }
    world.until("they wait", async |w| w.node.view().parked as u64 >= 10).await;
    let began = std::time::Instant::now();
    world.ordered(json!({"command": "gate", "class": "sign_in", "gate": {"state": "open"}})).await;
    for line in &mut lines {
        line.until("welcome").await;
    }
    assert!(began.elapsed().as_secs() < 8, "one a second would take longer");
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused_with_words_and_changes_nothing() {
    let world = World::start().await;
    let member = world.account("member").await;
    let gate = |gate: Value| json!({"command": "gate", "gate": gate});
    let orders = [
        (json!({"command": "gate"}), "gate"),
        (json!({"command": "open sesame"}), "open sesame"),
        (gate(json!({"state": "ajar"})), "ajar"),
        (gate(json!({"state": "paced"})), "per_s"),
        (gate(json!({"state": "paced", "per_s": 0})), "per_s"),
        (gate(json!({"state": "paced", "per_s": -1})), "-1"),
        (gate(json!({"state": "closed", "after_ms": 4_000_000_000u32})), "after_ms"),
        (gate(json!({"state": "closed", "message": "two\nlines"})), "message"),
        (gate(json!({"state": "open", "per_s": 3})), "per_s"),
        (json!({"command": "gate", "class": "vip", "gate": {"state": "open"}}), "vip"),
        (json!({"command": "rate", "per_s": 0}), "per_s"),
        (json!({"command": "drain", "over_ms": 4_000_000_000u32}), "over_ms"),
        (json!({"command": "drain"}), "over_ms"),
        (
            json!({"command": "lease", "visible": {"ping_ms": 5_000, "lease_ms": 5_000, "spread_ms": 0},
                "hidden": {"ping_ms": 5_000, "lease_ms": 15_000, "spread_ms": 0}}),
            "lease_ms",
        ),
        (json!([]), ""),
    ];
    for (order, word) in orders {
        let (status, answer) = world.order(&order).await;
        assert_eq!(status, 400, "{order}: {answer}");
        assert!(answer.to_string().contains(word), "{order}: {answer}");
    }
    for kind in ["leak_permits", "freeze_cursor", "poison"] {
        let fault = json!({"command": "fault", "fault": {"kind": kind, "count": 1}});
        let (status, answer) = world.order(&fault).await;
        assert!(status == 403 || status == 400, "{answer}");
    }
    let (status, answer) =
        world.order(&json!({"command": "fault", "fault": {"kind": "freeze_cursor"}})).await;
    assert_eq!((status, &answer["code"]), (403, &json!("forbidden")), "{answer}");
    Line::sign_in(&world, &member).await.quiet().await;
}

#[tokio::test]
async fn an_order_from_the_public_side_is_no_order() {
    let world = World::start().await;
    let member = world.account("member").await;
    let (status, _) = Raw::command(world.address, &closed("sign_in", "")).await;
    assert!(status == 404 || status == 405, "{status}");
    let body = closed("sign_in", "").to_string();
    let request = format!(
        "POST /command HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(world.operator).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it is answered");
    assert_eq!(answer.split(' ').nth(1), Some("401"), "without the secret: {answer}");
    Line::sign_in(&world, &member).await.quiet().await;
}
