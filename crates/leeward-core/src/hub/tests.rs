//! This input gives exactly these outputs.

use super::*;
use crate::event::{Message, What};
use crate::id::Millis;
use crate::room::MemberRole;
use crate::wire::Presence;
use serde_json::Value;
use std::sync::Arc;

const NOW: Instant = Instant(1_000_000);
const ROOM: RoomId = RoomId(7);
const EPOCH: Epoch = Epoch(3);

fn event(seq: u64, what: What) -> Event {
    Event { seq: Seq(seq), at: Millis(1), from: AccountId(1), nonce: None, what }
}

fn message(seq: u64) -> Event {
    let text = format!("message {seq}");
    event(seq, What::Message(Box::new(Message { text, ..Message::default() })))
}

fn join(seq: u64, who: u64) -> Event {
    event(seq, What::Join { who: AccountId(who), role: MemberRole::Member })
}

fn leave(seq: u64, who: u64) -> Event {
    event(seq, What::Leave { who: AccountId(who), banned: false })
}

fn news(events: impl IntoIterator<Item = Event>) -> Input {
    let events = events.into_iter().map(|e| Arc::new(Published::new(ROOM, e))).collect();
    Input::News(News::Events { room: ROOM, epoch: EPOCH, events })
}

fn who(account: u64, epoch: u32) -> Who {
    Who { account: AccountId(account), role: Role::Member, session: SessionId(account), epoch }
}

fn stand(seq: u64) -> Stand {
    Stand { room: ROOM, at: Position { epoch: EPOCH, seq: Seq(seq) }, claimed: true }
}

/// A room with these members whose log is `head` messages long, the last ten in memory.
fn load(members: &[u64], head: u64) -> Load {
    let tail = (head.saturating_sub(9).max(1)..=head).map(message).collect();
    let members = members.iter().copied().map(AccountId).collect();
    Load { at: Position { epoch: EPOCH, seq: Seq(head) }, members, tail }
}

/// The payload of a WebSocket frame.
fn payload(frame: &Bytes) -> Value {
    let (_, head) =
        crate::ws::frame::Header::read(frame, false).expect("a good frame").expect("a whole frame");
    serde_json::from_slice(&frame[head..]).expect("JSON")
}

/// What a hub wants done, in words.
fn give(hub: &mut Hub, now: Instant, input: Input) -> Vec<String> {
    hub.handle(now, input);
    let mut said = Vec::new();
    while let Some(output) = hub.next_output() {
        said.push(match output {
            Output::Send(conn, frame) => format!("{conn}: {}", words(&payload(&frame))),
            Output::FanOut(room, frame) => {
                let mut to = hub.connections(room).to_vec();
                to.sort_unstable();
                format!("{to:?}: {}", words(&payload(&frame)))
            }
            Output::Load(room) => format!("load {room}"),
            Output::CatchUp(room, seq) => format!("catch up {room} after {seq}"),
            Output::Heard(room, _) | Output::Since(room, _) => panic!("nobody listens to {room}"),
            Output::ReadSnapshot(room) => format!("read {room}"),
            Output::InSync(conn) => format!("{conn} in sync"),
            Output::Refuse(conn, _, code) => format!("{conn} refused {}", code.as_str()),
            Output::Close(conn, code) => format!("{conn} closed {}", code.as_str()),
            Output::Publish(News::Typing { who, .. }) => format!("publish {who} typing"),
            Output::Publish(News::Presence { changes, .. }) => format!("publish {changes:?}"),
            Output::Publish(other) => panic!("{other:?}"),
        });
    }
    said
}

fn words(frame: &Value) -> String {
    let seqs = |events: &Value| {
        let seqs = events.as_array().into_iter().flatten().map(|e| e["seq"].to_string());
        seqs.collect::<Vec<_>>().join(" ")
    };
    match frame["t"].as_str() {
        Some("event") => format!("event {}", frame["event"]["seq"]),
        Some("delta") => format!("delta {}", seqs(&frame["events"])),
        Some("gap") => format!("gap {}", frame["head"]["seq"]),
        Some("snapshot") => format!("snapshot {}", frame["at"]),
        Some("presence") => format!("presence {} {}", frame["people"], frame["whole"]),
        Some("typing") => format!("{} types", frame["who"]),
        Some(other) => other.to_owned(),
        None => panic!("{frame}"),
    }
}

/// A hub with the room in memory, ten messages long, and account 1 on connection 0.
fn hub() -> Hub {
    let mut hub = Hub::new(0, Limits::default(), NOW);
    assert_eq!(give(&mut hub, NOW, Input::Attach(0, who(1, 1), vec![stand(10)])), ["load 7"]);
    let loaded = Input::Loaded(ROOM, Some(load(&[1, 2, 3], 20)));
    assert_eq!(
        give(&mut hub, NOW, loaded),
        ["0: delta 11 12 13 14 15 16 17 18 19 20", "0 in sync"]
    );
    hub
}

#[test]
fn a_room_is_loaded_once_however_many_come() {
    let mut hub = hub();
    for conn in 1..50 {
        let out = give(&mut hub, NOW, Input::Attach(conn, who(2, conn), vec![stand(18)]));
        assert_eq!(out, [format!("{conn}: delta 19 20"), format!("{conn} in sync")]);
    }
}

#[test]
fn those_who_come_while_it_is_loaded_are_answered_together() {
    let mut hub = Hub::new(0, Limits::default(), NOW);
    give(&mut hub, NOW, Input::Attach(0, who(1, 1), vec![stand(19)]));
    assert!(give(&mut hub, NOW, Input::Attach(1, who(2, 2), vec![stand(20)])).is_empty());
    assert!(give(&mut hub, NOW, news([message(21)])).is_empty(), "it waits for the room");
    let out = give(&mut hub, NOW, Input::Loaded(ROOM, Some(load(&[1, 2], 20))));
    assert_eq!(out, ["0: delta 20", "0 in sync", "1 in sync", "[0, 1]: event 21"]);
}

#[test]
fn positions_that_memory_cannot_answer_get_a_gap() {
    let mut hub = hub();
    let other = Position { epoch: Epoch(4), seq: Seq(20) };
    for (conn, at) in [(1, stand(9).at), (2, stand(21).at), (3, other)] {
        let stand = Stand { at, ..stand(0) };
        let out = give(&mut hub, NOW, Input::Attach(conn, who(2, conn), vec![stand]));
        assert_eq!(out, [format!("{conn}: gap 20"), format!("{conn} in sync")]);
    }
    // What the node itself has just told may be ahead of this shard.
    let ahead = Stand { claimed: false, ..stand(25) };
    assert_eq!(give(&mut hub, NOW, Input::Attach(4, who(2, 4), vec![ahead])), ["4 in sync"]);
}

#[test]
fn who_is_no_member_gets_nothing() {
    let mut hub = hub();
    assert_eq!(give(&mut hub, NOW, Input::Attach(1, who(9, 2), vec![stand(0)])), ["1 in sync"]);
    assert_eq!(give(&mut hub, NOW, news([message(21)])), ["[0]: event 21"]);
    assert_eq!(give(&mut hub, NOW, Input::Open(1, ROOM)), ["1 refused not_found"]);
    assert!(give(&mut hub, NOW, Input::Typing(1, ROOM, None)).is_empty());
    give(&mut hub, NOW, Input::Watch(1, vec![ROOM]));
    assert!(give(&mut hub, NOW, Input::News(typing(2))).is_empty());
}

fn typing(who: u64) -> News {
    News::Typing { room: ROOM, who: AccountId(who), thread: None }
}

#[test]
fn more_than_may_be_missed_at_once_is_a_gap() {
    let mut hub = hub();
    hub.limits.missed_bytes_max = 150;
    let out = give(&mut hub, NOW, Input::Attach(1, who(2, 2), vec![stand(19)]));
    assert_eq!(out, ["1: delta 20", "1 in sync"]);
    let out = give(&mut hub, NOW, Input::Attach(2, who(2, 3), vec![stand(15)]));
    assert_eq!(out, ["2: gap 20", "2 in sync"]);
}

#[test]
fn events_are_put_in_order_and_repeated_ones_dropped() {
    let mut hub = hub();
    assert!(give(&mut hub, NOW, news([message(22)])).is_empty());
    assert!(give(&mut hub, NOW, news([message(23), message(20)])).is_empty());
    let out = give(&mut hub, NOW, news([message(21), message(22)]));
    assert_eq!(out, ["[0]: event 21", "[0]: event 22", "[0]: event 23"]);
    assert!(hub.deadline() > NOW.plus_ms(900), "nothing is waited for");
}

#[test]
fn a_hole_that_stays_is_filled_from_the_store() {
    let mut hub = hub();
    give(&mut hub, NOW, news([message(23)]));
    let due = hub.deadline();
    assert_eq!(due, NOW.plus_ms(50));
    assert_eq!(give(&mut hub, due, Input::Tick), ["catch up 7 after 20"]);
    assert!(give(&mut hub, due, Input::Lost).is_empty(), "it has been asked already");
    let out = give(&mut hub, due, Input::CaughtUp(ROOM, vec![message(21), message(22)]));
    assert_eq!(out, ["[0]: event 21", "[0]: event 22", "[0]: event 23", "catch up 7 after 23"]);
    assert!(give(&mut hub, due, Input::CaughtUp(ROOM, vec![])).is_empty());
}

#[test]
fn a_shard_that_lost_news_asks_for_what_it_cannot_see() {
    let mut hub = hub();
    assert_eq!(give(&mut hub, NOW, Input::Lost), ["catch up 7 after 20"]);
    let out = give(&mut hub, NOW, Input::CaughtUp(ROOM, vec![message(21)]));
    assert_eq!(out, ["[0]: event 21", "catch up 7 after 21"]);
}

#[test]
fn events_of_another_history_change_nothing() {
    let mut hub = hub();
    let events: Arc<[_]> = [Arc::new(Published::new(ROOM, message(21)))].into();
    let foreign = News::Events { room: ROOM, epoch: Epoch(9), events };
    assert!(give(&mut hub, NOW, Input::News(foreign)).is_empty());
}

#[test]
fn who_joins_is_in_from_that_event_on_and_who_leaves_until_it() {
    let mut hub = hub();
    give(&mut hub, NOW, Input::Attach(1, who(5, 2), vec![]));
    assert_eq!(give(&mut hub, NOW, news([join(21, 5)])), ["[0, 1]: event 21"]);
    assert_eq!(give(&mut hub, NOW, news([leave(22, 5)])), ["1: event 22", "[0]: event 22"]);
    assert_eq!(give(&mut hub, NOW, news([message(23)])), ["[0]: event 23"]);
}

#[test]
fn a_room_that_somebody_here_is_brought_into_is_loaded() {
    let mut hub = Hub::new(0, Limits::default(), NOW);
    give(&mut hub, NOW, Input::Attach(0, who(1, 1), vec![]));
    assert!(give(&mut hub, NOW, news([join(1, 9)])).is_empty(), "nobody here");
    assert_eq!(give(&mut hub, NOW, news([join(1, 9), join(2, 1)])), ["load 7"]);
    let tail = vec![join(1, 9), join(2, 1), message(3)];
    let at = Position { epoch: EPOCH, seq: Seq(3) };
    let load = Load { at, members: vec![AccountId(1), AccountId(9)], tail };
    assert_eq!(give(&mut hub, NOW, Input::Loaded(ROOM, Some(load))), ["0: delta 2 3"]);
    assert_eq!(give(&mut hub, NOW, news([message(4)])), ["[0]: event 4"]);
}

#[test]
fn a_membership_that_the_store_knew_first_counts_when_its_news_comes() {
    let mut hub = Hub::new(0, Limits::default(), NOW);
    give(&mut hub, NOW, Input::Attach(0, who(1, 1), vec![stand(20)]));
    give(&mut hub, NOW, Input::Attach(1, who(5, 2), vec![]));
    // Loaded after account 5 had joined, before its shard was told.
    give(&mut hub, NOW, Input::Loaded(ROOM, Some(load(&[1, 5], 21))));
    assert!(give(&mut hub, NOW, news([join(21, 5)])).is_empty());
    assert_eq!(give(&mut hub, NOW, news([message(22)])), ["[0, 1]: event 22"]);
}

#[test]
fn a_snapshot_is_read_once_and_goes_on_with_what_came_after() {
    let mut hub = hub();
    give(&mut hub, NOW, Input::Attach(1, who(2, 2), vec![stand(20)]));
    assert_eq!(give(&mut hub, NOW, Input::Open(0, ROOM)), ["read 7"]);
    assert!(give(&mut hub, NOW, Input::Open(1, ROOM)).is_empty());
    give(&mut hub, NOW, news([message(21)]));
    let state = crate::ws::encode::text(br#"{"t":"snapshot","at":20}"#);
    let at = Position { epoch: EPOCH, seq: Seq(20) };
    let read = Input::Snapshot(ROOM, Some((at, state)));
    assert_eq!(
        give(&mut hub, NOW, read),
        ["0: snapshot 20", "0: delta 21", "1: snapshot 20", "1: delta 21"]
    );
    assert_eq!(give(&mut hub, NOW, Input::Open(1, ROOM)), ["1: snapshot 20", "1: delta 21"]);
    let later = NOW.plus_ms(60_000);
    give(&mut hub, later, Input::Tick);
    assert_eq!(give(&mut hub, later, Input::Open(1, ROOM)), ["read 7"], "it was let go");
    assert_eq!(give(&mut hub, later, Input::Snapshot(ROOM, None)), ["1 refused store_busy"]);
}

#[test]
fn what_was_taken_back_is_sent_to_nobody_who_comes_later() {
    let mut hub = hub();
    let edit = What::Edit { target: Seq(21), text: "message 21".into(), mentions: Vec::new() };
    let told = [message(21), event(22, edit), event(23, What::Delete { target: Seq(21) })];
    give(&mut hub, NOW, news(told));
    hub.handle(NOW, Input::Attach(1, who(2, 2), vec![stand(19)]));
    let Some(Output::Send(1, frame)) = hub.next_output() else { panic!("nothing was missed") };
    let delta = payload(&frame);
    assert_eq!(words(&delta), "delta 20 21 22 23");
    assert!(delta.to_string().contains("message 20"));
    assert!(!delta.to_string().contains("message 21"), "{delta}");
    assert_eq!(delta["events"][1]["deleted"], true);
}

#[test]
fn a_room_that_does_not_exist_refuses_and_is_forgotten() {
    let mut hub = hub();
    assert_eq!(give(&mut hub, NOW, Input::Open(0, RoomId(99))), ["load 99"]);
    assert_eq!(give(&mut hub, NOW, Input::Loaded(RoomId(99), None)), ["0 refused not_found"]);
    assert_eq!(hub.memory().0, 1);
}

#[test]
fn an_idle_room_is_let_go_and_a_used_one_is_not() {
    let mut hub = hub();
    let later = NOW.plus_ms(400_000);
    give(&mut hub, later, Input::Tick);
    assert_eq!(hub.memory().0, 1);
    give(&mut hub, later, Input::Detach(0));
    let until = later.plus_ms(299_000);
    give(&mut hub, until, Input::Tick);
    assert_eq!(hub.memory().0, 1);
    give(&mut hub, until.plus_ms(20_000), Input::Tick);
    assert_eq!(hub.memory(), (0, 0));
}

#[test]
fn memory_of_a_room_is_bounded_in_bytes() {
    let mut hub = Hub::new(0, Limits { ring_bytes_max: 1_000, ..Limits::default() }, NOW);
    give(&mut hub, NOW, Input::Attach(0, who(1, 1), vec![stand(20)]));
    give(&mut hub, NOW, Input::Loaded(ROOM, Some(load(&[1], 20))));
    for seq in 21..500 {
        give(&mut hub, NOW, news([message(seq)]));
        assert!(hub.memory().1 <= 1_000);
    }
}

#[test]
fn a_connection_that_went_while_it_waited_is_on_no_list() {
    let mut hub = Hub::new(0, Limits::default(), NOW);
    give(&mut hub, NOW, Input::Attach(0, who(1, 1), vec![stand(19)]));
    give(&mut hub, NOW, Input::Open(0, RoomId(8)));
    give(&mut hub, NOW, Input::Detach(0));
    assert_eq!(give(&mut hub, NOW, Input::Attach(0, who(9, 2), vec![])), ["0 in sync"]);
    assert!(give(&mut hub, NOW, Input::Loaded(ROOM, Some(load(&[1], 20)))).is_empty());
    assert!(give(&mut hub, NOW, Input::Loaded(RoomId(8), Some(load(&[1, 9], 20)))).is_empty());
    assert!(give(&mut hub, NOW, news([message(21)])).is_empty());
}

#[test]
fn ends_reach_the_connections_that_are_meant() {
    let mut hub = Hub::new(0, Limits::default(), NOW);
    for (conn, session) in [(0, 4), (1, 4), (2, 5)] {
        let who = Who { session: SessionId(session), ..who(1, conn + 10) };
        give(&mut hub, NOW, Input::Attach(conn, who, vec![]));
    }
    give(&mut hub, NOW, Input::Attach(3, who(2, 20), vec![]));
    let account = AccountId(1);
    let fence = Input::News(News::Fence { account, epoch: 11 });
    assert_eq!(give(&mut hub, NOW, fence), ["1 closed replaced"]);
    let session = Input::News(News::EndSession { account, session: SessionId(4) });
    assert_eq!(give(&mut hub, NOW, session), ["0 closed signed_out", "1 closed signed_out"]);
    let all = Input::News(News::EndAccount { account, code: Code::Banned });
    assert_eq!(give(&mut hub, NOW, all).len(), 3);
}

#[test]
fn presence_is_gathered_told_once_and_offline_last() {
    let mut hub = hub();
    give(&mut hub, NOW, Input::Attach(1, who(2, 2), vec![stand(20)]));
    let out = give(&mut hub, NOW, Input::Watch(0, vec![ROOM]));
    assert_eq!(out, ["0: presence [] true"]);
    let told = give(&mut hub, NOW.plus_ms(1_000), Input::Tick);
    assert_eq!(told, ["publish [(AccountId(1), Online), (AccountId(2), Online)]"]);
    let changes: Arc<[_]> =
        [(AccountId(1), Presence::Online), (AccountId(2), Presence::Online)].into();
    let out = give(&mut hub, NOW, Input::News(News::Presence { shard: 0, changes }));
    assert_eq!(out, [r#"0: presence [[1,"online"],[2,"online"]] null"#]);
    // Gone and back within the wait: nobody is told.
    let later = NOW.plus_ms(2_000);
    give(&mut hub, later, Input::Detach(1));
    assert!(give(&mut hub, later.plus_ms(1_500), Input::Tick).is_empty());
    give(&mut hub, later.plus_ms(1_600), Input::Attach(1, who(2, 3), vec![stand(20)]));
    assert!(give(&mut hub, later.plus_ms(7_000), Input::Tick).is_empty());
    // Gone for good.
    give(&mut hub, later.plus_ms(7_000), Input::Detach(1));
    let told = give(&mut hub, later.plus_ms(13_000), Input::Tick);
    assert_eq!(told, ["publish [(AccountId(2), Offline)]"]);
    // Online on another shard counts more than offline here.
    let there: Arc<[_]> = [(AccountId(2), Presence::Away)].into();
    give(&mut hub, later, Input::News(News::Presence { shard: 1, changes: there }));
    let gone: Arc<[_]> = [(AccountId(2), Presence::Offline)].into();
    let out = give(&mut hub, later, Input::News(News::Presence { shard: 0, changes: gone }));
    assert_eq!(out, [r#"0: presence [[2,"away"]] null"#]);
}

#[test]
fn what_is_shed_is_said_and_comes_back_whole() {
    let mut hub = hub();
    give(&mut hub, NOW, Input::Watch(0, vec![ROOM]));
    assert_eq!(give(&mut hub, NOW, Input::Shed(Shed::Presence)), ["0: shed"]);
    assert!(give(&mut hub, NOW, Input::News(typing(2))).is_empty());
    assert_eq!(give(&mut hub, NOW, news([message(21)])), ["[0]: event 21"], "never messages");
    assert_eq!(give(&mut hub, NOW, Input::Shed(Shed::Nothing)), ["0: shed", "0: presence [] true"]);
    assert_eq!(give(&mut hub, NOW, Input::News(typing(2))), ["0: 2 types"]);
    assert!(give(&mut hub, NOW, Input::News(typing(1))).is_empty(), "not to oneself");
}

#[test]
fn things_are_shed_in_order_and_come_back_in_the_opposite_one() {
    let mut hub = hub();
    give(&mut hub, NOW, Input::Watch(0, vec![ROOM]));
    assert_eq!(give(&mut hub, NOW, Input::Shed(Shed::Search)), ["0: shed"]);
    assert!(give(&mut hub, NOW, Input::Shed(Shed::Search)).is_empty(), "said once");
    let mut level = Shed::Search;
    let mut names = Vec::new();
    while level != Shed::Nothing {
        names.push(level.what().map(Shed::as_str).collect::<Vec<_>>().join(" "));
        level = level.less();
    }
    let expected = [
        "typing presence snapshots search",
        "typing presence snapshots",
        "typing presence",
        "typing",
    ];
    assert_eq!(names, expected);
    assert_eq!(give(&mut hub, NOW, Input::Shed(Shed::Typing)), ["0: shed", "0: presence [] true"]);
    assert!(
        give(&mut hub, NOW, Input::News(typing(2))).is_empty(),
        "typing is the last to come back"
    );
}

#[test]
fn a_room_watched_before_it_is_entered_shows_presence_when_it_is() {
    let mut hub = hub();
    give(&mut hub, NOW, Input::Attach(1, who(5, 2), vec![]));
    assert!(give(&mut hub, NOW, Input::Watch(1, vec![ROOM])).is_empty());
    let out = give(&mut hub, NOW, news([join(21, 5)]));
    assert_eq!(out, ["1: presence [] true", "[0, 1]: event 21"]);
    let many = (0..65).map(RoomId).collect();
    assert_eq!(give(&mut hub, NOW, Input::Watch(1, many)), ["1 refused too_many"]);
}

#[test]
fn the_state_before_and_what_came_after_make_the_state() {
    // Whatever the order in which two shards publish, every connection sees the log as it is.
    let mut orders = vec![vec![]];
    for seq in 21..=25 {
        let longer = |order: &Vec<u64>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| [&order[..at], &[seq], &order[at..]].concat())
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    assert_eq!(orders.len(), 120);
    for order in orders {
        let mut hub = hub();
        let mut seen = Vec::new();
        for seq in &order {
            seen.extend(give(&mut hub, NOW, news([message(*seq)])));
        }
        let expected: Vec<_> = (21..=25).map(|seq| format!("[0]: event {seq}")).collect();
        assert_eq!(seen, expected, "{order:?}");
        let out = give(&mut hub, NOW, Input::Attach(1, who(2, 2), vec![stand(20)]));
        assert_eq!(out, ["1: delta 21 22 23 24 25", "1 in sync"]);
    }
}
