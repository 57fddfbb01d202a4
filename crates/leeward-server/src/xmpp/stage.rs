//! What the station of a shard wants done: the one place where its outputs are matched.

use super::directory::Around;
use crate::conn::{Conn, Given};
use crate::shard::Shard;
use bytes::Bytes;
use leeward_core::hub::{self, News};
use leeward_core::id::{Instant, RoomId, Seq};
use leeward_xmpp::stanza::Rest;
use leeward_xmpp::station::{Input, Output, Station};
use leeward_xmpp::stream::{self, enabled};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// The answer to who asks to have a stream managed that is one of requests.
static NOT_OVER_BOSH: Bytes = Bytes::from_static(
    b"<failed xmlns='urn:xmpp:sm:3'><feature-not-implemented \
      xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
);

/// The station of a shard, and who waits to sign in.
pub(crate) struct Stage {
    pub(crate) station: RefCell<Station>,
    pub(crate) hall: Hall,
}

/// Those who have said which server they want and may not sign in yet.
#[derive(Default)]
pub(crate) struct Hall {
    /// How many sign in.
    pub(crate) signing_in: Cell<usize>,
    /// Who waits, in the order in which they came.
    pub(crate) line: RefCell<VecDeque<u32>>,
}

impl Stage {
    pub(crate) fn new(node: &crate::node::Node) -> Self {
        let station = Station::new(std::sync::Arc::clone(&node.xmpp.domain));
        Self { station: RefCell::new(station), hall: Hall::default() }
    }

    /// When to tell the station that time has passed.
    pub(crate) fn deadline(&self) -> Instant {
        self.station.borrow().deadline().unwrap_or(Instant(u64::MAX))
    }

    /// Whether news is of any use to the station.
    pub(crate) fn wants(&self, news: &News) -> bool {
        match news {
            News::Account { .. }
            | News::Read { .. }
            | News::Person { .. }
            | News::Typing { .. }
            | News::Received { .. }
            | News::Profile { .. }
            | News::Presence { .. } => !self.station.borrow().is_empty(),
            News::Events { .. }
            | News::Fence { .. }
            | News::EndSession { .. }
            | News::EndAccount { .. } => false,
        }
    }
}

impl Shard {
    /// Tells the station what happened and does what it wants done.
    pub(crate) fn tell_station(self: &Rc<Self>, input: Input) {
        let now = self.now();
        let around = Around { node: &self.node, hub: &self.hub };
        self.stage.station.borrow_mut().handle(now, &around, input);
        self.together(|| self.do_for_station());
        self.stirred.notify_one();
    }

    /// Tells the station what of the news it has to know.
    pub(crate) fn station_news(self: &Rc<Self>, news: &News) {
        let input = match news {
            News::Presence { changes, .. } => Input::Presence(std::sync::Arc::clone(changes)),
            News::Typing { room, who, .. } => Input::Typing(*room, *who),
            News::Profile { account, node } => {
                Input::Profile(*account, std::sync::Arc::clone(node))
            }
            News::Received { by, author, id } => {
                Input::Received(*by, *author, std::sync::Arc::clone(id))
            }
            News::Person { person, .. } => Input::Person(person.id),
            News::Read { account, room, seq, .. } => Input::Read(*account, *room, *seq),
            News::Account { account, .. } => Input::List(*account),
            // Those come by way of the hub.
            News::Events { .. }
            | News::Fence { .. }
            | News::EndSession { .. }
            | News::EndAccount { .. } => return,
        };
        self.tell_station(input);
    }

    fn do_for_station(self: &Rc<Self>) {
        loop {
            let Some(output) = self.stage.station.borrow_mut().next_output() else { return };
            match output {
                Output::Send(id, rest, _) => self.give_stanza(id, &rest),
                Output::FanOut(conns, rest, _) => self.fan_out_stanza(&conns, &rest),
                Output::Raw(id, bytes) => {
                    if let Some(conn) = self.conn(id) {
                        self.write_line(&conn, &bytes);
                    }
                }
                Output::Ask(ask, question) => self.answer(ask, question),
                Output::Listen(room, seq) => self.tell_hub(hub::Input::Listen(room, seq)),
                Output::Unlisten(room) => self.tell_hub(hub::Input::Unlisten(room)),
                Output::Typing(id, room) => self.tell_hub(hub::Input::Typing(id, room, None)),
                Output::Profile(account, node) => {
                    self.node.bus.publish(&News::Profile { account, node });
                }
                Output::Received { by, author, id } => {
                    self.node.bus.publish(&News::Received { by, author, id });
                }
                Output::Presence(id, presence) => {
                    self.tell_hub(hub::Input::Presence(id, presence));
                }
                Output::Enable(id, element) => self.enable(id, &element),
                Output::Sleep(asleep) => {
                    let now = self.now();
                    self.node.xmpp.sleepers.lie_down(asleep, now);
                }
                Output::Kept(id, asleep) => self.keep_aside(id, &asleep),
                Output::Close(id, condition) => {
                    if let Some(conn) = self.conn(id) {
                        self.leave_xmpp(&conn, true);
                        self.stream(&conn, stream::Input::End(condition));
                    }
                }
            }
        }
    }

    fn give_stanza(&self, id: u32, rest: &Rest) {
        let Some(conn) = self.conn(id) else { return };
        let before = {
            let station = self.stage.station.borrow();
            station.client(id).map(|client| client.before(rest.kind))
        };
        if let Some(before) = before {
            self.write_parts(&conn, [&before, &rest.bytes]);
        }
    }

    /// One stanza to everybody in a room: two slices each, one of them shared.
    fn fan_out_stanza(&self, conns: &[u32], rest: &Rest) {
        self.node.metrics.delivered(conns.len(), rest.bytes.len());
        for &id in conns {
            self.give_stanza(id, rest);
        }
    }

    /// Turns stream management on for a client.
    fn enable(self: &Rc<Self>, id: u32, element: &leeward_xmpp::xml::Element) {
        let Some(conn) = self.conn(id) else { return };
        if conn.is_bosh() {
            // Its session is what can be gone on with.
            return self.write_line(&conn, &NOT_OVER_BOSH);
        }
        let again = matches!(element.attribute("resume"), Some("true" | "1"));
        let sm = self.enable_sm(&conn, again);
        // Said before anything is counted.
        let said = enabled(sm.as_deref()).to_document();
        self.write_line(&conn, &said.into());
        self.tell_station(Input::Enabled(id, sm));
    }

    /// Gives a connection parts of one frame.
    pub(super) fn give_parts<const N: usize>(&self, conn: &Rc<Conn>, parts: [&Bytes; N]) {
        let now = self.now();
        let bytes_max = self.node.config.bounds.queue_bytes_max;
        match conn.give_parts(now, parts, self.gathers(), bytes_max) {
            Given::Done => {}
            Given::Dirty => self.is_dirty(conn.id),
            // It pays for itself: what it has not read it is sent when it comes back.
            Given::Slow => {
                self.node.metrics.refused(leeward_core::code::Code::Slow);
                self.cut.borrow_mut().push(conn.id);
                self.stirred.notify_one();
            }
        }
    }

    /// Cuts those off that have been found too slow.
    pub(crate) fn cut_slow(self: &Rc<Self>) {
        let slow = std::mem::take(&mut *self.cut.borrow_mut());
        for conn in slow.into_iter().filter_map(|id| self.conn(id)) {
            self.cut_off(&conn);
        }
    }

    /// Events of a room that the station listens to.
    pub(crate) fn heard(self: &Rc<Self>, room: RoomId, published: std::sync::Arc<hub::Published>) {
        self.tell_station(Input::Heard(room, published));
    }

    /// Reads what came after, of a room that the station listens to.
    pub(crate) fn read_since(self: &Rc<Self>, room: RoomId, seq: Seq) {
        let shard = Rc::clone(self);
        self.tasks.spawn_local(async move {
            let events = shard.events_after(room, seq).await;
            shard.together(|| shard.tell_hub(hub::Input::Since(room, events)));
        });
    }
}
