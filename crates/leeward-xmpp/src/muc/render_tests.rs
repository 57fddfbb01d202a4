//! What each event looks like, to the last quotation mark.

use super::*;
use crate::station::About;
use crate::station::tests::Play;
use leeward_core::event::FileRef;
use leeward_core::id::FileId;

const ROOM: &str = "lobby@rooms.chat.example.org";
const OCCUPANT_1: &str = "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='OCCUPANT'/>";

fn event(seq: u64, from: u64, nonce: &str, what: What) -> Told {
    let nonce = Nonce::try_from(nonce.to_owned()).ok();
    let event =
        Event { seq: Seq(seq), at: Millis(1_790_000_000_000), from: AccountId(from), nonce, what };
    Told { event, about: None }
}

fn about(mut told: Told, target: u64, from: u64, reactions: &[&str]) -> Told {
    let reactions = reactions.iter().map(|emoji| (*emoji).to_owned()).collect();
    let nonce = Nonce::try_from(format!("first-message-{target:04}")).ok();
    told.about = Some(About { target: Seq(target), from: AccountId(from), nonce, reactions });
    told
}

fn text(text: &str) -> Message {
    Message { text: text.into(), ..Message::default() }
}

fn with(told: &Told, frame: Frame<'_>, quoted: Option<&Quoted>) -> String {
    let play = Play::of(&["ann", "bob"]);
    let domain = &play.station.domain;
    let view = View { domain, names: &play.town, frame, quoted };
    let stanza = render(&view, told).expect("it says something").to_text();
    let id = occupant_id(domain, RoomId(4), told.event.from).to_text();
    stanza.replace(&id, OCCUPANT_1)
}

const LOBBY: Frame<'_> = Frame { room: RoomId(4), by: ROOM, group: true, delayed: false };

fn in_room(told: &Told) -> String {
    with(told, LOBBY, None)
}

const DIRECT: Frame<'_> =
    Frame { room: RoomId(4), by: "bob@chat.example.org", group: false, delayed: false };

#[test]
fn a_message_names_its_occupant_its_author_s_id_and_its_place_once() {
    let told = event(7, 1, "5a17~m1", What::Message(Box::new(text("hi <all>"))));
    assert_eq!(
        in_room(&told),
        format!(
            "<message from='{ROOM}/ann' type='groupchat' id='m1'><body>hi &lt;all&gt;</body>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='0000000007'/>\
             <origin-id xmlns='urn:xmpp:sid:0' id='m1'/>{OCCUPANT_1}</message>"
        )
    );
    assert_eq!(
        with(&told, Frame { delayed: true, ..DIRECT }, None),
        "<message from='ann@chat.example.org' type='chat' id='m1'><body>hi &lt;all&gt;</body>\
         <request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='bob@chat.example.org' id='4.0000000007'/>\
         <origin-id xmlns='urn:xmpp:sid:0' id='m1'/><delay xmlns='urn:xmpp:delay' from='bob@chat.example.org' \
         stamp='2026-09-21T14:13:20.000Z'/></message>"
    );
}

#[test]
fn a_file_is_an_address_that_clients_show_and_text_comes_before_it() {
    let file = |id| FileRef {
        id: FileId(id),
        name: "a.png".into(),
        mime: "image/png".into(),
        size: 1,
        width: None,
        height: None,
    };
    let message = Message { files: vec![file(3)], ..Message::default() };
    let alone = in_room(&event(7, 1, "", What::Message(Box::new(message.clone()))));
    let url = "https://chat.example.org/api/v1/files/3/a.png";
    assert!(
        alone.contains(&format!(
            "from='{ROOM}/ann' type='groupchat' id='lw-4-7'><body>{url}</body>\
             <x xmlns='jabber:x:oob'><url>{url}</url></x>"
        )),
        "{alone}"
    );
    let message = Message { text: "look".into(), files: vec![file(3), file(4)], ..message };
    let both = in_room(&event(7, 1, "", What::Message(Box::new(message))));
    assert!(both.contains("<body>look\nhttps://"), "{both}");
    assert!(!both.contains("jabber:x:oob"), "clients would show one in place of all: {both}");
}

#[test]
fn an_edit_replaces_what_its_author_called_so() {
    let what = What::Edit { target: Seq(2), text: "better".into(), mentions: Vec::new() };
    let told = about(event(7, 1, "second-message-07", what), 2, 1, &[]);
    let stanza = in_room(&told);
    assert!(
        stanza.contains(
            "/ann' type='groupchat' id='second-message-07'><body>better</body>\
             <replace xmlns='urn:xmpp:message-correct:0' id='first-message-0002'/>"
        ),
        "{stanza}"
    );
}

#[test]
fn what_its_author_takes_back_is_retracted_and_what_another_removes_is_moderated() {
    let what = What::Delete { target: Seq(2) };
    let own = in_room(&about(event(7, 1, "", what.clone()), 2, 1, &[]));
    assert!(
        own.contains(
            "/ann' type='groupchat' id='lw-4-7'><retract xmlns='urn:xmpp:message-retract:1' id='0000000002'/>\
             <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>"
        ),
        "{own}"
    );
    let moderated = in_room(&about(event(7, 1, "", what.clone()), 2, 2, &[]));
    assert!(
        moderated.contains(&format!(
            "from='{ROOM}' type='groupchat' id='lw-4-7'><retract xmlns='urn:xmpp:message-retract:1' id='0000000002'>\
             <moderated xmlns='urn:xmpp:message-moderate:1' by='{ROOM}/ann'>{OCCUPANT_1}\
             </moderated></retract>"
        )),
        "{moderated}"
    );
    assert_eq!(moderated.matches("<occupant-id").count(), 1);
    let direct = with(&about(event(7, 1, "", what), 2, 1, &[]), DIRECT, None);
    assert!(direct.contains("id='first-message-0002'/>"), "{direct}");
}

#[test]
fn a_reaction_is_the_whole_set_of_who_gave_it() {
    let what = What::React { target: Seq(2), emoji: "🎉".into(), on: true };
    let told = about(event(7, 1, "", what.clone()), 2, 2, &["👍", "tada", "shipit"]);
    let stanza = in_room(&told);
    assert!(
        stanza.contains(
            "<reactions xmlns='urn:xmpp:reactions:0' id='0000000002'>\
             <reaction>👍</reaction><reaction>🎉</reaction><reaction>shipit</reaction>\
             </reactions><store xmlns='urn:xmpp:hints'/>"
        ),
        "{stanza}"
    );
    assert!(!stanza.contains("<body"), "{stanza}");
    let none = in_room(&about(event(8, 1, "", what), 2, 2, &[]));
    assert!(none.contains("id='0000000002'/><store"), "{none}");
}

#[test]
fn an_answer_points_to_what_it_answers_and_quotes_it_for_those_who_cannot_follow() {
    let quoted = Quoted {
        seq: Seq(2),
        from: AccountId(2),
        nonce: Nonce::try_from("first-message-0002".to_owned()).ok(),
        text: "Größe?\n\nline 2".into(),
    };
    let message = Message { quote: Some(Seq(2)), ..text("yes") };
    let told = event(7, 1, "", What::Message(Box::new(message)));
    let room = with(&told, LOBBY, Some(&quoted));
    assert!(
        room.contains(&format!(
            "<body>&gt; Größe?\n&gt; line 2\nyes</body>\
             <reply xmlns='urn:xmpp:reply:0' to='{ROOM}/bob' id='0000000002'/>\
             <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>\
             <body start='0' end='18'/></fallback>"
        )),
        "{room}"
    );
    let direct = with(&told, DIRECT, Some(&quoted));
    assert!(
        direct.contains(
            "<reply xmlns='urn:xmpp:reply:0' to='bob@chat.example.org' id='first-message-0002'/>"
        ),
        "{direct}"
    );
    let unknown = in_room(&told);
    assert!(
        unknown.contains("<body>yes</body><reply xmlns='urn:xmpp:reply:0' id='0000000002'/>"),
        "{unknown}"
    );
}

#[test]
fn an_answer_in_a_thread_names_the_thread_and_its_root() {
    let message = Message { thread: Some(Seq(2)), ..text("yes") };
    let stanza = in_room(&event(7, 1, "", What::Message(Box::new(message))));
    assert!(
        stanza.contains(
            "<thread>lw-thread-0000000002</thread><reply xmlns='urn:xmpp:reply:0' id='0000000002'/>"
        ),
        "{stanza}"
    );
}

#[test]
fn an_integration_keeps_its_account_s_address_and_shows_its_own_name() {
    let message = Message { name: Some("Build".into()), ..text("green") };
    let stanza = in_room(&event(7, 2, "", What::Message(Box::new(message))));
    assert!(stanza.contains("/bob' type"), "{stanza}");
    assert!(stanza.contains("<nick xmlns='http://jabber.org/protocol/nick'>Build</nick>"));
}

#[test]
fn what_only_clients_of_our_own_show_is_no_message() {
    let play = Play::of(&["ann"]);
    let view = View { domain: &play.station.domain, names: &play.town, frame: LOBBY, quoted: None };
    for what in [
        What::Pin { target: Seq(2), on: true },
        What::Leave { who: AccountId(1), banned: false },
        What::React { target: Seq(2), emoji: "🎉".into(), on: true },
    ] {
        assert_eq!(render(&view, &event(7, 1, "", what)), None);
    }
}

#[test]
fn what_is_gone_still_has_its_place_in_an_archive() {
    let deleted = Message { deleted: true, ..Message::default() };
    let stanza = in_room(&event(7, 1, "", What::Message(Box::new(deleted))));
    assert!(
        stanza.contains(
            "<retracted xmlns='urn:xmpp:message-retract:1' stamp='2026-09-21T14:13:20.000Z'/>"
        ),
        "{stanza}"
    );
    assert!(!stanza.contains("<body"), "{stanza}");
}
