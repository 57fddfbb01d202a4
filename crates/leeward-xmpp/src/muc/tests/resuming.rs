//! Those who come back: to what they had, and to what was said meanwhile.

use super::world::{LOBBY, World, messages};
use crate::station::{Conn, Framing, Input, Output, Question};
use leeward_core::event::What;
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// bob on 1 is in the lobby, and has acknowledged all of it.
fn one() -> World {
    let mut world = World::of(&["ann", "bob", "cid"]);
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    acknowledge(&mut world, 1);
    world.forget();
    world
}

fn acknowledge(world: &mut World, conn: Conn) {
    let sm = world.play.station.client(conn).unwrap().sm().unwrap();
    let h = sm.acked.wrapping_add(u32::try_from(sm.unacked.len()).unwrap());
    world.says(conn, &format!("<a h='{h}' xmlns='urn:xmpp:sm:3'/>"));
}

fn sleeps(world: &mut World, conn: Conn) {
    world.input(Input::Gone { conn, closed: false });
}

/// Wakes whoever fell asleep last; they have handled all but the last so many stanzas.
fn wakes(world: &mut World, conn: Conn, lost: u32) {
    let asleep = world.asleep.pop().expect("somebody sleeps");
    let sent = asleep.acked.wrapping_add(u32::try_from(asleep.unacked.len()).unwrap());
    let h = sent.wrapping_sub(lost);
    assert!(asleep.fits(h));
    world.input(Input::Woken(conn, Framing::Stream, Box::new(asleep), h));
}

/// The places of the messages among what somebody got.
fn places(got: &[String]) -> Vec<u64> {
    let place = |stanza: &str| {
        let (_, id) = stanza.split_once("<stanza-id")?.1.split_once("id='")?;
        id.get(..10)?.parse().ok()
    };
    messages(got).into_iter().filter_map(place).collect()
}

#[test]
fn whoever_comes_back_gets_what_was_said_meanwhile_without_asking_anybody() {
    let mut world = one();
    sleeps(&mut world, 1);
    for n in 0..5 {
        world.post(1, 1, &format!("line {n}"));
    }
    world.forget();
    wakes(&mut world, 2, 0);
    world.post(1, 1, "after");
    assert_eq!(world.asked, []);
    let got = world.got(2);
    assert_eq!(places(&got), [1, 2, 3, 4, 5, 6]);
    assert!(got[0].contains("<delay xmlns='urn:xmpp:delay' from='lobby@"), "{got:?}");
    assert!(!got[5].contains("<delay"), "{got:?}");
}

#[test]
fn what_was_lost_with_the_connection_is_sent_again() {
    let mut world = one();
    for n in 0..5 {
        world.post(1, 1, &format!("line {n}"));
    }
    sleeps(&mut world, 1);
    world.forget();
    wakes(&mut world, 2, 2);
    assert_eq!(places(&world.got(2)), [4, 5]);
}

#[test]
fn many_who_come_back_to_a_room_that_is_not_in_memory_read_it_once() {
    let mut world = World::of(&["ann", "bob", "cid"]);
    world.post(1, 1, "first");
    let names = ["ann", "bob", "cid"];
    for (conn, name) in (1..).zip(names) {
        world.bound(conn, name);
        world.joins(conn, "lobby", name);
        acknowledge(&mut world, conn);
    }
    for conn in 1..=3 {
        sleeps(&mut world, conn);
    }
    world.restart();
    for n in 0..700 {
        world.post(1, 1, &format!("line {n}"));
    }
    world.slow = true;
    for conn in 1..=3 {
        wakes(&mut world, conn, 0);
    }
    world.post(1, 1, "after");
    world.settle();
    assert_eq!(
        world.asked,
        [
            Question::Room(RoomId(1)),
            Question::Since(RoomId(1), Seq(1), 500),
            Question::Since(RoomId(1), Seq(501), 500),
        ]
    );
    for conn in 1..=3 {
        assert_eq!(places(&world.sees(conn)), (2..=702).collect::<Vec<u64>>(), "{conn}");
    }
    let sends = world.outputs.iter().filter_map(|output| match output {
        Output::Send(_, rest, Some(_)) => Some(rest.bytes.as_ptr()),
        _ => None,
    });
    let mut sends: Vec<_> = sends.collect();
    let sent = sends.len();
    sends.sort_unstable();
    sends.dedup();
    assert_eq!((sent, sends.len()), (3 * 701, 701), "each rendered once for all three");
}

#[test]
fn whoever_speaks_right_after_coming_back_is_heard() {
    let mut world = one();
    sleeps(&mut world, 1);
    world.restart();
    world.slow = true;
    wakes(&mut world, 2, 0);
    let ping = format!("<iq to='{LOBBY}/bob' type='get' id='7'><ping xmlns='urn:xmpp:ping'/></iq>");
    world.says(2, &ping);
    assert!(world.got(2)[0].contains("type='result'"), "still in the room");
    world.says(2, &format!("<message to='{LOBBY}' type='groupchat'><body>back</body></message>"));
    world.settle();
    let got = world.got(2);
    assert!(got.iter().any(|stanza| stanza.contains("<body>back</body>")), "{got:?}");
}

#[test]
fn whoever_falls_asleep_again_before_they_got_all_gets_it_the_next_time() {
    let mut world = one();
    sleeps(&mut world, 1);
    world.restart();
    for n in 0..10 {
        world.post(1, 1, &format!("line {n}"));
    }
    world.slow = true;
    // Before the room is read; before what was missed is read.
    for (conn, handed) in [(2, 0), (3, 1)] {
        wakes(&mut world, conn, 0);
        for _ in 0..handed {
            world.hand_over(0);
        }
        sleeps(&mut world, conn);
        assert_eq!(world.asleep[0].rooms, [(RoomId(1), Seq(0))], "{conn}");
    }
    world.settle();
    world.forget();
    wakes(&mut world, 4, 0);
    world.settle();
    assert_eq!(places(&world.got(4)), (1..=10).collect::<Vec<u64>>());
}

#[test]
fn a_store_that_cannot_answer_is_asked_again_and_nothing_is_missed() {
    let mut world = one();
    sleeps(&mut world, 1);
    world.restart();
    for n in 0..10 {
        world.post(1, 1, &format!("line {n}"));
    }
    world.busy = true;
    wakes(&mut world, 2, 0);
    assert_eq!(world.got(2), Vec::<String>::new());
    world.play.now = world.play.now.plus_ms(2_000);
    world.input(Input::Tick);
    world.busy = false;
    world.slow = true;
    world.play.now = world.play.now.plus_ms(2_000);
    world.input(Input::Tick);
    world.busy = true;
    world.settle();
    assert!(matches!(world.asked.last(), Some(Question::Since(..))), "{:?}", world.asked);
    assert_eq!(places(&world.sees(2)), Vec::<u64>::new());
    world.busy = false;
    world.play.now = world.play.now.plus_ms(2_000);
    world.input(Input::Tick);
    world.settle();
    world.post(1, 1, "after");
    world.settle();
    assert_eq!(places(&world.got(2)), (1..=11).collect::<Vec<u64>>());
}

#[test]
fn whoever_has_heard_more_elsewhere_than_is_known_here_hears_nothing_twice() {
    let mut world = one();
    world.slow = true;
    for n in 0..4 {
        world.post(1, 1, &format!("line {n}"));
    }
    sleeps(&mut world, 1);
    let mut asleep = world.asleep.pop().expect("it sleeps");
    assert_eq!(asleep.rooms, [(RoomId(1), Seq(0))]);
    // On another node it had heard three of what this one has yet to hear.
    asleep.rooms = vec![(RoomId(1), Seq(3))];
    world.asleep.push(asleep);
    wakes(&mut world, 2, 0);
    world.settle();
    assert_eq!(places(&world.got(2)), [4]);
}

#[test]
fn whoever_was_removed_meanwhile_is_told_so() {
    let mut world = one();
    sleeps(&mut world, 1);
    world.event(1, 1, What::Leave { who: AccountId(2), banned: false });
    world.post(1, 1, "about bob");
    world.forget();
    wakes(&mut world, 2, 0);
    let got = world.got(2);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains("type='unavailable'") && got[0].contains("code='110'"), "{got:?}");
    world.post(1, 1, "more about bob");
    assert_eq!(world.got(2), Vec::<String>::new());
}

#[test]
fn whoever_comes_back_to_a_room_that_has_another_name_is_sent_there() {
    let mut world = one();
    sleeps(&mut world, 1);
    let facts = RoomFacts { name: "hall".into(), ..world.rooms[&RoomId(1)].facts.clone() };
    world.event(1, 1, What::Room(facts));
    world.forget();
    wakes(&mut world, 2, 0);
    let got = world.got(2);
    assert!(got[0].contains(&format!("from='{LOBBY}/bob' type='unavailable'")), "{got:?}");
    assert!(got[0].contains("<destroy jid='hall@rooms.chat.example.org'>"), "{got:?}");
}

#[test]
fn one_s_own_presence_is_sent_again_if_it_was_lost() {
    let mut world = World::of(&["ann", "bob", "cid"]);
    world.post(1, 1, "hello");
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    let sent = u32::try_from(world.got(1).len()).unwrap();
    sleeps(&mut world, 1);
    world.forget();
    wakes(&mut world, 2, sent);
    let got = world.got(2);
    assert!(got[0].contains("code='110'"), "{got:?}");
    assert_eq!(places(&got), [1]);
}

#[test]
fn what_is_kept_of_a_room_is_bounded() {
    let mut world = one();
    for _ in 0..30 {
        world.post(1, 1, &"x".repeat(30_000));
    }
    let bytes = world.play.station.rooms.here[&RoomId(1)].memory.bytes();
    assert!(bytes <= 256 * 1024, "{bytes}");
}

/// What happens in a run.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody says something.
    Post,
    /// Somebody reacts to the first message, which is forgotten soon.
    React,
    /// Something that has happened is handed over, whichever.
    HandOver(usize),
    /// A client acknowledges what it has.
    Acknowledge(usize),
    /// A connection is gone, and so many stanzas with it that were on their way.
    Sleep(usize, u32),
    /// A client comes back.
    Wake(usize),
    /// The process ends and another begins.
    Restart,
    /// Time passes.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Post),
        1 => Just(Step::React),
        8 => (0_usize..8).prop_map(Step::HandOver),
        2 => (0_usize..3).prop_map(Step::Acknowledge),
        2 => (0_usize..3, 0_u32..6).prop_map(|(who, lost)| Step::Sleep(who, lost)),
        3 => (0_usize..3).prop_map(Step::Wake),
        1 => Just(Step::Restart),
        1 => (0_u64..400_000).prop_map(Step::Wait),
    ]
}

/// A client as it sees itself.
#[derive(Default)]
struct Seen {
    conn: Option<Conn>,
    /// Stanzas that it has handled in this session.
    handled: u32,
    /// The places of the messages that it has seen, in its order.
    places: Vec<u64>,
    /// What is on its way: of each stanza the place, if it is a message.
    on_the_way: Vec<Option<u64>>,
}

impl Seen {
    /// All but the last so many have come.
    fn arrive(&mut self, lost: usize) {
        let came = self.on_the_way.len().saturating_sub(lost);
        for place in self.on_the_way.drain(..came) {
            self.handled = self.handled.wrapping_add(1);
            self.places.extend(place);
        }
        self.on_the_way.clear();
    }
}

const NAMES: [&str; 3] = ["ann", "bob", "cid"];

struct Run {
    world: World,
    clients: BTreeMap<usize, Seen>,
    conns: Conn,
}

impl Run {
    fn new() -> Self {
        let mut world = World::of(&NAMES);
        world.post(1, 1, "the first of all");
        let mut run = Self { world, clients: BTreeMap::new(), conns: 0 };
        for (who, name) in NAMES.iter().enumerate() {
            run.conns += 1;
            run.world.bound(run.conns, name);
            run.world.joins(run.conns, "lobby", name);
            run.clients.insert(who, Seen { conn: Some(run.conns), ..Seen::default() });
        }
        run.collect();
        run.world.slow = true;
        run
    }

    /// Puts what was sent on the way of each client.
    fn collect(&mut self) {
        for seen in self.clients.values_mut() {
            let Some(conn) = seen.conn else { continue };
            for stanza in self.world.sees(conn) {
                assert!(!stanza.starts_with("closed"), "{stanza}");
                if !stanza.starts_with("<r ") {
                    seen.on_the_way.push(places(&[stanza]).first().copied());
                }
            }
        }
        self.world.forget();
    }

    fn act(&mut self, step: Step) {
        match step {
            Step::Post => {
                self.world.post(1, 1, "something");
            }
            Step::React => {
                let on = self.world.rooms[&RoomId(1)].events.len().is_multiple_of(2);
                let what = What::React { target: Seq(1), emoji: "👍".into(), on };
                self.world.event(1, 1, what);
            }
            Step::HandOver(which) => {
                self.world.hand_over(which);
            }
            Step::Acknowledge(who) => {
                let seen = self.clients.get_mut(&who).expect("all are there");
                if let Some(conn) = seen.conn {
                    seen.arrive(0);
                    let ack = format!("<a h='{}' xmlns='urn:xmpp:sm:3'/>", seen.handled);
                    self.world.says(conn, &ack);
                }
            }
            Step::Sleep(who, lost) => self.sleep(who, lost as usize),
            Step::Wake(who) => self.wake(who),
            Step::Restart => self.restart(),
            Step::Wait(ms) => {
                self.world.play.now = self.world.play.now.plus_ms(ms);
                self.world.input(Input::Tick);
            }
        }
        self.collect();
    }

    fn sleep(&mut self, who: usize, lost: usize) {
        let seen = self.clients.get_mut(&who).expect("all are there");
        if let Some(conn) = seen.conn.take() {
            seen.arrive(lost);
            self.world.input(Input::Gone { conn, closed: false });
        }
    }

    fn wake(&mut self, who: usize) {
        let seen = self.clients.get_mut(&who).expect("all are there");
        if seen.conn.is_some() {
            return;
        }
        let account = AccountId(who as u64 + 1);
        let at = self.world.asleep.iter().position(|asleep| asleep.bound.account == account);
        let asleep = self.world.asleep.remove(at.expect("whoever is away sleeps"));
        assert!(asleep.fits(seen.handled), "{} {:?}", seen.handled, asleep.unacked);
        self.conns += 1;
        seen.conn = Some(self.conns);
        let (conn, h) = (self.conns, seen.handled);
        self.world.input(Input::Woken(conn, Framing::Stream, Box::new(asleep), h));
    }

    fn restart(&mut self) {
        for who in 0..NAMES.len() {
            self.sleep(who, 0);
        }
        self.world.restart();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_message_is_seen_once_and_in_order_whoever_sleeps_and_wakes(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let mut run = Run::new();
        for step in steps {
            run.act(step);
        }
        for who in 0..NAMES.len() {
            run.act(Step::Wake(who));
        }
        while run.world.hand_over(0) {
            run.collect();
        }
        let said: Vec<u64> = (1..=run.world.rooms[&RoomId(1)].events.len() as u64).collect();
        for seen in run.clients.values_mut() {
            seen.arrive(0);
            prop_assert_eq!(&seen.places, &said);
        }
        prop_assert!(run.world.play.station.rooms.waking.is_empty());
    }
}

#[test]
fn whoever_became_a_member_and_left_again_by_the_web_app_sees_themselves_go() {
    let mut world = one();
    world.event(1, 2, What::Leave { who: AccountId(2), banned: false });
    world.event(1, 1, What::Join { who: AccountId(2), role: MemberRole::Member });
    world.forget();
    world.post(1, 1, "not joined any more");
    assert_eq!(world.got(1), Vec::<String>::new());
    world.joins(1, "lobby", "bob");
    assert!(world.got(1).iter().any(|stanza| stanza.contains("code='110'")));
}

#[test]
fn an_answer_that_comes_after_its_room_was_forgotten_and_read_again_is_of_no_use() {
    let mut run = Run::new();
    let steps = [
        [Step::Post; 3].to_vec(),
        vec![Step::Restart, Step::Wake(0), Step::Post, Step::HandOver(1)],
        [Step::Post; 6].to_vec(),
        vec![Step::HandOver(1), Step::HandOver(2), Step::Sleep(0, 0), Step::Post],
        vec![Step::Wait(300_000), Step::HandOver(2), Step::Wake(1)],
        vec![Step::HandOver(2), Step::HandOver(7), Step::HandOver(1)],
    ];
    steps.concat().into_iter().for_each(|step| run.act(step));
    (0..NAMES.len()).for_each(|who| run.act(Step::Wake(who)));
    while run.world.hand_over(0) {
        run.collect();
    }
    for seen in run.clients.values_mut() {
        seen.arrive(0);
        assert_eq!(seen.places, (1..=12).collect::<Vec<u64>>());
    }
}
