//! Bringing others into rooms.

use super::world::{condition, two};
use crate::station::Question;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::RoomKind;

#[test]
fn an_invitation_brings_somebody_in_if_whoever_invites_may() {
    let mut world = two();
    world.room(2, "secret", RoomKind::Private, &[1]);
    let invite = |to: &str| {
        format!(
            "<message to='secret@rooms.chat.example.org'>\
             <x xmlns='http://jabber.org/protocol/muc#user'><invite to='{to}'/></x></message>"
        )
    };
    world.says(1, &invite("cid@chat.example.org"));
    assert_eq!(condition(&world.got(1)), "item-not-found", "he does not know of it");
    world.says(2, &invite("nobody@chat.example.org"));
    assert_eq!(condition(&world.got(2)), "item-not-found");
    world.says(2, &invite("cid@chat.example.org"));
    assert_eq!(world.got(2), Vec::<String>::new());
    assert!(world.rooms[&RoomId(2)].members.contains_key(&AccountId(3)));
}

#[test]
fn an_invitation_that_goes_to_the_person_brings_them_in_too() {
    let mut world = two();
    world.room(2, "secret", RoomKind::Private, &[1]);
    let invite = |room: &str, to: &str| {
        format!(
            "<message to='{to}@chat.example.org'><x xmlns='jabber:x:conference' jid='{room}'/>\
             <body>come</body></message>"
        )
    };
    world.says(1, &invite("secret@rooms.chat.example.org", "cid"));
    assert_eq!(condition(&world.got(1)), "item-not-found", "he does not know of it");
    world.says(2, &invite("secret@rooms.chat.example.org", "cid"));
    assert_eq!(world.got(2), Vec::<String>::new());
    assert!(world.rooms[&RoomId(2)].members.contains_key(&AccountId(3)));
    // A room elsewhere is nobody's business here: what is said about it is a message.
    world.asked.clear();
    world.says(2, &invite("a@rooms.elsewhere.example", "cid"));
    assert!(!world.asked.iter().any(|question| matches!(question, Question::SetRole(..))));
}
