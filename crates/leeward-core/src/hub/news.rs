//! What one shard tells the others: events stored, people here and gone, sessions ended.
//!
//! Everything in it is shared, so that telling ten shards costs ten pointers.

use crate::account::Person;
use crate::code::Code;
use crate::event::Event;
use crate::id::{AccountId, Epoch, Instant, RoomId, Seq, SessionId};
use crate::wire::{self, Presence};
use crate::ws;
use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;

/// One piece of news.
#[derive(Clone, Debug)]
pub enum News {
    /// Events were stored in a room, in this order.
    Events {
        /// Where.
        room: RoomId,
        /// The history they belong to.
        epoch: Epoch,
        /// Them, each encoded once.
        events: Arc<[Arc<Published>]>,
    },
    /// A frame for every live connection of one account.
    Account {
        /// Whose.
        account: AccountId,
        /// A complete WebSocket frame.
        frame: Bytes,
    },
    /// An account has read so far in a room.
    Read {
        /// Whose.
        account: AccountId,
        /// Where.
        room: RoomId,
        /// The last event read.
        seq: Seq,
        /// The `read` frame, as a complete WebSocket frame.
        frame: Bytes,
    },
    /// Somebody's name, role or status changed.
    Person {
        /// Them, as they stand.
        person: Arc<Person>,
        /// The `person` frame, as a complete WebSocket frame.
        frame: Bytes,
    },
    /// Somebody is typing.
    Typing {
        /// Where.
        room: RoomId,
        /// Who.
        who: AccountId,
        /// In which thread.
        thread: Option<Seq>,
    },
    /// Somebody has published something about themselves by XMPP, which others may want to know (XEP-0163).
    Profile {
        /// Who.
        account: AccountId,
        /// In which node.
        node: Arc<str>,
    },
    /// A client has got a message and says so (XEP-0184), to those of its author's that want to know.
    Received {
        /// Who has got it.
        by: AccountId,
        /// Whose message it is.
        author: AccountId,
        /// What its author called it.
        id: Arc<str>,
    },
    /// What the accounts connected to one shard are doing, where it changed.
    Presence {
        /// Which shard says so.
        shard: u32,
        /// Who does what there.
        changes: Arc<[(AccountId, Presence)]>,
    },
    /// A session goes on elsewhere: the connection of this epoch is a ghost.
    Fence {
        /// The ghost's account.
        account: AccountId,
        /// The ghost's epoch.
        epoch: u32,
    },
    /// A sign-in was ended: its connections close.
    EndSession {
        /// Whose.
        account: AccountId,
        /// Which.
        session: SessionId,
    },
    /// All connections of an account close.
    EndAccount {
        /// Whose.
        account: AccountId,
        /// Why.
        code: Code,
    },
}

impl News {
    /// About how many bytes it keeps alive, for the bound of the inboxes.
    pub fn cost_bytes(&self) -> usize {
        const EACH: usize = 128;
        match self {
            Self::Events { events, .. } => {
                EACH + events.iter().map(|e| 2 * e.frame.len() + EACH).sum::<usize>()
            }
            Self::Account { frame, .. } | Self::Read { frame, .. } | Self::Person { frame, .. } => {
                EACH + frame.len()
            }
            Self::Presence { changes, .. } => EACH + changes.len() * 16,
            Self::Received { id: text, .. } | Self::Profile { node: text, .. } => EACH + text.len(),
            Self::Typing { .. }
            | Self::Fence { .. }
            | Self::EndSession { .. }
            | Self::EndAccount { .. } => EACH,
        }
    }
}

/// An event with its encodings, shared by all that carry it.
#[derive(Debug)]
pub struct Published {
    /// The event.
    pub event: Event,
    /// When the draft that it was made of came to this node, if one did.
    pub arrived: Option<Instant>,
    frame: Bytes,
    body: Range<usize>,
}

impl Published {
    /// Encodes an event of `room`.
    pub fn new(room: RoomId, event: Event) -> Self {
        let json = wire::encode_event(&event);
        let frame = ws::encode::text(&wire::event(room, &json));
        // The event is the last field of its frame: one closing brace follows it.
        let end = frame.len() - 1;
        Self { event, arrived: None, frame, body: end - json.len()..end }
    }

    /// The `event` frame, as a complete WebSocket frame.
    pub fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The encoded event alone, in the same allocation.
    pub fn body(&self) -> Bytes {
        self.frame.slice(self.body.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Message, What};
    use crate::id::Millis;

    #[test]
    fn the_body_of_a_published_event_is_its_encoding() {
        let message = Message { text: "}\u{1f600}\"".into(), ..Message::default() };
        let event = Event {
            seq: Seq(7),
            at: Millis(5),
            from: AccountId(3),
            nonce: None,
            what: What::Message(Box::new(message)),
        };
        let published = Published::new(RoomId(9), event.clone());
        assert_eq!(published.body(), wire::encode_event(&event));
        assert!(published.frame().ends_with(b"}}"));
    }
}
