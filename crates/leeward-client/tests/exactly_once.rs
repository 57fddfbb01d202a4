//! The client against a server that loses connections, answers and events.

mod script;

use leeward_client::{Client, Heard};
use leeward_core::event::Draft;
use leeward_core::id::{Epoch, RoomId, Seq};
use leeward_core::wire::{ClientFrame, Hello, ServerFrame};
use script::{Peer, Script, event, script, told, until_caught_up, welcome};

const ROOM: RoomId = RoomId(7);

fn draft(text: &str) -> Draft {
    let (text, files) = (text.to_owned(), vec![]);
    Draft::Message { text, thread: None, also_room: false, files, quote: None }
}

async fn hello(peer: &mut Peer, client: &mut Client) -> Hello {
    let frame = peer.hear(client).await;
    let ClientFrame::Hello(hello) = frame else { panic!("{frame:?}") };
    hello
}

async fn signed_in(server: &Script, client: &mut Client) -> Peer {
    let mut peer = server.accept(client).await;
    hello(&mut peer, client).await;
    welcome(&mut peer).await;
    until_caught_up(client).await;
    peer
}

async fn post(peer: &mut Peer, client: &mut Client) -> (String, Draft) {
    let frame = peer.hear(client).await;
    let ClientFrame::Post { nonce, draft, .. } = frame else { panic!("{frame:?}") };
    (nonce.as_str().to_owned(), draft)
}

async fn posted(peer: &mut Peer, nonce: &str, seq: u64) {
    peer.say(&format!(r#"{{"t":"posted","nonce":"{nonce}","room":7,"seq":{seq},"at":1}}"#)).await;
}

async fn told_seq(client: &mut Client) -> Seq {
    let heard = told(client).await;
    let Heard::Event { event, .. } = heard else { panic!("{heard:?}") };
    event.seq
}

#[tokio::test]
async fn the_first_hello_shows_the_token_and_no_ticket() {
    let (server, mut client) = script().await;
    let mut peer = server.accept(&mut client).await;
    let hello = hello(&mut peer, &mut client).await;
    assert_eq!((hello.token.as_deref(), hello.ticket), (Some("a token"), None));
    assert_eq!(hello.positions, []);
}

#[tokio::test]
async fn a_lost_connection_is_resumed_with_ticket_and_positions() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    event(&mut peer, 11).await;
    assert_eq!(told_seq(&mut client).await, Seq(11));
    drop(peer);
    let mut peer = server.accept(&mut client).await;
    let hello = hello(&mut peer, &mut client).await;
    assert_eq!(hello.ticket.as_deref(), Some("ticket"));
    assert_eq!(hello.account_version, 3);
    assert_eq!(hello.positions, [(ROOM, Epoch(1), Seq(11))]);
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_sent_again_with_its_nonce() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    let nonce = client.post(ROOM, draft("once"));
    let first = post(&mut peer, &mut client).await;
    drop(peer);
    let mut peer = server.accept(&mut client).await;
    hello(&mut peer, &mut client).await;
    welcome(&mut peer).await;
    until_caught_up(&mut client).await;
    let second = post(&mut peer, &mut client).await;
    assert_eq!(first, second);
    assert_eq!(first.0, nonce.as_str());
    posted(&mut peer, nonce.as_str(), 11).await;
    assert!(matches!(told(&mut client).await, Heard::Posted { seq: Seq(11), .. }));
    assert_eq!(client.unanswered(), 0);
}

#[tokio::test]
async fn posts_to_one_room_keep_their_order_when_the_first_must_wait() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    let first = client.post(ROOM, draft("first"));
    client.post(ROOM, draft("second"));
    assert_eq!(post(&mut peer, &mut client).await.1, draft("first"));
    peer.say(&format!(
        r#"{{"t":"refused","nonce":"{}","room":7,"code":"store_busy","message":"","then":"retry","after_ms":1}}"#,
        first.as_str()
    ))
    .await;
    assert_eq!(post(&mut peer, &mut client).await.1, draft("first"));
    posted(&mut peer, first.as_str(), 11).await;
    assert!(matches!(told(&mut client).await, Heard::Posted { .. }));
    assert_eq!(post(&mut peer, &mut client).await.1, draft("second"));
}

#[tokio::test]
async fn a_post_refused_for_good_is_given_up_and_told() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    let nonce = client.post(ROOM, draft("no"));
    post(&mut peer, &mut client).await;
    peer.say(&format!(
        r#"{{"t":"refused","nonce":"{}","room":7,"code":"read_only","message":"","then":"give_up"}}"#,
        nonce.as_str()
    ))
    .await;
    assert!(matches!(told(&mut client).await, Heard::Refused { nonce: Some(n), .. } if n == nonce));
    assert_eq!(client.unanswered(), 0);
}

#[tokio::test]
async fn events_are_told_once_and_in_order() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    for seq in [10, 11, 11, 10, 12] {
        event(&mut peer, seq).await;
    }
    assert_eq!(told_seq(&mut client).await, Seq(11));
    assert_eq!(told_seq(&mut client).await, Seq(12));
}

#[tokio::test]
async fn a_hole_is_never_told_over_but_resumed_from_before_it() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    event(&mut peer, 12).await;
    let mut peer = server.accept(&mut client).await;
    let hello = hello(&mut peer, &mut client).await;
    assert_eq!(hello.positions, [(ROOM, Epoch(1), Seq(10))]);
    welcome(&mut peer).await;
    let event = |seq| format!(r#"{{"seq":{seq},"at":1,"from":2,"kind":"message","text":""}}"#);
    let events = [event(11), event(12)].join(",");
    peer.say(&format!(r#"{{"t":"delta","room":7,"epoch":1,"events":[{events}]}}"#)).await;
    until_caught_up(&mut client).await;
    assert_eq!(told_seq(&mut client).await, Seq(11));
    assert_eq!(told_seq(&mut client).await, Seq(12));
}

#[tokio::test]
async fn after_a_gap_events_go_on_from_its_head() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    peer.say(r#"{"t":"gap","room":7,"head":{"epoch":2,"seq":500}}"#).await;
    event(&mut peer, 501).await;
    assert!(
        matches!(told(&mut client).await, Heard::Frame(f) if matches!(*f, ServerFrame::Gap { .. }))
    );
    assert_eq!(told_seq(&mut client).await, Seq(501));
    assert_eq!(client.position(ROOM).map(|p| p.epoch), Some(Epoch(2)));
}

#[tokio::test]
async fn a_goodbye_is_obeyed_and_followed_by_a_resume() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    peer.say(r#"{"t":"goodbye","code":"drain","message":"","then":"retry","after_ms":1}"#).await;
    assert!(
        matches!(told(&mut client).await, Heard::Frame(f) if matches!(*f, ServerFrame::Goodbye { .. }))
    );
    let mut peer = server.accept(&mut client).await;
    assert_eq!(hello(&mut peer, &mut client).await.ticket.as_deref(), Some("ticket"));
}

#[tokio::test]
async fn frames_of_a_later_version_are_passed_over() {
    let (server, mut client) = script().await;
    let mut peer = signed_in(&server, &mut client).await;
    peer.say(r#"{"t":"unheard_of","x":1}"#).await;
    event(&mut peer, 11).await;
    assert_eq!(told_seq(&mut client).await, Seq(11));
}

#[test]
fn a_silent_client_is_small() {
    assert!(size_of::<Client>() <= 1024, "{} bytes", size_of::<Client>());
}
