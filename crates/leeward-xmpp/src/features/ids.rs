//! What messages are called: by their authors, by rooms, by archives.
//!
//! A message's nonce is what its author called it, so that a client that sends it again is answered and
//! not doubled. Some clients count from 1 at each start; their ids get something of the session before
//! them, which nobody is shown.

use leeward_core::event::Event;
use leeward_core::id::{Nonce, RoomId, Seq};

/// Shortest id that is taken to be unlike any other, in characters: half a UUID.
const UNIQUE_MIN: usize = 16;
/// Between what the session added and what the client said.
const MARK: char = '~';

/// The nonce of a message that its client calls so. `salt`: of the session.
pub fn nonce_of(id: Option<&str>, salt: &str, number: u32) -> Nonce {
    let visible = |id: &&str| id.bytes().all(|b| b.is_ascii_graphic()) && !id.is_empty();
    let id = id.filter(visible).map_or_else(|| format!("n{number}"), str::to_owned);
    let unique = (UNIQUE_MIN..=Nonce::BYTES_MAX).contains(&id.len()) && !id.contains(MARK);
    let text = if unique { id } else { salted(&id, salt) };
    Nonce::try_from(text).expect("visible ASCII, cut to fit")
}

/// The nonces that a message may have which its author calls so.
pub fn nonces_of(id: &str, salt: &str) -> Vec<Nonce> {
    let texts = [id.to_owned(), salted(id, salt)];
    texts.into_iter().filter_map(|text| Nonce::try_from(text).ok()).collect()
}

fn salted(id: &str, salt: &str) -> String {
    let room = Nonce::BYTES_MAX - salt.len() - 1;
    let short = if id.len() <= room && id.is_ascii() {
        id.to_owned()
    } else {
        // Longer than a nonce may be: what stands for it is as long as is unlike any other.
        blake3::hash(id.as_bytes()).to_hex()[..32].to_owned()
    };
    format!("{salt}{MARK}{short}")
}

/// The nonce of one of several things that one stanza does.
pub fn part_of(nonce: &Nonce, part: usize) -> Nonce {
    if part == 0 {
        return nonce.clone();
    }
    let hash = blake3::hash(format!("{}/{part}", nonce.as_str()).as_bytes());
    Nonce::try_from(hash.to_hex()[..40].to_owned()).expect("hexadecimal digits are visible")
}

/// What others are shown as the id of a message.
pub fn shown(room: RoomId, event: &Event) -> String {
    shown_nonce(room, event.seq, event.nonce.as_ref())
}

/// The same of a message of which only so much is known.
pub fn shown_nonce(room: RoomId, seq: Seq, nonce: Option<&Nonce>) -> String {
    match nonce {
        Some(nonce) => {
            let text = nonce.as_str();
            text.split_once(MARK).map_or(text, |(_, id)| id).to_owned()
        }
        None => format!("lw-{room}-{seq}"),
    }
}

/// The place that [`shown`] has put into an id, if it has.
pub fn place_in(id: &str) -> Option<(RoomId, Seq)> {
    let (room, seq) = id.strip_prefix("lw-")?.split_once('-')?;
    Some((room.parse().ok()?, seq.parse().ok()?))
}

/// What a room calls a message (XEP-0359): its place, as wide as any, so that texts stand in its order.
pub fn stanza_id(seq: Seq) -> String {
    format!("{:010}", seq.0)
}

/// The place of which that is the id.
pub fn seq_of(id: &str) -> Option<Seq> {
    let digits = !id.is_empty() && id.len() <= 16 && id.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| id.parse().ok()).flatten()
}

/// What the archive of an account calls a message of one of its direct rooms.
pub fn archive_id(room: RoomId, seq: Seq) -> String {
    format!("{room}.{:010}", seq.0)
}

/// The place of which that is the id.
pub fn archived(id: &str) -> Option<(RoomId, Seq)> {
    let (room, seq) = id.split_once('.')?;
    Some((room.parse().ok()?, seq_of(seq)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(id: &str) -> String {
        nonce_of(Some(id), "k3j2h1g0", 7).as_str().to_owned()
    }

    #[test]
    fn an_id_that_is_unlike_any_other_is_the_nonce() {
        let uuid = "0b5c6e0c-6f0f-4d0e-9a55-0d7c3f9f2b11";
        assert_eq!(nonce(uuid), uuid);
        assert_eq!(shown_nonce(RoomId(1), Seq(2), Some(&nonce_of(Some(uuid), "s", 1))), uuid);
    }

    #[test]
    fn an_id_that_may_come_again_is_made_the_sessions_own_and_shown_as_it_was() {
        for id in ["1", "purple42", "a-very-long-id-that-has~a-mark-in-it"] {
            let nonce = nonce_of(Some(id), "k3j2h1g0", 7);
            assert!(nonce.as_str().starts_with("k3j2h1g0~"), "{nonce:?}");
            assert_eq!(shown_nonce(RoomId(1), Seq(2), Some(&nonce)), id);
            assert!(nonces_of(id, "k3j2h1g0").contains(&nonce));
        }
        assert_eq!(nonce_of(None, "s", 7).as_str(), "s~n7");
        assert!(nonce(&"x".repeat(200)).len() <= Nonce::BYTES_MAX);
        assert!(nonce("\u{fc}ml\u{e4}ut and blank").len() <= Nonce::BYTES_MAX);
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        assert_eq!(seq_of(&stanza_id(Seq(42))), Some(Seq(42)));
        assert_eq!(archived(&archive_id(RoomId(7), Seq(42))), Some((RoomId(7), Seq(42))));
        assert_eq!(place_in(&shown_nonce(RoomId(7), Seq(42), None)), Some((RoomId(7), Seq(42))));
        for bad in ["", "-1", "1e3", "99999999999999999", "x", "1.x", "1.", ".1", "lw-1"] {
            assert_eq!(seq_of(bad), None, "{bad}");
            assert_eq!((archived(bad), place_in(bad)), (None, None), "{bad}");
        }
        let parts: Vec<Nonce> = (0..3).map(|n| part_of(&nonce_of(None, "s", 1), n)).collect();
        assert!(parts[0] != parts[1] && parts[1] != parts[2]);
    }
}
