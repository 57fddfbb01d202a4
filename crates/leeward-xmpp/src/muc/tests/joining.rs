//! Coming and going.

use super::world::{LOBBY, World, element, messages};
use crate::ns;
use crate::station::{Input, Output, Question};
use leeward_core::account::Role;
use leeward_core::event::What;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};

const ME: &str = "<message to='bob@chat.example.org/c1'";
const OCCUPANT: &str = "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='";

/// Without the ids of occupants, which nobody can foresee.
fn plain(stanza: &str) -> String {
    let Some((before, rest)) = stanza.split_once(OCCUPANT) else { return stanza.to_owned() };
    let after = rest.split_once("'/>").expect("it is closed").1;
    format!("{before}{after}")
}

fn presence(nick: &str, affiliation: &str, role: &str, codes: &str) -> String {
    format!(
        "<presence to='bob@chat.example.org/c1' from='{LOBBY}/{nick}'>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='{affiliation}' role='{role}' jid='{nick}@chat.example.org'/>{codes}\
         </x></presence>"
    )
}

#[test]
fn whoever_comes_gets_the_others_then_themselves_then_what_was_said_then_the_subject() {
    let mut world = World::of(&["ann", "bob", "cid"]);
    world.post(1, 1, "hello");
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    let got: Vec<String> = world.got(1).iter().map(|stanza| plain(stanza)).collect();
    assert_eq!(
        got,
        [
            presence("ann", "owner", "moderator", ""),
            presence("cid", "none", "participant", ""),
            presence("bob", "none", "participant", "<status code='110'/>"),
            format!(
                "{ME} from='{LOBBY}/ann' type='groupchat' id='lw-1-1'><body>hello</body>\
                 <stanza-id xmlns='urn:xmpp:sid:0' by='{LOBBY}' id='0000000001'/>\
                 <origin-id xmlns='urn:xmpp:sid:0' id='lw-1-1'/>\
                 <delay xmlns='urn:xmpp:delay' from='{LOBBY}' stamp='2026-09-21T13:56:41.000Z'/>\
                 </message>"
            ),
            format!("{ME} type='groupchat' from='{LOBBY}'><subject></subject></message>"),
        ]
    );
}

#[test]
fn a_room_in_memory_asks_nobody_and_tells_nobody_when_somebody_comes() {
    let mut world = World::of(&["ann", "bob"]);
    world.post(1, 1, "hello");
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    world.bound(2, "ann");
    world.forget();
    world.joins(2, "lobby", "ann");
    world.joins(2, "lobby", "ann");
    assert_eq!(world.asked, []);
    assert_eq!(world.sees(1), Vec::<String>::new());
    assert_eq!(world.sees(2).len(), 2 * 4, "the other, oneself, a line, the subject");
}

#[test]
fn what_many_get_who_come_is_rendered_once() {
    let names: Vec<String> = (0..50).map(|n| format!("p{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::of(&names);
    for n in 0..30 {
        world.post(1, 1, &format!("line {n}"));
    }
    let mut all = Vec::new();
    for (conn, name) in (1..).zip(&names) {
        world.bound(conn, name);
        world.outputs.clear();
        world.joins(conn, "lobby", name);
        let rests = world.outputs.iter().filter_map(|output| match output {
            Output::Send(_, rest, _) => Some(rest.bytes.as_ptr()),
            _ => None,
        });
        all.extend(rests);
    }
    let stanzas = all.len();
    all.sort_unstable();
    all.dedup();
    // One of one's own and a subject for each; everything else is the same bytes for all.
    assert_eq!(stanzas, 50 * (49 + 1 + 20 + 1));
    assert!(all.len() <= 50 + 20 + 50 * 2, "{}", all.len());
}

#[test]
fn people_who_come_at_once_to_a_room_that_is_not_in_memory_read_it_once() {
    let mut world = World::of(&["ann", "bob", "cid"]);
    world.slow = true;
    for (conn, name) in [(1, "ann"), (2, "bob"), (3, "cid")] {
        world.bound(conn, name);
        world.joins(conn, "lobby", name);
    }
    world.settle();
    assert_eq!(world.asked, [Question::RoomNamed("lobby".into()), Question::Room(RoomId(1))]);
    for conn in 1..=3 {
        assert_eq!(world.sees(conn).len(), 4, "{conn}");
    }
}

#[test]
fn a_nick_is_always_the_name_of_the_account() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    for nick in ["ann", "Bob", "b\u{43e}b", "bob\u{200b}"] {
        world.joins(1, "lobby", nick);
        let got: Vec<String> = world.got(1).iter().map(|stanza| plain(stanza)).collect();
        let codes = "<status code='110'/><status code='210'/>";
        assert_eq!(got[1], presence("bob", "none", "participant", codes), "{nick}");
    }
}

#[test]
fn lines_are_as_many_as_somebody_wants() {
    let mut world = World::of(&["ann", "bob"]);
    for n in 1..=30 {
        world.post(1, 1, &format!("line {n}"));
    }
    world.bound(1, "bob");
    let mut lines = |history: &str| {
        world.says(
            1,
            &format!(
                "<presence to='{LOBBY}/bob'><x xmlns='http://jabber.org/protocol/muc'>{history}\
                 </x></presence>"
            ),
        );
        let got = world.got(1);
        messages(&got).len() - 1
    };
    assert_eq!(lines(""), 20);
    assert_eq!(lines("<history maxstanzas='0'/>"), 0);
    assert_eq!(lines("<history maxchars='0'/>"), 0);
    assert_eq!(lines("<history maxstanzas='3'/>"), 3);
    assert_eq!(lines("<history maxchars='1000' maxstanzas='25'/>"), 2);
    assert_eq!(lines("<history since='2026-09-21T13:57:01Z'/>"), 10);
    assert_eq!(lines("<history seconds='979'/>"), 10);
    assert_eq!(lines("<history seconds='979' maxstanzas='4'/>"), 4);
    assert_eq!(lines("<history maxstanzas='-1' since='nonsense'/>"), 30);
}

#[test]
fn what_was_changed_later_is_shown_as_it_stands() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    let (first, second) = (world.post(1, 1, "teh"), world.post(1, 1, "secret"));
    world.event(1, 1, What::Edit { target: first, text: "the".into(), mentions: Vec::new() });
    world.event(1, 1, What::Delete { target: second });
    world.forget();
    world.joins(1, "lobby", "bob");
    let got = world.got(1);
    let lines = messages(&got);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("<body>the</body>"), "{lines:?}");
}

#[test]
fn whoever_comes_to_an_open_room_is_in_it_from_then_on() {
    let mut world = World::of(&["ann", "bob"]);
    world.room(2, "open", RoomKind::Public, &[1]);
    world.bound(1, "bob");
    world.bound(2, "ann");
    world.joins(2, "open", "ann");
    world.forget();
    world.joins(1, "open", "bob");
    assert!(world.rooms[&RoomId(2)].members.contains_key(&AccountId(2)));
    assert!(world.sees(1).iter().any(|stanza| stanza.contains("code='110'")));
    let to_ann = world.sees(2);
    assert_eq!(to_ann.len(), 1, "she sees that he is a member: {to_ann:?}");
    assert!(to_ann[0].contains("open@rooms.chat.example.org/bob'"));
}

#[test]
fn nobody_who_is_banned_comes_in() {
    let mut world = World::of(&["ann", "bob"]);
    world.event(1, 1, What::Leave { who: AccountId(2), banned: true });
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    let got = world.got(1);
    assert_eq!(got.len(), 1);
    let error = element(&got[0]);
    let error = error.find("error", ns::CLIENT).expect("it is one");
    assert!(error.find("forbidden", ns::STANZA_ERRORS).is_some(), "{got:?}");
    assert!(got[0].contains(&format!("from='{LOBBY}/bob'")), "{got:?}");
}

#[test]
fn a_hidden_room_is_as_if_there_were_none() {
    for role in [Role::Guest, Role::Member] {
        let mut world = World::of(&["ann", "bob"]);
        world.room(2, "secret", RoomKind::Private, &[1]);
        world.room(3, "", RoomKind::Direct, &[1, 3, 4]);
        world.roles.insert(AccountId(2), role);
        world.bound(1, "bob");
        for room in ["secret", "group-3", "group-4"] {
            world.joins(1, room, "bob");
            let got = world.got(1);
            assert_eq!(got.len(), 1, "{got:?}");
            assert!(got[0].contains("<item-not-found"), "{room}: {got:?}");
        }
        if role == Role::Guest {
            // Members make it by coming.
            world.joins(1, "secret", "bob");
            let hidden = world.got(1);
            world.joins(1, "nothing", "bob");
            let missing = world.got(1);
            assert_eq!(hidden[0].replace("secret@", "nothing@"), missing[0]);
        }
    }
}

#[test]
fn whoever_was_invited_a_moment_ago_comes_in() {
    let mut world = World::of(&["ann", "bob"]);
    world.room(2, "secret", RoomKind::Private, &[1]);
    world.bound(2, "ann");
    world.joins(2, "secret", "ann");
    world.bound(1, "bob");
    world.forget();
    world.slow = true;
    world.event(2, 1, What::Join { who: AccountId(2), role: MemberRole::Member });
    world.joins(1, "secret", "bob");
    // The answer is there before the event is heard.
    assert!(world.hand_over(1));
    assert!(world.sees(1).iter().any(|stanza| stanza.contains("code='110'")));
    world.settle();
    let to_ann = world.sees(2);
    assert_eq!(to_ann.len(), 1, "told once: {to_ann:?}");
}

#[test]
fn coming_to_a_room_that_is_not_there_makes_it() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    world.joins(1, "plans", "bob");
    let got = world.got(1);
    let own = got.iter().find(|stanza| stanza.contains("code='110'")).expect("he is in it");
    assert!(own.contains("<status code='110'/><status code='201'/>"), "{own}");
    assert!(own.contains("affiliation='owner' role='moderator'"), "{own}");
    assert_eq!(world.rooms[&RoomId(2)].facts.name, "plans");
    world.joins(1, "No Such", "bob");
    assert!(world.got(1)[0].contains("type='error'"));
}

#[test]
fn a_room_of_several_people_without_a_name_is_called_by_its_number() {
    let mut world = World::of(&["ann", "bob", "cid"]);
    world.room(7, "", RoomKind::Direct, &[1, 2, 3]);
    world.room(8, "", RoomKind::Direct, &[1, 2]);
    world.bound(1, "bob");
    world.joins(1, "group-7", "bob");
    let got = world.got(1);
    assert!(got[0].contains("from='group-7@rooms.chat.example.org/ann'"), "{got:?}");
    assert!(got[0].contains("affiliation='member' role='participant'"), "{got:?}");
    world.joins(1, "group-8", "bob");
    assert!(world.got(1)[0].contains("<item-not-found"), "what two say is no room");
}

#[test]
fn whoever_goes_is_told_so_and_hears_nothing_more() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    world.forget();
    world.says(1, &format!("<presence to='{LOBBY}/bob' type='unavailable'/>"));
    let got = world.got(1);
    assert_eq!(got.len(), 1);
    assert!(got[0].contains("type='unavailable'") && got[0].contains("code='110'"), "{got:?}");
    world.post(1, 1, "hello");
    assert_eq!(world.got(1), Vec::<String>::new());
    assert!(world.rooms[&RoomId(1)].members.contains_key(&AccountId(2)), "still a member");
}

#[test]
fn whoever_is_in_and_says_so_again_is_told_so_and_nothing_else() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    world.says(1, &format!("<presence to='{LOBBY}/bob'/>"));
    assert!(world.got(1)[0].contains("<not-acceptable"));
    world.joins(1, "lobby", "bob");
    world.forget();
    world.says(1, &format!("<presence to='{LOBBY}/robert'><show>away</show></presence>"));
    let got = world.got(1);
    assert_eq!(got.len(), 1);
    assert!(got[0].contains("/bob'") && got[0].contains("code='210'"), "{got:?}");
}

#[test]
fn one_client_cannot_come_without_end() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    for _ in 0..600 {
        world.joins(1, "lobby", "bob");
    }
    world.forget();
    world.joins(1, "lobby", "bob");
    let got = world.got(1);
    assert_eq!(got.len(), 1);
    assert!(got[0].contains("<error type='wait'><resource-constraint"), "{got:?}");
    world.play.now = world.play.now.plus_ms(60_000);
    world.joins(1, "lobby", "bob");
    assert!(world.got(1).len() > 1);
}

#[test]
fn those_who_are_seen_change_with_who_is_online_and_once() {
    let mut world = World::of(&["ann", "bob", "cid"]);
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    world.forget();
    world.online(3, false);
    let got = world.got(1);
    assert_eq!(got.len(), 1);
    assert!(got[0].contains("/cid' type='unavailable'"), "{got:?}");
    world.online(3, false);
    assert_eq!(world.got(1), Vec::<String>::new());
    world.online(3, true);
    assert_eq!(world.got(1).len(), 1);
    world.online(2, false);
    assert_eq!(world.got(1), Vec::<String>::new(), "nobody is told that they are gone themselves");
}

#[test]
fn in_a_large_room_only_those_are_seen_who_moderate_it() {
    let names: Vec<String> = (0..250).map(|n| format!("p{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::of(&names);
    world.bound(1, "p7");
    world.joins(1, "lobby", "p7");
    let got = world.got(1);
    assert_eq!(got.len(), 3, "{got:?}");
    assert!(got[0].contains("/p0'") && got[1].contains("/p7'"));
    world.online(9, false);
    world.online(9, true);
    assert_eq!(world.got(1), Vec::<String>::new());
}

#[test]
fn a_room_is_forgotten_when_nobody_was_in_it_for_a_while() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    world.input(Input::Gone { conn: 1, closed: true });
    world.play.now = world.play.now.plus_ms(200_000);
    world.input(Input::Tick);
    world.bound(2, "ann");
    world.forget();
    world.joins(2, "lobby", "ann");
    assert_eq!(world.asked, [], "it was still there");
    world.input(Input::Gone { conn: 2, closed: true });
    world.play.now = world.play.now.plus_ms(300_000);
    world.input(Input::Tick);
    assert!(world.play.station.rooms.here.is_empty());
    assert!(world.play.station.rooms.names.is_empty() && world.play.station.rooms.of.is_empty());
    assert_eq!(crate::muc::deadline(&world.play.station), None);
}

#[test]
fn a_room_that_cannot_be_read_is_to_be_tried_again() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    world.busy = true;
    world.joins(1, "lobby", "bob");
    let got = world.got(1);
    assert!(got[0].contains("<error type='wait'><resource-constraint"), "{got:?}");
    world.busy = false;
    world.joins(1, "lobby", "bob");
    assert!(world.got(1).len() > 1);
}

#[test]
fn in_an_archived_room_members_read() {
    let mut world = World::of(&["ann", "bob"]);
    let facts = RoomFacts { archived: true, ..world.rooms[&RoomId(1)].facts.clone() };
    world.event(1, 1, What::Room(facts));
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    let got = world.got(1);
    assert!(got[1].contains("role='visitor'"), "{got:?}");
}
