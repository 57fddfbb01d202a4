//! What clients say in rooms, and what of it is done.

use super::world::{LOBBY, World, condition, element, messages, two};
use crate::station::{Input, Output, Question};
use leeward_core::event::{Draft, Event, What};
use leeward_core::id::{AccountId, FileId, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts};

const UUID: &str = "0b1c3d5e-7f90-4a2b-8c4d-6e8f0a1b2c3d";

impl World {
    fn chats(&mut self, conn: u32, id: &str, inside: &str) {
        self.says(
            conn,
            &format!("<message to='{LOBBY}' type='groupchat' id='{id}'>{inside}</message>"),
        );
    }

    fn last(&self) -> &Event {
        self.rooms[&RoomId(1)].events.last().expect("something was said")
    }

    fn count(&self) -> usize {
        self.rooms[&RoomId(1)].events.len()
    }
}

fn handled(world: &World, conn: u32) -> u32 {
    world.play.station.client(conn).expect("it is here").handled()
}

#[test]
fn what_is_said_comes_back_to_all_from_the_log_with_its_sender_s_id() {
    let mut world = two();
    world.chats(1, UUID, "<body>hello</body>");
    for conn in [1, 2] {
        let got = world.sees(conn);
        assert_eq!(got.len(), 1, "{got:?}");
        assert!(got[0].contains(&format!("from='{LOBBY}/bob' type='groupchat' id='{UUID}'")));
        assert!(got[0].contains("<body>hello</body>"));
        assert_eq!(got[0].matches("<stanza-id").count(), 1);
    }
    assert!(matches!(world.outputs[..], [Output::FanOut(..)]), "rendered once for both");
}

#[test]
fn what_is_acknowledged_is_stored() {
    let mut world = two();
    let before = handled(&world, 1);
    world.slow = true;
    world.chats(1, UUID, "<body>hello</body>");
    world.says(1, "<iq id='p' type='get'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert_eq!(handled(&world, 1), before, "the ping is answered, and counted after the message");
    assert_eq!(world.sees(1).len(), 1);
    world.settle();
    assert_eq!(handled(&world, 1), before + 2);
}

#[test]
fn what_is_sent_again_is_stored_once() {
    let mut world = two();
    world.chats(1, UUID, "<body>hello</body>");
    world.chats(1, UUID, "<body>hello</body>");
    world.chats(1, "m1", "<body>one</body>");
    world.chats(1, "m1", "<body>one</body>");
    assert_eq!(world.count(), 2);
}

#[test]
fn ids_that_are_counted_from_one_are_new_after_each_sign_in() {
    let mut world = two();
    world.chats(1, "m1", "<body>one</body>");
    world.input(Input::Gone { conn: 1, closed: true });
    world.play.now = world.play.now.plus_ms(5);
    world.bound(1, "bob");
    world.joins(1, "lobby", "bob");
    world.forget();
    world.chats(1, "m1", "<body>two</body>");
    assert_eq!(world.count(), 2);
    assert!(world.got(2)[0].contains("id='m1'><body>two</body>"));
}

#[test]
fn nobody_speaks_who_is_not_in_the_room() {
    let mut world = two();
    world.bound(3, "cid");
    for to in [LOBBY, "nothing@rooms.chat.example.org", "group-1@rooms.chat.example.org"] {
        world.says(3, &format!("<message to='{to}' type='groupchat'><body>a</body></message>"));
        assert_eq!(condition(&world.got(3)), "not-acceptable", "{to}");
    }
    // Another client of somebody who is in it is not.
    world.bound(4, "bob");
    world.chats(4, "m1", "<body>a</body>");
    assert_eq!(condition(&world.got(4)), "not-acceptable");
    assert_eq!(world.count(), 0);
}

#[test]
fn nobody_speaks_after_they_were_removed() {
    for banned in [false, true] {
        let mut world = two();
        world.event(1, 1, What::Leave { who: AccountId(2), banned });
        world.forget();
        world.chats(1, UUID, "<body>a</body>");
        assert_eq!(condition(&world.got(1)), "not-acceptable");
    }
}

#[test]
fn whoever_speaks_right_after_coming_to_a_room_that_is_read_is_heard() {
    let mut world = World::of(&["ann", "bob"]);
    world.bound(1, "bob");
    world.slow = true;
    world.joins(1, "lobby", "bob");
    world.chats(1, UUID, "<body>hello</body>");
    world.settle();
    let got = world.got(1);
    assert!(got.last().expect("it got something").contains("<body>hello</body>"), "{got:?}");
    assert!(messages(&got).iter().all(|message| !message.contains("error")));
}

#[test]
fn whoever_may_not_write_is_told_so() {
    let mut world = two();
    world.event(1, 1, What::Role { who: AccountId(2), role: MemberRole::Muted });
    world.forget();
    world.chats(1, UUID, "<body>a</body>");
    assert_eq!(condition(&world.got(1)), "forbidden");
    let facts = RoomFacts { read_only: true, ..world.rooms[&RoomId(1)].facts.clone() };
    world.event(1, 1, What::Role { who: AccountId(2), role: MemberRole::Member });
    world.event(1, 1, What::Room(facts));
    world.forget();
    world.chats(1, UUID, "<body>a</body>");
    assert_eq!(condition(&world.got(1)), "forbidden");
}

#[test]
fn nothing_that_the_server_says_is_passed_on_from_a_client() {
    let mut world = two();
    world.chats(
        1,
        UUID,
        &format!(
            "<body>a</body>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='{LOBBY}' id='0000000099'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='{LOBBY}' id='0000000098'/>\
             <occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>\
             <occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>\
             <delay xmlns='urn:xmpp:delay' from='{LOBBY}' stamp='2001-01-01T00:00:00Z'/>\
             <x xmlns='http://jabber.org/protocol/muc#user'><status code='307'/></x>\
             <result xmlns='urn:xmpp:mam:2' id='1'/><sent xmlns='urn:xmpp:carbons:2'/>\
             <event xmlns='http://jabber.org/protocol/pubsub#event'/>\
             <moderated xmlns='urn:xmpp:message-moderate:1' by='{LOBBY}/ann'/>\
             <nick xmlns='http://jabber.org/protocol/nick'>ann</nick>"
        ),
    );
    let got = world.got(2);
    assert_eq!(got.len(), 1);
    let message = element(&got[0]);
    let inside: Vec<&str> = message.elements().map(crate::xml::Element::name).collect();
    assert_eq!(inside, ["body", "stanza-id", "origin-id", "occupant-id"]);
    assert!(!got[0].contains("forged") && got[0].contains("id='0000000001'"), "{got:?}");
}

#[test]
fn whoever_says_that_they_are_another_is_not_listened_to_any_more() {
    for stanza in [
        format!(
            "<message to='{LOBBY}' from='{LOBBY}/ann' type='groupchat'><body>a</body></message>"
        ),
        format!("<presence to='{LOBBY}/bob' from='ann@chat.example.org/c2'/>"),
        format!("<iq to='{LOBBY}' from='chat.example.org' type='get' id='1'/>"),
    ] {
        let mut world = two();
        world.says(1, &stanza);
        assert_eq!(world.got(1), ["closed: invalid-from"], "{stanza}");
        assert_eq!(world.count(), 0);
    }
}

#[test]
fn a_correction_changes_the_sender_s_own_message_by_the_name_it_gave() {
    let mut world = two();
    world.chats(1, "m1", "<body>teh</body>");
    let replace =
        |id| format!("<body>the</body><replace xmlns='urn:xmpp:message-correct:0' id='{id}'/>");
    world.chats(1, "m2", &replace("m1"));
    let edit = |target, text: &str| What::Edit { target, text: text.into(), mentions: Vec::new() };
    assert_eq!(world.last().what, edit(Seq(1), "the"));
    let got = world.got(2);
    assert!(got[1].contains("<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>"), "{got:?}");
    // Some clients correct the last correction.
    world.chats(1, "m3", &replace("m2"));
    assert_eq!(world.last().what, edit(Seq(1), "the"));
    assert_eq!(world.count(), 3);
}

#[test]
fn nobody_corrects_what_another_has_said() {
    let mut world = two();
    world.chats(2, UUID, "<body>hers</body>");
    for id in [UUID, "0000000001", "lw-1-1"] {
        world.forget();
        world.chats(
            1,
            "m1",
            &format!("<body>mine</body><replace xmlns='urn:xmpp:message-correct:0' id='{id}'/>"),
        );
        let why = condition(&world.got(1));
        assert!(why == "item-not-found" || why == "forbidden", "{id}: {why}");
        assert_eq!(world.count(), 1, "{id}");
    }
}

#[test]
fn nobody_takes_back_what_another_has_said_unless_they_moderate() {
    let mut world = two();
    let retract = "<retract xmlns='urn:xmpp:message-retract:1' id='0000000001'/>";
    world.chats(2, UUID, "<body>hers</body>");
    world.forget();
    world.chats(1, "m1", retract);
    assert_eq!(condition(&world.got(1)), "forbidden");
    world.chats(2, "m1", retract);
    assert_eq!(world.last().what, What::Delete { target: Seq(1) });
    world.chats(1, "m2", "<body>his</body>");
    world.forget();
    world.chats(2, "m2", "<retract xmlns='urn:xmpp:message-retract:1' id='0000000003'/>");
    let got = world.got(1);
    assert!(got[0].contains(&format!("from='{LOBBY}' type='groupchat'")), "{got:?}");
    assert!(got[0].contains("<moderated xmlns='urn:xmpp:message-moderate:1'"), "{got:?}");
}

#[test]
fn reactions_are_what_lies_between_those_that_stand_and_those_that_are_wanted() {
    let mut world = two();
    world.chats(2, UUID, "<body>hers</body>");
    let react = |emojis: &[&str]| {
        let each: String = emojis.iter().map(|e| format!("<reaction>{e}</reaction>")).collect();
        format!("<reactions xmlns='urn:xmpp:reactions:0' id='0000000001'>{each}</reactions>")
    };
    world.chats(1, "r1", &react(&["👍", "🎉"]));
    world.forget();
    world.chats(1, "r2", &react(&["🎉", "👀"]));
    let reactions = |world: &World| -> Vec<(String, bool)> {
        let events = world.rooms[&RoomId(1)].events.iter();
        let each = events.filter_map(|event| match &event.what {
            What::React { emoji, on, .. } => Some((emoji.clone(), *on)),
            _ => None,
        });
        each.collect()
    };
    let expected = [("👍", true), ("🎉", true), ("👍", false), ("👀", true)];
    let expected: Vec<_> = expected.iter().map(|(e, on)| ((*e).to_owned(), *on)).collect();
    assert_eq!(reactions(&world), expected);
    let got = world.got(2);
    assert!(got[1].contains("<reaction>🎉</reaction><reaction>👀</reaction>"), "{got:?}");
    // Sent again, there is nothing left to do.
    world.chats(1, "r2", &react(&["🎉", "👀"]));
    assert_eq!(reactions(&world).len(), 4);
}

#[test]
fn half_of_a_set_of_reactions_is_made_whole_when_it_is_sent_again() {
    let mut world = two();
    world.chats(2, UUID, "<body>hers</body>");
    let react = "<reactions xmlns='urn:xmpp:reactions:0' id='0000000001'>\
                 <reaction>👍</reaction><reaction>🎉</reaction></reactions>";
    let id = "1b1c3d5e-7f90-4a2b-8c4d-6e8f0a1b2c3d";
    world.slow = true;
    world.chats(1, id, react);
    // The first is stored; then the connection is gone, and what it said is not done with.
    world.input(Input::Gone { conn: 1, closed: false });
    world.settle();
    world.slow = false;
    assert_eq!(world.count(), 2);
    let asleep = world.asleep.pop().expect("it sleeps");
    let h = asleep.acked.wrapping_add(u32::try_from(asleep.unacked.len()).unwrap());
    world.input(Input::Woken(5, crate::station::Framing::Stream, Box::new(asleep), h));
    world.chats(5, id, react);
    assert_eq!(world.count(), 3, "{:?}", world.rooms[&RoomId(1)].events);
}

#[test]
fn an_answer_quotes_what_it_answers_and_an_unknown_one_is_said_whole() {
    let mut world = two();
    world.chats(2, UUID, "<body>when?</body>");
    let answer = |id| {
        format!(
            "<body>&gt; when?\nnow</body><reply xmlns='urn:xmpp:reply:0' id='{id}'/>\
             <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>\
             <body start='0' end='8'/></fallback>"
        )
    };
    world.forget();
    world.chats(1, "m1", &answer("0000000001"));
    let got = world.got(2);
    assert!(got[0].contains("<body>&gt; when?\nnow</body>"), "{got:?}");
    assert!(
        got[0].contains(&format!(
            "<reply xmlns='urn:xmpp:reply:0' to='{LOBBY}/ann' id='0000000001'/>"
        ))
    );
    assert!(got[0].contains("<body start='0' end='8'/>"), "{got:?}");
    let text = |world: &World| match &world.last().what {
        What::Message(message) => (message.text.clone(), message.quote),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(&world), ("now".into(), Some(Seq(1))));
    for id in ["0000000000", "0000000099", "9999999999999999", "-1", "lw-2-1", "nobody-said-this"] {
        world.chats(1, &format!("m{id}"), &answer(id));
        assert_eq!(text(&world), ("> when?\nnow".into(), None), "{id}");
    }
}

#[test]
fn an_own_file_is_attached_and_another_s_address_is_said() {
    let mut world = two();
    let file = |id| {
        let url = format!("https://chat.example.org/xmpp/files/{id}/token/cat.png");
        format!("<body>{url}</body><x xmlns='jabber:x:oob'><url>{url}</url></x>")
    };
    world.chats(1, "m1", &file(31));
    let What::Message(message) = &world.last().what else { panic!("{:?}", world.last()) };
    assert_eq!((message.text.as_str(), message.files[0].id), ("", FileId(31)));
    world.chats(1, "m2", &file(131));
    let What::Message(message) = &world.last().what else { panic!("{:?}", world.last()) };
    assert!(message.files.is_empty() && message.text.contains("/131/token/cat.png"), "{message:?}");
    assert!(messages(&world.got(1)).iter().all(|message| !message.contains("error")));
}

#[test]
fn what_is_encrypted_is_refused_with_words() {
    let mut world = two();
    world.chats(1, UUID, "<body>x</body><encrypted xmlns='eu.siacs.conversations.axolotl'/>");
    let got = world.got(1);
    assert_eq!(condition(&got), "policy-violation");
    assert!(got[0].contains("<text"), "{got:?}");
    assert_eq!(world.count(), 0);
}

#[test]
fn the_subject_is_changed_by_those_alone_who_moderate() {
    let mut world = two();
    world.chats(1, "s1", "<subject>mine</subject>");
    assert_eq!(condition(&world.got(1)), "forbidden");
    world.chats(2, "s1", "<subject>Plans \n for 2027</subject>");
    assert_eq!(world.rooms[&RoomId(1)].facts.topic, "Plans for 2027");
    let got = world.got(1);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains(&format!("from='{LOBBY}/ann'")));
    assert!(got[0].contains("<subject>Plans for 2027</subject><stanza-id"), "{got:?}");
}

#[test]
fn what_is_for_one_or_for_nobody_is_not_said_to_all() {
    let mut world = two();
    let to = |to: &str, kind: &str, inside: &str| {
        format!("<message to='{to}' type='{kind}' id='x'>{inside}</message>")
    };
    world.says(1, &to(&format!("{LOBBY}/ann"), "chat", "<body>psst</body>"));
    assert_eq!(condition(&world.got(1)), "not-acceptable");
    world.says(1, &to(&format!("{LOBBY}/ann"), "groupchat", "<body>psst</body>"));
    assert_eq!(condition(&world.got(1)), "bad-request");
    world.says(1, &to(LOBBY, "chat", "<body>psst</body>"));
    assert_eq!(condition(&world.got(1)), "bad-request");
    world.says(1, &to("rooms.chat.example.org", "chat", "<body>psst</body>"));
    assert_eq!(condition(&world.got(1)), "service-unavailable");
    let decline = "<x xmlns='http://jabber.org/protocol/muc#user'><decline to='a@b'/></x>";
    world.says(1, &to(LOBBY, "normal", decline));
    world.says(1, &to(LOBBY, "error", "<body>psst</body>"));
    world.says(1, &to(LOBBY, "groupchat", "<received xmlns='urn:xmpp:receipts' id='1'/>"));
    assert_eq!(world.got(1), Vec::<String>::new());
    assert_eq!(world.count(), 0);
}

#[test]
fn a_mark_of_what_was_read_is_kept_and_told_to_nobody() {
    let mut world = two();
    world.chats(2, UUID, "<body>hers</body>");
    world.forget();
    for id in ["0000000001", UUID] {
        world.chats(1, "d1", &format!("<displayed xmlns='urn:xmpp:chat-markers:0' id='{id}'/>"));
        assert_eq!(world.asked, [Question::Read(1, RoomId(1), Seq(1))], "{id}");
        assert!(world.outputs.is_empty());
        world.forget();
    }
    world.chats(1, "d1", "<displayed xmlns='urn:xmpp:chat-markers:0' id='0000000009'/>");
    assert_eq!(world.asked, []);
}

#[test]
fn whoever_types_is_told_to_the_others_until_nothing_is_heard_of_it() {
    let mut world = two();
    world.chats(1, "t1", "<composing xmlns='http://jabber.org/protocol/chatstates'/>");
    assert!(matches!(world.outputs[..], [Output::Typing(1, RoomId(1))]));
    world.forget();
    world.input(Input::Typing(RoomId(1), AccountId(2)));
    world.input(Input::Typing(RoomId(1), AccountId(2)));
    let composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
    let told = |state: &str| {
        vec![format!(
            "<message to='ann@chat.example.org/c2' type='groupchat' from='{LOBBY}/bob'>{state}\
             </message>"
        )]
    };
    assert_eq!((world.sees(1), world.got(2)), (Vec::new(), told(composing)));
    world.play.now = world.play.now.plus_ms(4_000);
    world.input(Input::Typing(RoomId(1), AccountId(2)));
    world.play.now = world.play.now.plus_ms(4_000);
    world.input(Input::Tick);
    assert_eq!(world.got(2), Vec::<String>::new(), "still typing");
    world.play.now = world.play.now.plus_ms(2_000);
    world.input(Input::Tick);
    assert_eq!(world.got(2), told("<paused xmlns='http://jabber.org/protocol/chatstates'/>"));
}

#[test]
fn whoever_has_said_it_does_not_type_it_any_more() {
    let mut world = two();
    world.input(Input::Typing(RoomId(1), AccountId(2)));
    world.chats(1, UUID, "<body>done</body>");
    world.forget();
    world.play.now = world.play.now.plus_ms(10_000);
    world.input(Input::Tick);
    assert_eq!(world.got(2), Vec::<String>::new());
}

#[test]
fn what_an_author_called_so_long_ago_is_looked_for() {
    let mut world = two();
    world.chats(1, UUID, "<body>teh</body>");
    for n in 0..120 {
        world.post(1, 1, &format!("line {n}"));
    }
    world.forget();
    world.chats(
        1,
        "m2",
        &format!("<body>the</body><replace xmlns='urn:xmpp:message-correct:0' id='{UUID}'/>"),
    );
    let find = |question: &Question| matches!(question, Question::Find(AccountId(2), _));
    assert!(world.asked.iter().any(find), "{:?}", world.asked);
    assert!(matches!(world.last().what, What::Edit { target: Seq(1), .. }));
    let edit = |question: &Question| {
        matches!(question, Question::Post(1, _, _, Draft::Edit { target: Seq(1), .. }))
    };
    assert!(world.asked.iter().any(edit));
    assert!(
        world.got(2)[0]
            .contains(&format!("<replace xmlns='urn:xmpp:message-correct:0' id='{UUID}'/>"))
    );
}
