//! What the server sends, read as cheaply as a program with thousands of connections needs it: of an
//! event only room and seq, the rest as it came. Never acts on a frame.

use leeward_core::id::{Epoch, RoomId, Seq};
use leeward_core::wire::{ClientFrame, ServerFrame};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One frame of the server.
#[derive(Debug)]
pub(crate) enum Frame<'a> {
    /// `event`: its JSON not yet read.
    Event { room: RoomId, seq: Seq, json: &'a str },
    /// `delta`: its events not yet read.
    Delta { room: RoomId, epoch: Epoch, events: Vec<(Seq, &'a str)> },
    /// Any other.
    Other(ServerFrame),
}

#[derive(Deserialize)]
struct EventFrame<'a> {
    room: RoomId,
    #[serde(borrow)]
    event: &'a RawValue,
}

#[derive(Deserialize)]
struct DeltaFrame<'a> {
    room: RoomId,
    epoch: Epoch,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Place {
    seq: Seq,
}

/// Reads one frame.
///
/// # Errors
/// It is not of the documented form.
pub(crate) fn read(text: &str) -> Result<Frame<'_>, serde_json::Error> {
    if let Some(frame) = peek_event(text) {
        return Ok(frame);
    }
    if text.starts_with(r#"{"t":"event""#) {
        let frame: EventFrame<'_> = serde_json::from_str(text)?;
        let json = frame.event.get();
        return Ok(Frame::Event { room: frame.room, seq: place(json)?, json });
    }
    if text.starts_with(r#"{"t":"delta""#) {
        let frame: DeltaFrame<'_> = serde_json::from_str(text)?;
        let events = frame.events.iter().map(|e| Ok((place(e.get())?, e.get())));
        let events = events.collect::<Result<_, serde_json::Error>>()?;
        return Ok(Frame::Delta { room: frame.room, epoch: frame.epoch, events });
    }
    serde_json::from_str(text).map(Frame::Other)
}

/// An event frame as the server writes it, its numbers found where they always are. `None` for
/// anything else, which is then read by the rules of JSON.
fn peek_event(text: &str) -> Option<Frame<'_>> {
    let rest = text.strip_prefix(r#"{"t":"event","room":"#)?;
    let (room, rest) = number(rest)?;
    let json = rest.strip_prefix(r#","event":"#)?.strip_suffix('}')?;
    Some(Frame::Event { room: RoomId(room), seq: peek_place(json)?, json })
}

fn peek_place(json: &str) -> Option<Seq> {
    number(json.strip_prefix(r#"{"seq":"#)?).map(|(seq, _)| Seq(seq))
}

fn place(json: &str) -> Result<Seq, serde_json::Error> {
    match peek_place(json) {
        Some(seq) => Ok(seq),
        None => serde_json::from_str::<Place>(json).map(|place| place.seq),
    }
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// Writes one frame of the client.
pub(crate) fn write(frame: &ClientFrame) -> Vec<u8> {
    serde_json::to_vec(frame).expect("frames hold no map with keys that are not text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_alike_in_the_usual_form_and_in_any_other() {
        for text in [
            r#"{"t":"event","room":7,"event":{"seq":12,"at":1,"kind":"x"}}"#,
            r#"{"t":"event", "room":7, "event":{"at":1, "seq":12,"kind":"x"}}"#,
        ] {
            let Ok(Frame::Event { room, seq, json }) = read(text) else { panic!("{text}") };
            assert_eq!((room, seq), (RoomId(7), Seq(12)));
            assert!(json.starts_with('{') && json.ends_with('}'));
        }
    }

    #[test]
    fn a_delta_keeps_its_events_as_they_came() {
        let text = r#"{"t":"delta","room":7,"epoch":1,"events":[{"seq":3,"a":1},{"b":2,"seq":4}]}"#;
        let Ok(Frame::Delta { events, .. }) = read(text) else { panic!("{text}") };
        assert_eq!(events, [(Seq(3), r#"{"seq":3,"a":1}"#), (Seq(4), r#"{"b":2,"seq":4}"#)]);
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        for text in ["", "{}", r#"{"t":"event"}"#, r#"{"t":"unheard_of"}"#, "[1]"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
