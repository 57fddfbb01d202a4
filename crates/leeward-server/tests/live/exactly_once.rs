//! A draft that is sent again gets the first answer, and nobody sees it twice.

use crate::support::{Line, World, nonce, text_of};
use serde_json::json;

#[tokio::test]
async fn a_repeated_draft_gets_the_first_answer_on_any_connection() {
    let world = World::start().await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut reader = Line::sign_in(&world, &member).await;
    let mut first = Line::sign_in(&world, &owner).await;
    let answer = first.post(room, "once").await;
    assert_eq!(first.post(room, "once").await, answer);
    drop(first);
    let mut second = Line::sign_in(&world, &owner).await;
    assert_eq!(second.post(room, "once").await, answer);
    second.post(room, "then").await;
    assert_eq!(reader.texts(2).await, ["once", "then"], "nothing twice, no hole");
    let log = world.log(room).await;
    assert_eq!(log.iter().filter(|e| text_of(e) == Some("once")).count(), 1);
}

#[tokio::test]
async fn a_nonce_of_another_room_is_never_answered_as_if_it_stood_here() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let (here, there) = (world.room("here", &[&owner]).await, world.room("there", &[&owner]).await);
    let mut line = Line::sign_in(&world, &owner).await;
    let answer = line.post(here, "once").await;
    let refused = line.post(there, "once").await;
    let told = (&refused["t"], &refused["code"], &refused["then"], &refused["room"]);
    assert_eq!(told, (&json!("refused"), &json!("conflict"), &json!("give_up"), &json!(there)));
    assert!(!world.log(there).await.iter().any(|e| text_of(e).is_some()), "nothing is stored");
    assert_eq!(line.post(here, "once").await, answer, "and the line goes on");
}

#[tokio::test]
async fn a_draft_repeated_after_a_restart_gets_the_first_answer() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let room = world.room("lobby", &[&owner]).await;
    let mut line = Line::sign_in(&world, &owner).await;
    let answer = line.post(room, "once").await;
    let ticket = line.ticket();
    drop(line);
    let dir = world.stop().await.expect("it had a directory of its own");
    let world = World::over(dir.path(), |_| {}).await;
    let mut line = Line::resume(&world, &ticket, 0, &[]).await;
    assert_eq!(line.post(room, "once").await, answer);
    drop(line);
    drop(world);
}

#[tokio::test]
async fn what_was_stored_and_never_told_is_found_by_its_hole() {
    let world = World::start().await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut reader = Line::sign_in(&world, &member).await;
    let mut writer = Line::sign_in(&world, &owner).await;
    writer.post(room, "one").await;
    let (_, silent) = world.store_silently(&owner, room, "two").await;
    writer.post(room, "three").await;
    assert_eq!(reader.texts(3).await, ["one", "two", "three"]);
    assert_eq!(writer.post(room, "two").await["seq"], silent.seq.0);
}

#[tokio::test]
async fn a_post_is_carried_through_when_whoever_asked_goes_away() {
    let world = World::start().await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut reader = Line::sign_in(&world, &member).await;
    // The future of an HTTP request is dropped with its connection.
    let actor = world.node.open_token(&owner.token).expect("it is good");
    let draft = crate::support::message("by http");
    let mut posting = Box::pin(world.node.post(&actor, room, nonce("by http"), draft, None));
    assert!(futures_util::poll!(&mut posting).is_pending(), "it waits for its answer");
    drop(posting);
    assert_eq!(reader.texts(1).await, ["by http"]);
}
