//! What clients get of what happens in rooms, by whomever and by whatever way.

use super::world::{LOBBY, World, element, messages, two};
use crate::ns;
use crate::station::{Framing, Input, Output, Question};
use leeward_core::account::Role;
use leeward_core::event::What;
use leeward_core::hub::Published;
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use std::sync::Arc;

fn facts(world: &World, change: impl FnOnce(&mut RoomFacts)) -> What {
    let mut facts = world.rooms[&RoomId(1)].facts.clone();
    change(&mut facts);
    What::Room(facts)
}

#[test]
fn whoever_is_removed_is_told_why_and_so_are_the_others() {
    for (by, banned, code, affiliation) in
        [(1, false, "307", "none"), (1, true, "301", "outcast"), (2, false, "321", "none")]
    {
        let mut world = two();
        world.event(1, by, What::Leave { who: AccountId(2), banned });
        let own = world.sees(1);
        assert_eq!(own.len(), 1, "{own:?}");
        assert!(own[0].contains(&format!("from='{LOBBY}/bob' type='unavailable'")), "{own:?}");
        let item = format!("<item affiliation='{affiliation}' role='none'");
        assert!(own[0].contains(&item), "{own:?}");
        let codes = format!("<status code='110'/><status code='{code}'/>");
        assert!(own[0].contains(&codes), "{own:?}");
        let other = world.got(2);
        assert_eq!(other.len(), 1, "{other:?}");
        assert!(other[0].contains(&format!("<status code='{code}'/>")), "{other:?}");
        assert!(!other[0].contains("110"), "{other:?}");
        world.post(1, 1, "about bob");
        assert!(world.sees(1).is_empty(), "he hears nothing more");
    }
}

#[test]
fn whoever_comes_into_a_room_or_gets_another_role_is_seen_in_it() {
    let mut world = two();
    world.play.town.people.push(leeward_core::account::Person {
        id: AccountId(4),
        name: "dan".into(),
        display: "Dan".into(),
        role: Role::Member,
        bot: false,
        disabled: false,
        status: "at sea".into(),
    });
    world.online(4, true);
    world.event(1, 4, What::Join { who: AccountId(4), role: MemberRole::Member });
    let got = world.got(1);
    assert_eq!(got.len(), 1);
    assert!(got[0].contains("/dan'><status>at sea</status>"), "{got:?}");
    world.event(1, 1, What::Role { who: AccountId(2), role: MemberRole::Moderator });
    let own = world.sees(1);
    assert_eq!(own.len(), 1);
    assert!(own[0].contains("affiliation='owner' role='moderator'"), "{own:?}");
    assert!(own[0].contains("110"), "{own:?}");
    let other = world.got(2);
    assert!(other.len() == 1 && other[0].contains("/bob'"), "{other:?}");
}

#[test]
fn a_room_that_has_another_name_is_left_for_it_by_all() {
    let mut world = two();
    let renamed = facts(&world, |facts| facts.name = "hall".into());
    world.event(1, 1, renamed);
    for (conn, name) in [(1, "bob"), (2, "ann")] {
        let got = world.sees(conn);
        assert_eq!(got.len(), 1, "{got:?}");
        assert!(got[0].contains(&format!("from='{LOBBY}/{name}' type='unavailable'")), "{got:?}");
        assert!(got[0].contains("<destroy jid='hall@rooms.chat.example.org'>"), "{got:?}");
    }
    world.forget();
    world.joins(1, "hall", "bob");
    assert_eq!(world.asked, []);
    let got = world.got(1);
    assert!(got.iter().any(|stanza| stanza.contains("from='hall@rooms.chat.example.org/bob'")));
    assert!(got.iter().all(|stanza| !stanza.contains("lobby@")), "{got:?}");
}

#[test]
fn a_room_that_is_archived_is_left_by_all_and_read_by_whoever_comes_again() {
    let mut world = two();
    let archived = facts(&world, |facts| facts.archived = true);
    world.event(1, 1, archived);
    let got = world.got(1);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains("<destroy><reason>the room is archived</reason>"), "{got:?}");
    world.joins(1, "lobby", "bob");
    assert!(world.got(1).iter().any(|stanza| stanza.contains("role='visitor'")));
}

#[test]
fn a_room_in_which_not_all_may_write_says_so_to_each() {
    let mut world = two();
    let read_only = facts(&world, |facts| facts.read_only = true);
    world.event(1, 1, read_only);
    let got = world.sees(1);
    assert_eq!(got.len(), 2, "{got:?}");
    assert!(got[0].contains("<status code='104'/>"), "{got:?}");
    assert!(got[1].contains("role='visitor'") && got[1].contains("110"), "{got:?}");
    let got = world.got(2);
    assert!(got[1].contains("role='moderator'"), "{got:?}");
    world.joins(1, "lobby", "bob");
    assert!(world.got(1)[1].contains("/cid'"));
}

#[test]
fn what_is_changed_that_nobody_remembers_is_told_before_what_comes_after() {
    let mut world = two();
    let old = world.post(1, 1, "long ago");
    for n in 0..120 {
        world.post(1, 1, &format!("line {n}"));
    }
    world.forget();
    world.slow = true;
    world.event(1, 3, What::React { target: old, emoji: "👍".into(), on: true });
    let after = world.post(1, 1, "after");
    world.hand_over(0);
    world.hand_over(0);
    assert_eq!(world.asked, [Question::About(RoomId(1), old, AccountId(3))]);
    assert_eq!(world.sees(1), Vec::<String>::new(), "what comes after waits");
    // Who goes to sleep at this moment has heard neither.
    world.input(Input::Gone { conn: 1, closed: false });
    let asleep = world.asleep.pop().expect("it sleeps");
    assert_eq!(asleep.rooms, [(RoomId(1), Seq(old.0 + 120))]);
    world.settle();
    let got = world.got(2);
    assert_eq!(got.len(), 2, "{got:?}");
    assert!(got[0].contains("<reaction>👍</reaction>"), "{got:?}");
    assert!(got[1].contains(&format!("id='{:010}'", after.0)), "{got:?}");
}

#[test]
fn what_comes_twice_or_out_of_its_order_is_heard_once_and_in_it() {
    let mut world = two();
    let first = world.post(1, 1, "first");
    let event = world.rooms[&RoomId(1)].events[0].clone();
    let mut hear = |seq: u64| {
        let mut event = event.clone();
        event.seq = Seq(seq);
        world.forget();
        world.input(Input::Heard(RoomId(1), Arc::new(Published::new(RoomId(1), event))));
        world.got(1).len()
    };
    assert_eq!(hear(first.0), 0, "heard already");
    assert_eq!(hear(first.0 + 2), 0, "not the next");
    assert_eq!(hear(first.0 + 1), 1);
    assert_eq!(hear(first.0 + 2), 1);
}

#[test]
fn frames_that_stand_alone_name_their_namespace() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    world.input(Input::Gone { conn: 1, closed: false });
    let asleep = world.asleep.pop().expect("it sleeps");
    let h = u32::try_from(asleep.unacked.len()).unwrap();
    world.forget();
    world.input(Input::Woken(2, Framing::Alone, Box::new(asleep), h));
    world.post(1, 1, "hello");
    let got = world.got(2);
    assert!(got[0].starts_with("<message xmlns='jabber:client' to='bob@"), "{got:?}");
}

#[test]
fn typing_and_presence_are_not_kept_for_whoever_sleeps() {
    let mut world = two();
    let before = world.play.station.client(1).unwrap().sm().unwrap().unacked.len();
    world.input(Input::Typing(RoomId(1), AccountId(3)));
    world.online(3, false);
    assert_eq!(world.got(1).len(), 2);
    let unacked = &world.play.station.client(1).unwrap().sm().unwrap().unacked;
    let passing = unacked.iter().skip(before);
    assert!(passing.into_iter().all(|mark| *mark == crate::station::Mark::Passing), "{unacked:?}");
}

#[test]
fn whoever_has_another_name_on_show_is_seen_so() {
    let mut world = two();
    world.play.town.people[2].status = "lunch".into();
    world.input(Input::Person(AccountId(3)));
    let got = world.got(1);
    let told = got.iter().filter(|stanza| stanza.contains(&format!("{LOBBY}/cid'")));
    assert_eq!(told.count(), 1, "{got:?}");
}

#[test]
fn nobody_asks_for_somebody_else_what_they_may_not_have() {
    let mut world = two();
    world.room(2, "secret", RoomKind::Private, &[1]);
    world.bound(3, "cid");
    let ask = |kind: &str, inside: &str| {
        format!("<iq to='secret@rooms.chat.example.org' type='{kind}' id='7'>{inside}</iq>")
    };
    let asks = [
        ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
        ask("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
        ask("get", "<query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/>"),
        ask("set", "<query xmlns='urn:xmpp:mam:2'/>"),
        ask("get", "<metadata xmlns='urn:xmpp:mam:2'/>"),
        ask("get", "<query xmlns='http://jabber.org/protocol/muc#owner'/>"),
        ask("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>"),
        ask(
            "get",
            "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member'/>\
             </query>",
        ),
        ask(
            "set",
            "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner' \
             jid='cid@chat.example.org'/></query>",
        ),
        ask(
            "set",
            "<moderate xmlns='urn:xmpp:message-moderate:1' id='0000000001'>\
             <retract xmlns='urn:xmpp:message-retract:1'/></moderate>",
        ),
    ];
    for ask in asks {
        world.says(3, &ask);
        let hidden = world.got(3);
        world.says(3, &ask.replace("secret@", "nothing@"));
        let missing = world.got(3);
        assert_eq!(hidden.len(), 1, "{ask}: {hidden:?}");
        assert!(hidden[0].contains("<item-not-found"), "{ask}: {hidden:?}");
        assert_eq!(hidden[0].replace("secret@", "nothing@"), missing[0]);
    }
    let vcard = "<vCard xmlns='vcard-temp'/>";
    let to_ann = ask("get", vcard).replace("example.org'", "example.org/ann'");
    world.says(3, &to_ann);
    assert!(world.got(3)[0].contains("<not-acceptable"));
    assert!(world.rooms[&RoomId(2)].events.is_empty());
}

#[test]
fn the_list_of_rooms_has_those_that_anybody_may_enter() {
    let mut world = two();
    world.room(2, "secret", RoomKind::Private, &[1]);
    world.room(3, "open", RoomKind::Public, &[1]);
    world.says(
        1,
        "<iq to='rooms.chat.example.org' type='get' id='7'>\
         <query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    );
    let got = world.got(1);
    assert!(got[0].contains(LOBBY) && got[0].contains("open@rooms"), "{got:?}");
    assert!(!got[0].contains("secret"), "{got:?}");
}

#[test]
fn whoever_asks_whether_they_are_in_a_room_is_answered_at_once() {
    let mut world = two();
    let ping = |nick: &str| {
        format!("<iq to='{LOBBY}/{nick}' type='get' id='7'><ping xmlns='urn:xmpp:ping'/></iq>")
    };
    world.slow = true;
    world.says(1, &ping("bob"));
    assert_eq!(
        world.got(1),
        [format!("<iq to='bob@chat.example.org/c1' from='{LOBBY}/bob' id='7' type='result'/>")]
    );
    assert_eq!(world.asked, []);
    world.bound(3, "cid");
    world.forget();
    world.says(3, &ping("cid"));
    assert!(world.sees(3)[0].contains("<not-acceptable"), "a member, but not this client");
    assert_eq!(world.asked, []);
}

#[test]
fn what_a_room_is_said_in_a_form() {
    let mut world = two();
    world.says(
        1,
        &format!(
            "<iq to='{LOBBY}' type='get' id='7'>\
             <query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        ),
    );
    let got = world.got(1);
    for there in [
        "<identity category='conference' type='text' name='lobby'/>",
        "<feature var='http://jabber.org/protocol/muc'/>",
        "<feature var='urn:xmpp:mam:2'/>",
        "<feature var='urn:xmpp:sid:0'/>",
        "<feature var='urn:xmpp:occupant-id:0'/>",
        "<feature var='muc_semianonymous'/>",
        "<feature var='muc_open'/>",
        "muc#roominfo_occupants",
    ] {
        assert!(got[0].contains(there), "{there}: {got:?}");
    }
    assert!(!got[0].contains("muc#register") && !got[0].contains("muc_nonanonymous"), "{got:?}");
}

#[test]
fn those_who_moderate_change_who_may_what_and_nobody_else_does() {
    let set = |to: &str, item: &str| {
        format!(
            "<iq to='{to}' type='set' id='7'>\
             <query xmlns='http://jabber.org/protocol/muc#admin'><item {item}/></query></iq>"
        )
    };
    let items = [
        ("nick='cid' role='visitor'", What::Role { who: AccountId(3), role: MemberRole::Muted }),
        (
            "nick='cid' role='participant'",
            What::Role { who: AccountId(3), role: MemberRole::Member },
        ),
        (
            "jid='cid@chat.example.org' affiliation='owner'",
            What::Role { who: AccountId(3), role: MemberRole::Moderator },
        ),
        (
            "jid='cid@chat.example.org' affiliation='none'",
            What::Role { who: AccountId(3), role: MemberRole::Member },
        ),
        ("nick='cid' role='none'", What::Leave { who: AccountId(3), banned: false }),
        (
            "jid='cid@chat.example.org' affiliation='outcast'",
            What::Leave { who: AccountId(3), banned: true },
        ),
    ];
    let mut world = two();
    for (item, what) in items {
        let before = world.rooms[&RoomId(1)].events.len();
        world.says(1, &set(LOBBY, item));
        assert!(world.got(1)[0].contains("<forbidden"), "{item}");
        assert_eq!(world.rooms[&RoomId(1)].events.len(), before, "{item}");
        world.says(2, &set(LOBBY, item));
        assert_eq!(world.rooms[&RoomId(1)].events.last().unwrap().what, what, "{item}");
        assert!(world.got(2).iter().any(|got| got.contains("type='result'")), "{item}");
    }
    // Nobody raises themselves.
    world.says(1, &set(LOBBY, "jid='bob@chat.example.org' affiliation='owner'"));
    assert!(world.got(1)[0].contains("<forbidden"));
    world.says(
        2,
        &format!(
            "<iq to='{LOBBY}' type='get' id='7'><query xmlns='http://jabber.org/protocol/muc#admin'>\
             <item affiliation='outcast'/></query></iq>"
        ),
    );
    let got = world.got(2);
    assert!(got[0].contains("affiliation='outcast' jid='cid@chat.example.org'"), "{got:?}");
}

#[test]
fn the_form_of_a_room_is_for_those_who_moderate_it() {
    let owner = |kind: &str, inside: &str| {
        format!(
            "<iq to='{LOBBY}' type='{kind}' id='7'>\
             <query xmlns='http://jabber.org/protocol/muc#owner'>{inside}</query></iq>"
        )
    };
    let form = |name: &str, value: &str| {
        owner(
            "set",
            &format!(
                "<x xmlns='jabber:x:data' type='submit'><field var='{name}'>\
                 <value>{value}</value></field></x>"
            ),
        )
    };
    let mut world = two();
    for ask in
        [owner("get", ""), form("muc#roomconfig_roomname", "mine"), owner("set", "<destroy/>")]
    {
        world.says(1, &ask);
        assert!(world.got(1)[0].contains("<forbidden"), "{ask}");
    }
    world.says(2, &owner("get", ""));
    assert!(world.got(2)[0].contains("muc#roomconfig_moderatedroom"));
    world.says(2, &owner("set", "<x xmlns='jabber:x:data' type='submit'/>"));
    assert!(world.got(2)[0].contains("type='result'"), "taken as it is");
    world.says(2, &form("muc#roomconfig_roomdesc", "What we do"));
    world.says(2, &form("muc#roomconfig_moderatedroom", "1"));
    let facts = world.rooms[&RoomId(1)].facts.clone();
    assert!(facts.topic == "What we do" && facts.read_only, "{facts:?}");
    world.forget();
    world.says(2, &owner("set", "<destroy/>"));
    assert!(world.rooms[&RoomId(1)].facts.archived);
    assert!(world.sees(2).iter().any(|got| got.contains("<destroy")), "{:?}", world.sees(2));
}

#[test]
fn whoever_moderates_has_a_message_taken_back_by_its_place() {
    let mut world = two();
    let seq = world.post(1, 3, "rude");
    world.forget();
    let moderate = |id: &str| {
        format!(
            "<iq to='{LOBBY}' type='set' id='7'>\
             <moderate xmlns='urn:xmpp:message-moderate:1' id='{id}'>\
             <retract xmlns='urn:xmpp:message-retract:1'/></moderate></iq>"
        )
    };
    world.says(1, &moderate("0000000001"));
    assert!(world.got(1)[0].contains("<forbidden"));
    for id in ["", "-1", "x", "99999999999999999999"] {
        world.says(2, &moderate(id));
        assert!(world.got(2)[0].contains("type='error'"), "{id}");
    }
    world.says(2, &moderate("0000000001"));
    let last = world.rooms[&RoomId(1)].events.last().unwrap();
    assert_eq!(last.what, What::Delete { target: seq });
    let got = world.got(1);
    assert!(messages(&got)[0].contains("<moderated"), "{got:?}");
}

#[test]
fn answers_of_clients_are_answered_by_nobody() {
    let mut world = two();
    for kind in ["result", "error"] {
        for to in [LOBBY.to_owned(), format!("{LOBBY}/ann"), "rooms.chat.example.org".to_owned()] {
            world.says(1, &format!("<iq to='{to}' type='{kind}' id='7'/>"));
            world.says(1, &format!("<presence to='{to}' type='{kind}' id='7'/>"));
            assert_eq!(world.got(1), Vec::<String>::new(), "{kind} {to}");
        }
    }
}

#[test]
fn the_name_that_one_has_in_a_room_is_said_to_whoever_asks() {
    let mut world = two();
    world.says(
        1,
        &format!(
            "<iq to='{LOBBY}' type='get' id='7'><query node='x-roomuser-item' \
             xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        ),
    );
    let got = world.got(1);
    let query = element(&got[0]).find("query", ns::DISCO_INFO).cloned().expect("it is answered");
    let identity = query.find("identity", ns::DISCO_INFO).expect("he has one");
    assert_eq!(identity.attribute("name"), Some("bob"));
}

#[test]
fn an_event_of_a_room_that_nobody_is_in_costs_nothing_to_send() {
    let mut world = two();
    for conn in [1, 2] {
        world.input(Input::Gone { conn, closed: true });
    }
    world.forget();
    world.post(1, 1, "alone");
    assert!(world.outputs.iter().all(|output| !matches!(output, Output::FanOut(..))));
}
