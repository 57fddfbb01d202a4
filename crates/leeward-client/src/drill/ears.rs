//! What one client of a drill hears, and the counts that all clients of a worker share. Never speaks.

use super::ledger::{Acknowledged, Log, name};
use super::named::Named;
use super::order::{Breakage, Kind, Part, Seen};
use super::species::Species;
use crate::client::now;
use crate::xmpp::numbers::{Amiss, Numbers, Said};
use crate::{Heard, Listener};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{Instant, Nonce, RoomId, Seq};
use leeward_core::reconnect::Bar;
use leeward_core::wire::ServerFrame;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::OwnedSemaphorePermit;

/// What stands before the time in a survivor's message.
pub(super) const MARK: &str = "drill ";
/// The digits of the time: microseconds since 1970 need 16.
pub(super) const TIME_DIGITS: usize = 16;
/// A promise that is broken on purpose is broken once in so many events.
const BREAK_EVERY: u64 = 50;

/// What is counted, by all the people of a worker.
#[derive(Default)]
pub(super) struct Scene {
    pub(super) seen: RefCell<Seen>,
    present: Cell<usize>,
    pub(super) unanswered: Cell<usize>,
    /// Since when.
    pub(super) mark: Cell<Instant>,
    pub(super) breakage: Cell<Option<Breakage>>,
    heard: Cell<u64>,
    /// What was said by XMPP, and what went wrong with it.
    pub(super) said: RefCell<Said>,
    amiss: Cell<Amiss>,
    /// Every post acknowledged.
    pub(super) posts: RefCell<Vec<Acknowledged>>,
    /// The logs of those who have left.
    pub(super) logs: RefCell<Vec<Log>>,
}

impl Scene {
    /// What was counted, without logs.
    pub(super) fn look(&self) -> Seen {
        let mut seen = self.seen.borrow().clone();
        seen.present = self.present.get();
        seen.present_max = seen.present_max.max(seen.present);
        seen.unanswered = self.unanswered.get();
        seen.heard = self.heard.get();
        seen.amiss = self.amiss.get();
        seen.at_us = now().0.saturating_sub(self.mark.get().0);
        seen
    }

    /// Forgets, and counts time from here.
    pub(super) fn mark(&self) {
        self.mark.set(now());
        *self.seen.borrow_mut() = Seen::default();
    }

    /// Everybody has left.
    pub(super) fn empty(&self) {
        self.present.set(0);
        self.unanswered.set(0);
    }

    fn comes(&self) {
        self.present.set(self.present.get() + 1);
        let mut seen = self.seen.borrow_mut();
        seen.present_max = seen.present_max.max(self.present.get());
    }

    fn goes(&self) {
        self.present.set(self.present.get() - 1);
    }
}

/// How a client came to be away.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Away {
    /// It comes for the first time, or its own fault.
    #[default]
    Plain,
    /// It has to sign in.
    SignIn,
    /// With a build that is no longer served.
    Stale,
}

/// One client's hearing.
pub(super) struct Ears {
    pub(super) scene: Rc<Scene>,
    pub(super) species: Species,
    pub(super) part: Part,
    pub(super) present: bool,
    pub(super) away: Away,
    /// Its attempts since it was last in, and when the first was.
    knocks: u32,
    first_knock: Option<Instant>,
    told_stale: bool,
    /// The page is to be loaded again.
    pub(super) reload: bool,
    /// It has just been let in and wants its room.
    pub(super) wants_room: bool,
    pub(super) permit: Option<OwnedSemaphorePermit>,
    pub(super) logs: Vec<Log>,
    /// The rooms of which logs are kept by what XMPP says.
    pub(super) named: Vec<Named>,
    /// The same where the server speaks XMPP; and how often one has spoken, in the room and in the club.
    pub(super) numbers: Numbers,
    spoken: [u64; 2],
    /// An event held back, to be heard after the next; only to break a promise.
    held: Option<(RoomId, Seq, u64)>,
}

impl Ears {
    pub(super) fn new(scene: Rc<Scene>, species: Species, part: Part) -> Self {
        Self {
            scene,
            species,
            part,
            present: false,
            away: Away::Plain,
            knocks: 0,
            first_knock: None,
            told_stale: false,
            reload: false,
            wants_room: false,
            permit: None,
            logs: Vec::new(),
            named: Vec::new(),
            numbers: Numbers::default(),
            spoken: [0; 2],
            held: None,
        }
    }

    /// The connection is gone. `asked`: because the drill wanted it.
    pub(super) fn gone(&mut self, asked: bool) {
        if !std::mem::take(&mut self.present) {
            return;
        }
        self.scene.goes();
        (self.knocks, self.first_knock, self.told_stale) = (0, None, false);
        let mut seen = self.scene.seen.borrow_mut();
        seen.kinds.entry(self.species).or_default().lost += 1;
        if !asked {
            seen.unasked += 1;
            if matches!(self.part, Part::Survivor | Part::Bystander) {
                seen.unasked_stay += 1;
            }
        }
    }

    /// It leaves for good, and its account is closed.
    pub(super) fn leaves(&mut self) {
        if !self.present {
            self.numbers.begin_anew();
        }
        self.gone(true);
        let mut amiss = self.scene.amiss.get();
        amiss.merge(&std::mem::take(&mut self.numbers).close(&self.scene.said.borrow()));
        self.scene.amiss.set(amiss);
    }

    /// The number of the next message in the room or in the club.
    pub(super) fn number(&mut self, is_club: bool) -> u64 {
        let spoken = &mut self.spoken[usize::from(is_club)];
        *spoken += 1;
        *spoken
    }

    /// It has begun to connect.
    pub(super) fn knocks(&mut self) {
        self.knocks += 1;
        self.first_knock.get_or_insert(now());
        self.scene.seen.borrow_mut().kinds.entry(self.species).or_default().knocks += 1;
    }

    /// A message came that was said at this time.
    pub(super) fn delivered(&self, said_us: u64) {
        self.scene.seen.borrow_mut().delivered.add(wall_us().saturating_sub(said_us));
    }

    /// How the drill wants it to come back.
    pub(super) fn goes_away(&mut self, away: Away) {
        self.away = away;
        let mut seen = self.scene.seen.borrow_mut();
        match away {
            Away::Plain => {}
            Away::SignIn => {
                seen.sign_ins.lost += 1;
                seen.sign_ins_xmpp.lost += u64::from(self.species.speaks_xmpp());
            }
            Away::Stale => seen.stale.lost += 1,
        }
    }

    pub(super) fn in_at_last(&mut self) {
        if std::mem::replace(&mut self.present, true) {
            return;
        }
        self.scene.comes();
        let at = now();
        let mut seen = self.scene.seen.borrow_mut();
        let since_us = at.0.saturating_sub(self.scene.mark.get().0);
        let waited_us = at.0 - self.first_knock.unwrap_or(at).0;
        seen.first_in_us.get_or_insert(since_us);
        let count = |kind: &mut Kind| {
            kind.came.add(since_us);
            kind.waited.add(waited_us);
            kind.knocks_each.add(self.knocks.into());
        };
        count(seen.kinds.entry(self.species).or_default());
        match self.away {
            Away::Plain => {}
            Away::SignIn => {
                count(&mut seen.sign_ins);
                if self.species.speaks_xmpp() {
                    count(&mut seen.sign_ins_xmpp);
                }
            }
            Away::Stale => count(&mut seen.stale),
        }
        drop(seen);
        self.away = Away::Plain;
        self.permit = None;
    }

    fn on_refusal(&mut self, refusal: &Refusal) {
        let mut seen = self.scene.seen.borrow_mut();
        *seen.refusals.entry(refusal.code.as_str().to_owned()).or_default() += 1;
        if refusal.code == Code::Gate {
            *seen.messages.entry(refusal.message.clone()).or_default() += 1;
        }
        drop(seen);
        if refusal.code == Code::StaleBuild {
            self.on_stale();
        }
    }

    fn on_stale(&mut self) {
        if self.away == Away::Stale && !std::mem::replace(&mut self.told_stale, true) {
            self.scene.seen.borrow_mut().told_stale += 1;
        }
    }

    fn on_frame(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Welcome { .. } => {
                // Who comes with a build that is not the one served reads it here.
                self.on_stale();
                self.wants_room = self.species.forgets();
            }
            ServerFrame::CaughtUp { .. } => self.in_at_last(),
            ServerFrame::Gap { room, head } => {
                if let Some(log) = self.logs.iter_mut().find(|log| log.room() == *room) {
                    log.skip(head.seq);
                }
            }
            ServerFrame::Refuse { refusal, .. } | ServerFrame::Goodbye { refusal, .. } => {
                self.on_refusal(refusal);
            }
            ServerFrame::Parked { message, .. } => {
                let mut seen = self.scene.seen.borrow_mut();
                seen.parked += 1;
                if let Some(message) = message {
                    *seen.messages.entry(message.clone()).or_default() += 1;
                }
            }
            ServerFrame::Account(_)
            | ServerFrame::AccountRoom { .. }
            | ServerFrame::AccountRoomGone { .. }
            | ServerFrame::Read { .. }
            | ServerFrame::Delta { .. }
            | ServerFrame::Event { .. }
            | ServerFrame::Snapshot(_)
            | ServerFrame::Posted { .. }
            | ServerFrame::Refused { .. }
            | ServerFrame::Presence { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Person { .. }
            | ServerFrame::Shed { .. }
            | ServerFrame::Pong { .. } => {}
        }
    }

    fn on_posted(&mut self, nonce: &Nonce, room: RoomId, seq: Seq) {
        self.answered();
        self.acknowledged(room, seq, name(nonce.as_str()));
    }

    /// The server has a post of its own, at this place.
    pub(super) fn acknowledged(&self, room: RoomId, seq: Seq, name: u64) {
        self.scene.posts.borrow_mut().push(Acknowledged { room, seq, name });
    }

    pub(super) fn answered(&self) {
        self.scene.unanswered.set(self.scene.unanswered.get().saturating_sub(1));
    }

    /// An event is heard, in this room at this place.
    pub(super) fn account(&mut self, room: RoomId, seq: Seq, name: u64) {
        // The last is the one that is being kept.
        let kept = self.logs.iter_mut().rev().find(|log| log.room() == room);
        let Some(log) = kept else { return };
        self.scene.heard.set(self.scene.heard.get() + 1);
        let breaks = self.scene.heard.get().is_multiple_of(BREAK_EVERY);
        match self.scene.breakage.get().filter(|_| breaks) {
            Some(Breakage::Lost) => return,
            Some(Breakage::Reordered) if self.held.is_none() => {
                self.held = Some((room, seq, name));
                return;
            }
            Some(Breakage::Duplicated) => log.hear(seq, name),
            Some(Breakage::Reordered) | None => {}
        }
        log.hear(seq, name);
        if let Some((_, seq, name)) = self.held.take_if(|(held, _, _)| *held == room) {
            log.hear(seq, name);
        }
    }
}

/// The wall clock in microseconds, the same in all processes of a machine.
pub(super) fn wall_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// The nonce in an event as the server writes it; an empty one where there is none.
fn nonce_in(json: &str) -> &str {
    const KEY: &str = "\"nonce\":\"";
    let after = json.find(KEY).map(|at| &json[at + KEY.len()..]);
    after.and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

impl Listener for Ears {
    fn event(&mut self, room: RoomId, seq: Seq, json: &str) {
        self.account(room, seq, name(nonce_in(json)));
        if self.part != Part::Survivor {
            return;
        }
        let Some(said) = json.find(MARK).and_then(|at| json.get(at + MARK.len()..)) else { return };
        let Some(Ok(said_us)) = said.get(..TIME_DIGITS).map(str::parse::<u64>) else { return };
        self.delivered(said_us);
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Posted { nonce, room, seq, .. } => self.on_posted(&nonce, room, seq),
            Heard::Refused { nonce, refusal } => {
                if nonce.is_some() {
                    self.answered();
                }
                self.on_refusal(&refusal);
            }
            Heard::Frame(frame) => self.on_frame(&frame),
            Heard::Bar(Bar::Reload { .. }) => self.reload = true,
            Heard::Bar(_) | Heard::Event { .. } => {}
        }
    }

    fn knocking(&mut self) {
        self.knocks();
    }

    fn frame(&mut self, bytes: usize) {
        if !self.present {
            self.scene.seen.borrow_mut().bytes_in += bytes as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_read_where_the_server_writes_it() {
        let json = r#"{"seq":3,"at":1,"from":2,"nonce":"abc","kind":"message","text":"x"}"#;
        assert_eq!(nonce_in(json), "abc");
        let quoting = r#"{"seq":3,"at":1,"from":2,"kind":"message","text":"\"nonce\":\"abc\""}"#;
        assert_eq!(nonce_in(quoting), "");
    }
}
