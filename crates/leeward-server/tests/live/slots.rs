//! A slot is worth something to whoever was given it, once and for its time; whatever else is presented
//! is worth nothing, and harms nobody.

use crate::support::{Line, Seat, World};
use leeward_core::id::Millis;
use leeward_core::seal::KeyRing;
use leeward_core::storm::{Class, Slot, ticket};
use serde_json::json;

async fn shut(world: &World) {
    let gate = json!({"state": "closed", "after_ms": 600_000, "message": ""});
    world.ordered(json!({"command": "gate", "class": "sign_in", "gate": gate})).await;
}

/// Knocks with this slot and returns the slot and the time of the refusal.
async fn refused(world: &World, seat: &Seat, slot: Option<&str>) -> (String, u64) {
    let mut line = Line::open(world.address, &[]).await;
    line.say(&json!({"t": "hello", "token": seat.token, "slot": slot})).await;
    let end = line.end().await;
    assert_eq!((end.code, &end.said["t"]), (4011, &json!("refuse")), "{}", end.said);
    let slot = end.said["slot"].as_str().expect("a place is kept").to_owned();
    (slot, end.said["after_ms"].as_u64().expect("a time"))
}

fn opened(world: &World, text: &str) -> Slot {
    ticket::open(world.node.keys(), text).expect("it was sealed here")
}

#[tokio::test]
async fn who_knocks_early_hears_of_the_same_place_and_another_cannot_use_it() {
    let world = World::start().await;
    let (member, guest) = (world.account("member").await, world.account("guest").await);
    shut(&world).await;
    let (slot, after_ms) = refused(&world, &member, None).await;
    let (again, later_ms) = refused(&world, &member, Some(&slot)).await;
    assert_eq!(opened(&world, &again).seq, opened(&world, &slot).seq);
    assert!(later_ms <= after_ms, "{later_ms} after {after_ms}");
    let (other, _) = refused(&world, &guest, Some(&slot)).await;
    assert_ne!(opened(&world, &other).seq, opened(&world, &slot).seq, "it is somebody else's");
    assert_ne!(opened(&world, &other).bound, opened(&world, &slot).bound);
}

#[tokio::test]
async fn what_is_not_a_slot_is_worth_nothing_and_harms_nobody() {
    let world = World::start().await;
    let member = world.account("member").await;
    shut(&world).await;
    let (slot, _) = refused(&world, &member, None).await;
    let good = opened(&world, &slot);
    let foreign = KeyRing::new((1, [9; 32]), Vec::new());
    let of = |slot: &Slot| ticket::seal(world.node.keys(), slot);
    let far = Millis(good.issued.0 + 100 * 86_400_000);
    let mut forged = slot.clone().into_bytes();
    forged[30] ^= 1;
    let worthless = [
        String::new(),
        "x".repeat(62),
        "x".repeat(5_000),
        slot[..61].to_owned(),
        format!("{slot}A"),
        String::from_utf8_lossy(&forged).into_owned(),
        ticket::seal(&foreign, &good),
        of(&Slot { at: far, issued: far, seq: good.seq + 1_000, ..good }),
        of(&Slot { class: Class::Operator, bound: good.bound ^ 1, ..good }),
        of(&Slot { seq: u64::from(u32::MAX), ..good }),
    ];
    for text in worthless {
        let other = world.sign_in(member.account, leeward_core::account::Role::Member).await;
        refused(&world, &other, Some(&text)).await;
    }
    world.ordered(json!({"command": "gate", "gate": {"state": "open"}})).await;
    let mut line = Line::open(world.address, &[]).await;
    line.say(&json!({"t": "hello", "token": member.token, "slot": "not a slot"})).await;
    line.come_in().await;
}

#[tokio::test]
async fn a_slot_that_was_used_counts_no_second_time() {
    let world = World::start().await;
    let member = world.account("member").await;
    shut(&world).await;
    let (slot, _) = refused(&world, &member, None).await;
    world.ordered(json!({"command": "gate", "gate": {"state": "open"}})).await;
    let hello = json!({"t": "hello", "token": member.token, "slot": slot});
    let mut line = Line::open(world.address, &[]).await;
    line.say(&hello).await;
    line.come_in().await;
    shut(&world).await;
    let (second, _) = refused(&world, &member, Some(&slot)).await;
    assert_ne!(opened(&world, &second).seq, opened(&world, &slot).seq, "it is used up");
    assert_eq!(world.node.storm().slots.replayed, 1);
    line.quiet().await;
}
