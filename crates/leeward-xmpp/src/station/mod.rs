//! The XMPP clients of one shard, and the rooms as they see them.
//!
//! A machine like the others of the core: what happened goes in, what is to be done comes out, and
//! whoever drives it has the sockets, the store and the clock. Stanzas of one client that change
//! something are done in their order; what only asks, and above all pings and acks, waits for nothing.
//! Never relays a stanza: what a client says becomes a draft, a question or nothing.

mod asleep;
mod client;
mod kept;
mod sm;
#[cfg(test)]
pub(crate) mod tests;
mod words;

pub use asleep::Asleep;
pub use client::Client;
pub use sm::{Mark, Sm};
pub use words::*;

use crate::jid::Jid;
use crate::stanza::{Condition, Kind, Rest, error};
use crate::xml::Element;
use crate::{features, muc};
use leeward_core::id::{AccountId, Instant, RoomId, Seq};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Elements of one client that may wait for those before them.
const WAITING_MAX: usize = 256;

/// What a station knows while it deals with one input.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The moment.
    pub now: Instant,
    /// Who is who.
    pub names: &'a dyn Directory,
}

/// What is done with an answer.
type Then = Box<dyn FnOnce(&mut Station, Around<'_>, Answer)>;

struct Asked {
    /// For whom, if it is of no use without them: the connection and which of its clients.
    client: Option<(Conn, u64)>,
    /// Later elements of the client wait for it.
    in_order: bool,
    then: Then,
}

/// The XMPP clients of one shard.
pub struct Station {
    /// What is decided for the whole server.
    pub domain: Arc<Domain>,
    clients: Vec<Option<Box<Client>>>,
    by_account: BTreeSet<(AccountId, Conn)>,
    asked: BTreeMap<Ask, Asked>,
    asks: Ask,
    generations: u64,
    outputs: VecDeque<Output>,
    /// What is known of accounts that are here, or were until lately.
    pub(crate) accounts: features::Accounts,
    /// The rooms that somebody is in.
    pub(crate) rooms: muc::Rooms,
    /// What others publish that clients want to know.
    pub(crate) notices: features::Notices,
    /// Who types in direct rooms, and until when it is believed.
    pub(crate) typing: BTreeMap<(RoomId, AccountId), Instant>,
}

impl Station {
    /// A station without clients.
    pub fn new(domain: Arc<Domain>) -> Self {
        Self {
            domain,
            clients: Vec::new(),
            by_account: BTreeSet::new(),
            asked: BTreeMap::new(),
            asks: 0,
            generations: 0,
            outputs: VecDeque::new(),
            accounts: features::Accounts::default(),
            rooms: muc::Rooms::default(),
            notices: features::Notices::default(),
            typing: BTreeMap::new(),
        }
    }

    /// Takes in what happened. Total: nothing that a client can send makes it panic.
    pub fn handle(&mut self, now: Instant, names: &dyn Directory, input: Input) {
        let around = Around { now, names };
        match input {
            Input::Bound(conn, bound) => self.bound(around, conn, *bound),
            Input::Woken(conn, framing, asleep, h) => self.woken(around, conn, framing, *asleep, h),
            Input::Element(conn, element) => self.element(around, conn, element),
            Input::Enabled(conn, id) => {
                if let Some(client) = self.client_mut(conn) {
                    client.enable(id);
                }
            }
            Input::Gone { conn, closed } => self.gone(around, conn, closed),
            Input::Keep(conn) => self.keep(around, conn),
            Input::Answered(ask, answer) => self.answered(around, ask, answer),
            Input::Heard(room, published) => {
                if !features::heard(self, around, room, &published.event) {
                    muc::heard(self, around, room, &published.event);
                }
            }
            Input::Presence(changes) => {
                muc::presence_changed(self, around, &changes);
                features::presence_changed(self, around, &changes);
            }
            Input::Typing(room, who) => {
                if !features::typing(self, around, room, who) {
                    muc::typing(self, around, room, who);
                }
            }
            Input::Received(by, author, id) => features::received(self, around, (by, author), &id),
            Input::Profile(account, node) => {
                features::profile_changed(self, around, account, &node)
            }
            Input::Person(account) => features::person_changed(self, around, account),
            Input::Read(account, room, seq) => features::read(self, around, account, room, seq),
            Input::List(account) => features::list_changed(self, around, account),
            Input::Probe(conn) => sm::probe(self, conn),
            Input::Tick => {
                muc::tick(self, around);
                features::tick(self, around);
            }
        }
    }

    /// What is to be done next. To be drained after each [`Station::handle`], in order.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle(now, Input::Tick)` at the latest, if ever.
    pub fn deadline(&self) -> Option<Instant> {
        let due = [muc::deadline(self), features::deadline(self)];
        due.into_iter().flatten().min()
    }

    /// Whether nobody is here, nor was until lately.
    pub fn is_empty(&self) -> bool {
        self.by_account.is_empty() && self.deadline().is_none()
    }

    /// Whether a client of an account here has this resource.
    pub fn has_resource(&self, account: AccountId, resource: &str) -> bool {
        let is = |conn: &Conn| {
            self.client(*conn).is_some_and(|c| c.jid().resource.as_deref() == Some(resource))
        };
        self.clients_of(account).iter().any(is)
    }

    /// How many clients of an account are here.
    pub fn resources_of(&self, account: AccountId) -> usize {
        self.by_account.range((account, 0)..=(account, Conn::MAX)).count()
    }

    /// The client of a connection.
    pub fn client(&self, conn: Conn) -> Option<&Client> {
        self.clients.get(conn as usize)?.as_deref()
    }

    pub(crate) fn client_mut(&mut self, conn: Conn) -> Option<&mut Client> {
        self.clients.get_mut(conn as usize)?.as_deref_mut()
    }

    /// The connections of an account on this shard.
    pub(crate) fn clients_of(&self, account: AccountId) -> Vec<Conn> {
        self.by_account.range((account, 0)..=(account, Conn::MAX)).map(|(_, conn)| *conn).collect()
    }

    /// Everybody's connections.
    pub(crate) fn all(&self) -> impl Iterator<Item = Conn> {
        self.by_account.iter().map(|(_, conn)| *conn)
    }

    /// The account that an address of this server names, if there is one.
    pub(crate) fn account_of(&self, around: Around<'_>, jid: &Jid) -> Option<AccountId> {
        if jid.domain != self.domain.name {
            return None;
        }
        around.names.by_name(jid.local.as_deref()?)
    }

    /// Gives a client a stanza of its own.
    pub(crate) fn send(&mut self, conn: Conn, stanza: &Element) {
        self.give(conn, Rest::of(stanza), None);
    }

    /// Gives a client a stanza; `event`: the event that it renders, by which it can be made anew.
    pub(crate) fn give(&mut self, conn: Conn, rest: Rest, event: Option<(RoomId, Seq)>) {
        let mark = Mark::of(&rest, event);
        self.give_as(conn, rest, &mark);
    }

    /// Gives a client a stanza of which something else is remembered than usual.
    pub(crate) fn give_as(&mut self, conn: Conn, rest: Rest, mark: &Mark) {
        let Some(client) = self.client_mut(conn) else { return };
        let wants_ack = client.count(mark);
        self.outputs.push_back(Output::Send(conn, rest, mark.event()));
        if wants_ack {
            self.outputs.push_back(Output::Raw(conn, sm::request()));
        }
    }

    /// Gives many clients the same stanza.
    pub(crate) fn fan_out(&mut self, conns: Vec<Conn>, rest: Rest, event: Option<(RoomId, Seq)>) {
        let mark = Mark::of(&rest, event);
        self.fan_out_as(conns, rest, &mark);
    }

    /// Gives many clients the same stanza of which something else is remembered than usual.
    pub(crate) fn fan_out_as(&mut self, conns: Vec<Conn>, rest: Rest, mark: &Mark) {
        let mut asking = Vec::new();
        for &conn in &conns {
            if self.client_mut(conn).is_some_and(|client| client.count(mark)) {
                asking.push(conn);
            }
        }
        self.outputs.push_back(Output::FanOut(conns, rest, mark.event()));
        self.outputs.extend(asking.into_iter().map(|conn| Output::Raw(conn, sm::request())));
    }

    /// Refuses what a client sent. Errors and results are never answered.
    pub(crate) fn refuse(
        &mut self,
        conn: Conn,
        stanza: &Element,
        condition: Condition,
        text: Option<&str>,
    ) {
        if !matches!(stanza.attribute("type"), Some("error" | "result")) {
            self.send(conn, &error(stanza, condition, text));
        }
    }

    /// Has something else done.
    pub(crate) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    /// Asks something that is wanted whoever is here.
    pub(crate) fn ask(
        &mut self,
        question: Question,
        then: impl FnOnce(&mut Self, Around<'_>, Answer) + 'static,
    ) {
        self.put(None, false, question, Box::new(then));
    }

    /// Asks something for a client; when it has gone, nothing is done with the answer.
    pub(crate) fn ask_for(
        &mut self,
        conn: Conn,
        question: Question,
        then: impl FnOnce(&mut Self, Around<'_>, Answer) + 'static,
    ) {
        self.put(Some(conn), false, question, Box::new(then));
    }

    /// The same; what the client sends that changes something waits until it is answered.
    pub(crate) fn ask_in_order(
        &mut self,
        conn: Conn,
        question: Question,
        then: impl FnOnce(&mut Self, Around<'_>, Answer) + 'static,
    ) {
        self.put(Some(conn), true, question, Box::new(then));
    }

    fn put(&mut self, conn: Option<Conn>, in_order: bool, question: Question, then: Then) {
        let client = match conn {
            None => None,
            Some(conn) => {
                let Some(client) = self.client_mut(conn) else { return };
                client.busy += u32::from(in_order);
                Some((conn, client.generation))
            }
        };
        self.asks += 1;
        self.asked.insert(self.asks, Asked { client, in_order, then });
        self.outputs.push_back(Output::Ask(self.asks, question));
    }

    fn answered(&mut self, around: Around<'_>, ask: Ask, answer: Answer) {
        let Some(Asked { client, in_order, then }) = self.asked.remove(&ask) else { return };
        let Some((conn, generation)) = client else { return then(self, around, answer) };
        if self.client(conn).is_none_or(|client| client.generation != generation) {
            return;
        }
        then(self, around, answer);
        if in_order && let Some(client) = self.client_mut(conn) {
            client.busy = client.busy.saturating_sub(1);
            self.go_on(around, conn);
        }
    }

    /// Does what waited for an answer, up to the next question.
    fn go_on(&mut self, around: Around<'_>, conn: Conn) {
        while let Some(client) = self.client_mut(conn)
            && client.busy == 0
            && let Some((number, element)) = client.waiting.pop_front()
        {
            self.stanza(around, conn, number, element);
        }
    }

    fn element(&mut self, around: Around<'_>, conn: Conn, element: Element) {
        let Some(client) = self.client_mut(conn) else { return };
        let Some(kind) = Kind::of(&element) else {
            return sm::nonza(self, around, conn, &element);
        };
        let number = client.receive();
        let asks = kind == Kind::Iq && element.attribute("type") != Some("set");
        if asks || (client.busy == 0 && client.waiting.is_empty()) {
            return self.stanza(around, conn, number, element);
        }
        if client.waiting.len() >= WAITING_MAX {
            self.done(conn, number);
            let text = Some("too much waits to be done; go on when it is answered");
            return self.refuse(conn, &element, Condition::ResourceConstraint, text);
        }
        client.waiting.push_back((number, element));
    }

    /// Deals with one stanza. Whoever keeps it under way says so by [`Station::keep_open`].
    fn stanza(&mut self, around: Around<'_>, conn: Conn, number: u32, mut stanza: Element) {
        let Some(client) = self.client(conn) else { return };
        let (own, bare) = (client.jid().to_string(), client.jid().bare().to_string());
        if stanza.attribute("from").is_some_and(|from| from != own && from != bare) {
            self.done(conn, number);
            // RFC 6120, 8.1.2.1: whoever speaks for another is not listened to any more.
            return self.output(Output::Close(conn, "invalid-from"));
        }
        stanza.set("from", own);
        let to = match stanza.attribute("to").map(Jid::parse) {
            None => None,
            Some(Ok(to)) => Some(to),
            Some(Err(_)) => {
                self.done(conn, number);
                return self.refuse(conn, &stanza, Condition::JidMalformed, None);
            }
        };
        let may = match Kind::of(&stanza) {
            Some(Kind::Message) => features::may_post(self, around, conn),
            Some(Kind::Iq) => features::may_ask(self, around, conn, &stanza),
            Some(Kind::Presence) | None => Ok(()),
        };
        if let Err(wait_ms) = may {
            self.done(conn, number);
            let words = format!("too many at once; go on in {wait_ms} ms");
            return self.refuse(conn, &stanza, Condition::ResourceConstraint, Some(&words));
        }
        let rooms = format!("rooms.{}", self.domain.name);
        self.until_done((conn, number), |station| match (Kind::of(&stanza), to) {
            (Some(_), Some(to)) if to.domain == rooms => {
                muc::stanza(station, around, (conn, number), &to, &stanza);
            }
            (Some(Kind::Iq), to) => features::iq(station, around, conn, to.as_ref(), &stanza),
            (Some(Kind::Message), to) => {
                if !muc::invited(station, around, (conn, number), to.as_ref(), &stanza) {
                    features::message(station, around, (conn, number), to.as_ref(), &stanza);
                }
            }
            (Some(Kind::Presence), to) => {
                features::presence(station, around, conn, to.as_ref(), &stanza);
            }
            (None, _) => {}
        });
    }

    /// Does something with a stanza, which is done with afterwards unless it is kept under way.
    pub(crate) fn until_done(&mut self, (conn, number): (Conn, u32), act: impl FnOnce(&mut Self)) {
        let before = self.client(conn).map_or(0, |client| client.kept);
        act(self);
        if self.client(conn).is_none_or(|client| client.kept == before) {
            self.done(conn, number);
        }
    }

    /// A stanza is not done with: whoever calls this calls [`Station::done`] later. What is acknowledged
    /// to the client is only what is done with, so that nothing acknowledged can be lost.
    pub(crate) fn keep_open(&mut self, conn: Conn) {
        if let Some(client) = self.client_mut(conn) {
            client.kept += 1;
        }
    }

    /// A stanza is done with.
    pub(crate) fn done(&mut self, conn: Conn, number: u32) {
        if let Some(client) = self.client_mut(conn) {
            client.handle(number);
        }
    }

    fn bound(&mut self, around: Around<'_>, conn: Conn, bound: Bound) {
        self.generations += 1;
        let client = Client::new(self.generations, bound);
        self.place(conn, client);
        features::came(self, around, conn);
    }

    fn place(&mut self, conn: Conn, client: Client) {
        let index = conn as usize;
        if self.clients.len() <= index {
            self.clients.resize_with(index + 1, || None);
        }
        self.by_account.insert((client.account(), conn));
        self.clients[index] = Some(Box::new(client));
    }

    fn gone(&mut self, around: Around<'_>, conn: Conn, closed: bool) {
        let Some(client) = self.client(conn) else { return };
        let sleeps = !closed && client.may_sleep();
        if sleeps {
            let asleep = asleep::of(self, around, conn);
            self.outputs.extend(asleep.map(|asleep| Output::Sleep(Box::new(asleep))));
        }
        muc::gone(self, around, conn, sleeps);
        features::gone(self, around, conn, sleeps);
        if let Some(client) = self.clients.get_mut(conn as usize).and_then(Option::take) {
            self.by_account.remove(&(client.account(), conn));
        }
    }

    /// The server stops. A client of which something is still being done, or found out, cannot go on from
    /// a place that would be known.
    fn keep(&mut self, around: Around<'_>, conn: Conn) {
        let Some(client) = self.client(conn) else { return };
        let asked = |asked: &Asked| asked.client == Some((conn, client.generation));
        if client.is_done() && !self.asked.values().any(asked) {
            let asleep = asleep::of(self, around, conn);
            self.outputs.extend(asleep.map(|asleep| Output::Kept(conn, Box::new(asleep))));
        }
        self.gone(around, conn, true);
    }

    fn woken(&mut self, around: Around<'_>, conn: Conn, framing: Framing, asleep: Asleep, h: u32) {
        self.generations += 1;
        let (client, rest) = asleep::wake(self.generations, framing, asleep, h);
        self.place(conn, client);
        features::woken(self, around, conn);
        asleep::go_on(self, around, conn, rest);
    }
}
