//! Rooms whose events the shell wants to hear itself, for protocols that render them in their own way:
//! each event once, in the order of the log, without holes, whether or not the room is in memory.

use super::{Hub, Output, Published};
use crate::event::Event;
use crate::id::{Instant, RoomId, Seq};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events of one room that may wait for the one before them; beyond, the store is asked.
const EARLY_MAX: usize = 256;
/// How long it is remembered up to where a room's news came that nobody listened to, in milliseconds:
/// longer than anybody takes from reading a room to listening to it.
const RECENT_MS: u64 = 30_000;

/// The rooms that are listened to.
#[derive(Default)]
pub(super) struct Listening {
    rooms: BTreeMap<RoomId, Heard>,
    /// Up to where news came of any room, lately and before that.
    recent: [BTreeMap<RoomId, Seq>; 2],
    turned: Instant,
    /// Rooms in which an event waits for the one before it, and until when.
    waiting: BTreeMap<RoomId, Instant>,
}

/// How far one room has been heard.
struct Heard {
    up_to: Seq,
    early: BTreeMap<Seq, Arc<Published>>,
    /// The store has been asked for what is missing.
    asking: bool,
}

impl Listening {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.values().copied().min()
    }
}

impl Hub {
    /// Hears a room from after `seq` on.
    pub(super) fn listen(&mut self, id: RoomId, seq: Seq) {
        let heard = Heard { up_to: seq, early: BTreeMap::new(), asking: false };
        self.listening.rooms.entry(id).or_insert(heard);
        let newest = self.listening.recent.iter().filter_map(|recent| recent.get(&id)).max();
        if newest.is_some_and(|newest| *newest > seq) {
            self.ask_since(id);
        }
    }

    pub(super) fn unlisten(&mut self, id: RoomId) {
        self.listening.rooms.remove(&id);
        self.listening.waiting.remove(&id);
    }

    /// Up to where news of a room came, for whoever reads the room at this moment to listen to it.
    fn note_recent(&mut self, now: Instant, id: RoomId, seq: Seq) {
        let listening = &mut self.listening;
        if now.ms_since(listening.turned) >= RECENT_MS {
            listening.turned = now;
            listening.recent.swap(0, 1);
            listening.recent[0].clear();
        }
        let newest = listening.recent[0].entry(id).or_default();
        *newest = (*newest).max(seq);
    }

    /// News of a room.
    pub(super) fn hear(&mut self, now: Instant, id: RoomId, events: &[Arc<Published>]) {
        if let Some(last) = events.last() {
            self.note_recent(now, id, last.event.seq);
        }
        let Some(heard) = self.listening.rooms.get_mut(&id) else { return };
        for published in events {
            if published.event.seq > heard.up_to {
                heard.early.insert(published.event.seq, Arc::clone(published));
            }
        }
        let full = heard.early.len() > EARLY_MAX;
        if full {
            heard.early.clear();
        }
        self.hear_early(now, id);
        if full {
            self.ask_since(id);
        }
    }

    fn hear_early(&mut self, now: Instant, id: RoomId) {
        let Some(heard) = self.listening.rooms.get_mut(&id) else { return };
        while let Some(entry) = heard.early.first_entry() {
            if *entry.key() > heard.up_to.next() {
                break;
            }
            let published = entry.remove();
            if published.event.seq > heard.up_to {
                heard.up_to = published.event.seq;
                self.outputs.push_back(Output::Heard(id, published));
            }
        }
        if heard.early.is_empty() || heard.asking {
            self.listening.waiting.remove(&id);
        } else {
            self.listening.waiting.entry(id).or_insert(now.plus_ms(self.limits.reorder_ms));
        }
    }

    /// The answer to [`Output::Since`]; asked again until there is nothing more.
    pub(super) fn since(&mut self, now: Instant, id: RoomId, events: Vec<Event>) {
        let Some(heard) = self.listening.rooms.get_mut(&id) else { return };
        heard.asking = false;
        let more = !events.is_empty();
        for event in events {
            let published = Arc::new(Published::new(id, event));
            heard.early.insert(published.event.seq, published);
        }
        self.hear_early(now, id);
        if more {
            self.ask_since(id);
        }
    }

    /// News was lost: every room may have gone on.
    pub(super) fn listen_for_holes(&mut self) {
        let rooms: Vec<RoomId> = self.listening.rooms.keys().copied().collect();
        rooms.into_iter().for_each(|id| self.ask_since(id));
    }

    /// Asks for what has been waited for long enough.
    pub(super) fn listen_on(&mut self, now: Instant) {
        let late = self.listening.waiting.extract_if(.., |_, until| *until <= now);
        let late: Vec<RoomId> = late.map(|(id, _)| id).collect();
        late.into_iter().for_each(|id| self.ask_since(id));
    }

    fn ask_since(&mut self, id: RoomId) {
        if let Some(heard) = self.listening.rooms.get_mut(&id)
            && !heard.asking
        {
            heard.asking = true;
            self.outputs.push_back(Output::Since(id, heard.up_to));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Input, Limits, News};
    use super::*;
    use crate::event::What;
    use crate::id::{AccountId, Epoch, Millis};

    const NOW: Instant = Instant(1_000_000);
    const ROOM: RoomId = RoomId(7);

    fn event(seq: u64) -> Event {
        let what = What::Message(Box::default());
        Event { seq: Seq(seq), at: Millis(1), from: AccountId(1), nonce: None, what }
    }

    fn news(seqs: impl IntoIterator<Item = u64>) -> Input {
        let events = seqs.into_iter().map(|seq| Arc::new(Published::new(ROOM, event(seq))));
        Input::News(News::Events { room: ROOM, epoch: Epoch(1), events: events.collect() })
    }

    fn give(hub: &mut Hub, now: Instant, input: Input) -> Vec<String> {
        hub.handle(now, input);
        let words = |output| match output {
            Output::Heard(_, published) => published.event.seq.to_string(),
            Output::Since(_, seq) => format!("since {seq}"),
            other @ (Output::Load(_)
            | Output::CatchUp(..)
            | Output::ReadSnapshot(_)
            | Output::Send(..)
            | Output::FanOut(..)
            | Output::InSync(_)
            | Output::Refuse(..)
            | Output::Close(..)
            | Output::Publish(_)) => panic!("{other:?}"),
        };
        std::iter::from_fn(|| hub.next_output()).map(words).collect()
    }

    fn hub() -> Hub {
        let mut hub = Hub::new(0, Limits::default(), NOW);
        assert!(give(&mut hub, NOW, Input::Listen(ROOM, Seq(10))).is_empty());
        hub
    }

    #[test]
    fn a_room_is_heard_in_order_and_each_event_once() {
        let mut hub = hub();
        assert_eq!(give(&mut hub, NOW, news([9, 10, 11])), ["11"]);
        assert!(give(&mut hub, NOW, news([13])).is_empty(), "the one before it is missing");
        assert_eq!(give(&mut hub, NOW, news([12])), ["12", "13"]);
        assert!(give(&mut hub, NOW, news([12, 13])).is_empty());
        assert!(give(&mut hub, NOW.plus_ms(60), Input::Tick).is_empty());
    }

    #[test]
    fn what_does_not_come_is_asked_for_until_there_is_nothing_more() {
        let mut hub = hub();
        give(&mut hub, NOW, news([13]));
        assert!(hub.deadline() <= NOW.plus_ms(50));
        assert_eq!(give(&mut hub, NOW.plus_ms(50), Input::Tick), ["since 10"]);
        assert!(give(&mut hub, NOW, news([14])).is_empty());
        let out = give(&mut hub, NOW, Input::Since(ROOM, vec![event(11), event(12)]));
        assert_eq!(out, ["11", "12", "13", "14", "since 14"]);
        assert!(give(&mut hub, NOW, Input::Since(ROOM, vec![])).is_empty());
    }

    #[test]
    fn lost_news_is_asked_for() {
        let mut hub = hub();
        assert_eq!(give(&mut hub, NOW, Input::Lost), ["since 10"]);
        assert!(give(&mut hub, NOW, Input::Lost).is_empty(), "it is asked for already");
    }

    #[test]
    fn what_came_between_reading_a_room_and_listening_to_it_is_asked_for() {
        let mut hub = Hub::new(0, Limits::default(), NOW);
        give(&mut hub, NOW, news([11]));
        assert!(give(&mut hub, NOW, Input::Listen(ROOM, Seq(11))).is_empty());
        hub.handle(NOW, Input::Unlisten(ROOM));
        assert_eq!(give(&mut hub, NOW, Input::Listen(ROOM, Seq(10))), ["since 10"]);
        hub.handle(NOW, Input::Unlisten(ROOM));
        assert!(give(&mut hub, NOW, Input::Since(ROOM, vec![event(11)])).is_empty());
        assert!(give(&mut hub, NOW, news([12])).is_empty(), "nobody listens");
    }
}
