//! What messages are called: by who wrote them, by those who quote or correct them, and by the archive.
//!
//! A client calls a message as it likes, often by a random text and sometimes by a counter; the log
//! wants a nonce that its author never uses twice. So a name that is long enough to be random is the
//! nonce itself, and any other is made one by a salt of the client, which the others never see.

use crate::ns;
use crate::xml::Element;
use leeward_core::id::{Nonce, RoomId, Seq};

/// Shortest name that is taken to be random, in bytes: 80 bits in base 32.
const RANDOM_BYTES_MIN: usize = 16;
/// What stands between the salt and the client's own name.
const MARK: char = '~';

/// What makes the names of one client its own: the same after the client has slept, another after it
/// has signed in anew, because counters begin again then.
pub(crate) fn salt(secret: &[u8; 32], client: &str, moment: u64) -> String {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(b"salt\0").update(client.as_bytes()).update(&moment.to_le_bytes());
    hasher.finalize().to_hex()[..12].to_owned()
}

/// What a message is to be called in the log. `number`: which of the client's stanzas it is, for a
/// message that its client calls nothing.
pub(crate) fn nonce(message: &Element, salt: &str, number: u32) -> Nonce {
    let origin = message.find("origin-id", ns::STANZA_ID).and_then(|id| id.attribute("id"));
    let id = [origin, message.attribute("id")].into_iter().flatten().find(|id| !id.is_empty());
    match id {
        Some(id) => named(id, salt),
        None => salted(salt, &format!("{MARK}{number}")),
    }
}

/// What the log calls a message that a client calls so.
pub(crate) fn named(id: &str, salt: &str) -> Nonce {
    let visible = id.bytes().all(|b| b.is_ascii_graphic());
    let random = id.len() >= RANDOM_BYTES_MIN && id.len() <= Nonce::BYTES_MAX;
    if random && visible && !id.contains(MARK) {
        return Nonce::try_from(id.to_owned()).expect("its length and letters were looked at");
    }
    let short = salt.len() + MARK.len_utf8() + id.len() <= Nonce::BYTES_MAX;
    if short && visible && !id.starts_with(MARK) {
        return salted(salt, id);
    }
    // Nobody else can be told such a name; it still has to be the same when it is sent again.
    let hash = blake3::hash(id.as_bytes()).to_hex();
    salted(salt, &format!("{MARK}{}", &hash[..24]))
}

/// What one of several things is called that one message does.
pub(crate) fn part(nonce: &Nonce, salt: &str, what: &str) -> Nonce {
    let hash = blake3::hash(format!("{}\0{what}", nonce.as_str()).as_bytes()).to_hex();
    salted(salt, &format!("{MARK}{}", &hash[..24]))
}

fn salted(salt: &str, name: &str) -> Nonce {
    let text = format!("{salt}{MARK}{name}");
    Nonce::try_from(text).expect("a salt is short and hexadecimal, and so is what follows it")
}

/// What others are told that a message is called.
pub(crate) fn shown(nonce: Option<&Nonce>, room: RoomId, seq: Seq) -> String {
    let own = nonce.map(|nonce| match nonce.as_str().split_once(MARK) {
        Some((_, name)) => name,
        None => nonce.as_str(),
    });
    match own {
        Some(own) if !own.is_empty() && !own.starts_with(MARK) => own.to_owned(),
        Some(_) | None => format!("lw-{room}-{seq}"),
    }
}

/// The place of a message of this room that is shown by its place.
pub(crate) fn placed(id: &str, room: RoomId) -> Option<Seq> {
    let (of, seq) = id.strip_prefix("lw-")?.split_once('-')?;
    (of.parse() == Ok(room)).then(|| seq.parse().ok())?
}

/// What the archive of a room calls an event (XEP-0359): its place, always as many digits.
pub(crate) fn stanza_id(seq: Seq) -> String {
    format!("{:016}", seq.0)
}

/// The place that the archive of a room calls so.
pub(crate) fn seq_of(stanza_id: &str) -> Option<Seq> {
    let digits = stanza_id.len() == 16 && stanza_id.bytes().all(|b| b.is_ascii_digit());
    if digits { stanza_id.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(id: &str) -> Nonce {
        nonce(&Element::new("message", ns::CLIENT).with("id", id), "5a17", 3)
    }

    #[test]
    fn a_random_name_is_kept_and_a_counted_one_is_made_its_clients_own() {
        let uuid = "0b1c3d5e-7f90-4a2b-8c4d-6e8f0a1b2c3d";
        assert_eq!(called(uuid).as_str(), uuid);
        assert_eq!(called("ab3").as_str(), "5a17~ab3");
        for id in [uuid, "ab3", "purple1f"] {
            assert_eq!(shown(Some(&called(id)), RoomId(4), Seq(9)), id);
        }
    }

    #[test]
    fn every_name_gives_a_nonce_and_the_same_one_when_it_is_sent_again() {
        let long = "x".repeat(500);
        for id in ["~", "~~", "a~b", "0123456789abcdef~x", "Grüße", "\u{0}", &long, " "] {
            assert_eq!(called(id), called(id));
            assert!(called(id).as_str().starts_with("5a17~"), "{id}");
        }
        assert_ne!(called("~").as_str(), called("~~").as_str());
        assert_eq!(shown(Some(&called("Grüße")), RoomId(4), Seq(9)), "lw-4-9");
        assert_eq!(shown(Some(&called("a~b")), RoomId(4), Seq(9)), "a~b");
    }

    #[test]
    fn a_message_without_a_name_is_shown_by_its_place() {
        let unnamed = nonce(&Element::new("message", ns::CLIENT), "5a17", 3);
        assert_eq!(shown(Some(&unnamed), RoomId(4), Seq(9)), "lw-4-9");
        assert_eq!(shown(None, RoomId(4), Seq(9)), "lw-4-9");
        assert_eq!(placed("lw-4-9", RoomId(4)), Some(Seq(9)));
        assert_eq!(placed("lw-4-9", RoomId(5)), None);
        assert_eq!(placed("lw-4-x", RoomId(4)), None);
    }

    #[test]
    fn the_archive_knows_only_what_it_called_something() {
        assert_eq!(stanza_id(Seq(42)), "0000000000000042");
        assert_eq!(seq_of("0000000000000042"), Some(Seq(42)));
        for id in ["42", "-000000000000042", "+000000000000042", "9999999999999999", ""] {
            assert_eq!(seq_of(id), None, "{id}");
        }
    }

    #[test]
    fn two_sign_ins_of_one_client_have_different_salts() {
        let salt = |moment| salt(&[7; 32], "a@b/c", moment);
        assert_eq!(salt(1), salt(1));
        assert_ne!(salt(1), salt(2));
        assert_eq!(salt(1).len(), 12);
    }
}
