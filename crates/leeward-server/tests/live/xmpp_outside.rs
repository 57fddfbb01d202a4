//! XMPP clients that are not let in: kept on their connection, in silence, until they are.

use crate::support::World;
use crate::support::xmpp::{PASSWORD, Xmpp, plain};
use serde_json::json;
use std::time::Duration;
use tokio::time::{sleep, timeout};

async fn gate(world: &World, gate: serde_json::Value) {
    world.ordered(json!({"command": "gate", "class": "sign-in", "gate": gate})).await;
}

/// A closed gate is never told to a client of XMPP, which would take it for a password that is wrong or
/// come back at once, for ever: it waits on its connection, and is asked for again each time its turn
/// comes.
#[tokio::test]
async fn whoever_comes_to_a_closed_gate_waits_on_the_same_connection_until_it_opens() {
    let world = World::start().await;
    world.with_password("member").await;
    drop(Xmpp::sign_in(&world, "member").await);
    gate(&world, json!({"state": "closed", "after_ms": 600, "message": "soon"})).await;
    let before = world.figure("leeward_accepted_total").await;
    let mut client = Xmpp::connect(world.xmpp).await;
    client.opens().await;
    client.says(&plain("member", PASSWORD)).await;
    // It is asked for several times meanwhile, and turned away each time.
    let silence = timeout(Duration::from_millis(2_500), client.until(">")).await;
    assert!(silence.is_err(), "nothing is said to it: {silence:?}");
    gate(&world, json!({"state": "open"})).await;
    assert!(client.until(">").await.starts_with("<success"));
    client.opens().await;
    client.binds().await;
    let came = world.figure("leeward_accepted_total").await - before;
    assert_eq!(came, 1, "it came once");
}

/// While some wait outside, others are looked at: more of them than may sign in at a time.
#[tokio::test]
async fn those_who_wait_outside_are_in_nobodys_way() {
    let world = World::start().await;
    for name in ["member", "other"] {
        world.with_password(name).await;
    }
    drop(Xmpp::sign_in(&world, "member").await);
    let mut held = Xmpp::sign_in(&world, "other").await;
    let id = held.manages().await;
    gate(&world, json!({"state": "closed", "after_ms": 30_000, "message": "soon"})).await;
    let mut waiting = Vec::new();
    for _ in 0..1_100 {
        let mut client = Xmpp::connect(world.xmpp).await;
        client.opens().await;
        client.says(&plain("member", PASSWORD)).await;
        waiting.push(client);
    }
    drop(held);
    sleep(Duration::from_millis(200)).await;
    // Whoever shows by its first words that it has been in goes before all of them.
    let mut back = Xmpp::connect(world.xmpp).await;
    let features = timeout(Duration::from_secs(5), back.opens()).await;
    assert!(features.is_ok(), "it is offered to sign in, whoever waits");
    drop((waiting, id));
}
