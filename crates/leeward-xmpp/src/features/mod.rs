//! What clients do outside of rooms, one file for each thing.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a question has one kind of answer, and whatever else comes is a refusal"
)]

mod accounts;
mod blocking;
mod bookmarks;
mod direct;
pub(crate) mod disco;
mod displayed;
pub mod ids;
pub(crate) mod mam;
mod notices;
mod pep;
mod roster;
mod small;
#[cfg(test)]
mod tests;
mod upload;
pub(crate) mod vcard;

pub use accounts::Accounts;
pub use disco::caps;
pub use notices::Notices;

use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Bound, Conn, Question, Station};
use crate::xml::{Element, Limits};
use leeward_core::code::Refusal;
use leeward_core::event::{Draft, Event};
use leeward_core::id::{AccountId, Instant, Millis, Nonce, RoomId, Seq};
use leeward_core::session::{Gcra, Rate};
use leeward_core::wire::Presence;
use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What was kept for a client, read again.
const KEPT_LIMITS: Limits =
    Limits { bytes_max: 256 * 1024, elements_max: 4_096, depth_max: 64, attributes_max: 64 };
/// How often a client may ask: as a client asks that signs in and joins a hundred rooms.
const ASKS: Rate = Rate { each_us: 20_000, burst: 1_000 };
/// How often it may post, as by the protocol of the web app.
const POSTS: Rate = Rate { each_us: 5_000, burst: 400 };
/// What is kept of a client that is so or not.
pub(crate) const FLAGS: usize = 6;
/// Nonces of its own messages that a client's session remembers until they are heard.
const SAID_MAX: usize = 64;

/// What the features keep of one client.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Own {
    /// What makes the ids of its messages its own.
    pub(crate) salt: String,
    /// It wants to know what the account's other clients say.
    pub(crate) carbons: bool,
    /// It has said that nobody looks at it.
    pub(crate) inactive: bool,
    /// It has sent its first presence.
    pub(crate) available: bool,
    /// It has asked for the roster.
    pub(crate) roster: bool,
    /// What others publish that it wants to know.
    pub(crate) wants: notices::Wants,
    /// What it was asked the meaning of.
    asked_caps: Option<String>,
    /// What it said a moment ago.
    said: VecDeque<Nonce>,
    asks: Gcra,
    posts: Gcra,
}

impl Own {
    pub(crate) fn of(bound: &Bound) -> Self {
        // The resource of a connection is never given again unless the client asks for the same; the id
        // under which it is taken up again is its own in any case.
        let text = format!("{}{:?}{}", bound.jid, bound.sm, bound.began.0);
        let salt = blake3::hash(text.as_bytes()).to_hex()[..8].to_owned();
        let (carbons, inactive) = (bound.carbons, bound.inactive);
        Self { salt, carbons, inactive, ..Self::default() }
    }

    /// As it was kept.
    pub(crate) fn kept(
        salt: String,
        [carbons, inactive, available, roster, pictures, nicks]: [bool; FLAGS],
        said: Vec<Nonce>,
    ) -> Self {
        let (said, wants) = (VecDeque::from(said), [pictures, nicks]);
        Self { salt, carbons, inactive, available, roster, wants, said, ..Self::default() }
    }

    /// What it said a moment ago: for [`Own::kept`].
    pub(crate) fn said_lately(&self) -> impl ExactSizeIterator<Item = &Nonce> {
        self.said.iter()
    }

    /// Carbons, inactive, available, roster, what it wants to know: for [`Own::kept`].
    pub(crate) fn flags(&self) -> [bool; FLAGS] {
        let [pictures, nicks] = self.wants;
        [self.carbons, self.inactive, self.available, self.roster, pictures, nicks]
    }

    /// Whether this client has said what is called so.
    fn said(&self, nonce: Option<&Nonce>) -> bool {
        nonce.is_some_and(|nonce| self.said.contains(nonce))
    }

    fn note(&mut self, nonce: &Nonce) {
        if self.said.len() >= SAID_MAX {
            self.said.pop_front();
        }
        self.said.push_back(nonce.clone());
    }
}

/// What stands among the features of a stream after sign-in.
pub fn stream_features(domain: &crate::station::Domain) -> Vec<Element> {
    vec![caps(domain)]
}

pub(crate) fn came(station: &mut Station, around: Around<'_>, conn: Conn) {
    if let Some(account) = station.client(conn).map(crate::station::Client::account) {
        accounts::came(station, around, account);
    }
}

pub(crate) fn woken(station: &mut Station, around: Around<'_>, conn: Conn) {
    came(station, around, conn);
}

pub(crate) fn gone(station: &mut Station, around: Around<'_>, conn: Conn, _sleeps: bool) {
    accounts::gone(station, around, conn);
}

pub(crate) fn iq(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    to: Option<&Jid>,
    iq: &Element,
) {
    match iq.attribute("type") {
        Some("get" | "set") => {}
        Some("result") => return notices::answered(station, conn, iq),
        Some(_) | None => return,
    }
    let Some(first) = iq.first() else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    if first.is("ping", ns::PING) {
        return ping(station, around, conn, to, iq);
    }
    let (name, space) = (first.name().to_owned(), first.ns().to_owned());
    let mine = to.is_none_or(|to| is_own(station, conn, to) || *to == server(station));
    match (name.as_str(), space.as_str()) {
        ("query", ns::DISCO_INFO | ns::DISCO_ITEMS) => {
            disco::asked(station, around, conn, to, iq);
        }
        ("request", ns::UPLOAD) if to.is_some_and(|to| upload::is_service(&station.domain, to)) => {
            upload::asked(station, conn, iq);
        }
        ("vCard", ns::VCARD) => vcard::asked(station, around, conn, to, iq),
        ("pubsub", ns::PUBSUB | ns::PUBSUB_OWNER) => pep::asked(station, around, conn, to, iq),
        ("query" | "prefs" | "metadata", ns::MAM) => mam::asked(station, around, conn, to, iq),
        (_, _) if !mine => station.refuse(conn, iq, Condition::ServiceUnavailable, None),
        ("query", ns::ROSTER) => roster::asked(station, around, conn, iq),
        ("query", ns::PRIVATE) => small::private(station, conn, iq),
        ("query", ns::VERSION) => small::version(station, conn, iq),
        ("query", ns::LAST) => small::last(station, around, conn, iq),
        ("time", ns::TIME) => small::time(station, around, conn, iq),
        ("blocklist" | "block" | "unblock", ns::BLOCKING) => blocking::asked(station, conn, iq),
        ("enable" | "disable", ns::CARBONS) => {
            if let Some(client) = station.client_mut(conn) {
                client.own.carbons = name == "enable";
            }
            station.send(conn, &result(iq, None));
        }
        // RFC 3921: done with the binding.
        ("session", ns::SESSION) => station.send(conn, &result(iq, None)),
        _ => station.refuse(conn, iq, Condition::ServiceUnavailable, None),
    }
}

fn server(station: &Station) -> Jid {
    Jid { local: None, domain: station.domain.name.clone(), resource: None }
}

fn is_own(station: &Station, conn: Conn, to: &Jid) -> bool {
    station.client(conn).is_some_and(|client| client.jid().bare() == to.bare())
}

/// Whether whoever is pinged is there: the server and oneself are; of others nothing is said.
fn ping(station: &mut Station, _around: Around<'_>, conn: Conn, to: Option<&Jid>, iq: &Element) {
    let there = to.is_none_or(|to| {
        is_own(station, conn, to)
            || to.local.is_none() && to.domain.ends_with(station.domain.name.as_str())
    });
    if there {
        small::ping(station, conn, iq);
    } else {
        station.refuse(conn, iq, Condition::ServiceUnavailable, None);
    }
}

pub(crate) fn message(
    station: &mut Station,
    around: Around<'_>,
    by: (Conn, u32),
    to: Option<&Jid>,
    message: &Element,
) {
    direct::message(station, around, by, to, message);
}

pub(crate) fn presence(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    to: Option<&Jid>,
    presence: &Element,
) {
    if to.is_none() && presence.attribute("type").is_none() {
        notices::came(station, conn, presence);
    }
    roster::presence(station, around, conn, to, presence);
}

/// XEP-0352.
pub(crate) fn csi(station: &mut Station, around: Around<'_>, conn: Conn, element: &Element) {
    let inactive = element.name() == "inactive";
    let Some(client) = station.client_mut(conn) else { return };
    let was = std::mem::replace(&mut client.own.inactive, inactive);
    if was && !inactive && client.own.available {
        // What was held back is told as it stands.
        roster::again(station, around, conn);
    }
}

/// An event of a direct room of two; false: it is of another room.
pub(crate) fn heard(
    station: &mut Station,
    around: Around<'_>,
    room: RoomId,
    event: &Event,
) -> bool {
    let listened = station.accounts.is_listened(room);
    if listened {
        direct::heard(station, around, room, event);
    }
    listened
}

/// Somebody types in a direct room of two; false: it is another room.
pub(crate) fn typing(
    station: &mut Station,
    around: Around<'_>,
    room: RoomId,
    who: AccountId,
) -> bool {
    let listened = station.accounts.is_listened(room);
    if listened {
        direct::typing(station, around, room, who);
    }
    listened
}

/// Somebody has published something that others may want to know.
pub(crate) fn profile_changed(
    station: &mut Station,
    around: Around<'_>,
    account: AccountId,
    node: &str,
) {
    notices::changed(station, around, account, node);
    blocking::changed(station, account, node);
}

/// Somebody has got a message of somebody's.
pub(crate) fn received(
    station: &mut Station,
    around: Around<'_>,
    (by, author): (AccountId, AccountId),
    id: &str,
) {
    direct::received(station, around, (by, author), id);
}

pub(crate) fn presence_changed(
    station: &mut Station,
    around: Around<'_>,
    changes: &[(AccountId, Presence)],
) {
    roster::changed(station, around, changes);
}

pub(crate) fn person_changed(station: &mut Station, around: Around<'_>, account: AccountId) {
    roster::person_changed(station, around, account);
    crate::muc::person_changed(station, around, account);
}

/// An account's own list of rooms has changed.
pub(crate) fn list_changed(station: &mut Station, around: Around<'_>, account: AccountId) {
    if !station.clients_of(account).is_empty() {
        accounts::look(station, around, account);
    }
}

pub(crate) fn read(
    station: &mut Station,
    around: Around<'_>,
    account: AccountId,
    room: RoomId,
    seq: Seq,
) {
    station.accounts.is_at(account, around.names.version(account));
    displayed::told(station, around, account, room, seq);
}

pub(crate) fn tick(station: &mut Station, around: Around<'_>) {
    accounts::tick(station, around);
    direct::tick(station, around);
    notices::tick(station, around);
}

pub(crate) fn deadline(station: &Station) -> Option<Instant> {
    let due = [station.accounts.deadline(), direct::deadline(station), notices::deadline(station)];
    due.into_iter().flatten().min()
}

/// The direct rooms that a client hears of, up to where it was sent their events, and since when others
/// are news to it.
pub(crate) fn positions(
    station: &Station,
    around: Around<'_>,
    conn: Conn,
) -> (Vec<(RoomId, Seq)>, Millis) {
    accounts::positions(station, around, conn)
}

/// Sends a client what came in its account's direct rooms: after these positions, and in those that have
/// come into being since then.
pub(crate) fn catch_up(station: &mut Station, conn: Conn, rooms: &[(RoomId, Seq)], since: Millis) {
    let Some(client) = station.client(conn) else { return };
    let joined = &client.joined.rooms;
    let direct = rooms.iter().filter(|(room, _)| !joined.contains_key(room)).copied().collect();
    accounts::catch_up(station, conn, (direct, since));
}

/// Has drafts appended to a room's log for a stanza, in order. The stanza is done with when all have
/// been answered: what is acknowledged to a client is on disk.
pub(crate) fn post(
    station: &mut Station,
    (conn, number): (Conn, u32),
    room: RoomId,
    (stanza, drafts): (Element, Vec<Draft>),
) {
    let id = stanza.find("origin-id", ns::STANZA_ID).and_then(|origin| origin.attribute("id"));
    let id = id.or_else(|| stanza.attribute("id"));
    let Some(client) = station.client_mut(conn) else { return };
    let nonce = ids::nonce_of(id, &client.own.salt, number);
    client.own.note(&nonce);
    if drafts.is_empty() {
        return station.done(conn, number);
    }
    station.keep_open(conn);
    let left = Rc::new(Cell::new(drafts.len()));
    for (part, draft) in drafts.into_iter().enumerate() {
        let (left, stanza) = (Rc::clone(&left), stanza.clone());
        let question = Question::Post(conn, room, ids::part_of(&nonce, part), draft);
        station.ask_for(conn, question, move |station, _, answer| {
            left.set(left.get().saturating_sub(1));
            if left.get() == 0 {
                station.done(conn, number);
            }
            if matches!(answer, Answer::Refused(_)) {
                refused(station, conn, &stanza, &answer);
            }
        });
    }
}

/// Whether a client may post at this moment; if not, in how many milliseconds.
pub(crate) fn may_post(station: &mut Station, around: Around<'_>, conn: Conn) -> Result<(), u32> {
    station.client_mut(conn).map_or(Ok(()), |client| client.own.posts.pass(around.now, POSTS, 1))
}

/// Whether a client may ask something at this moment; if not, in how many milliseconds. Pings and answers
/// are no questions.
pub(crate) fn may_ask(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    iq: &Element,
) -> Result<(), u32> {
    let asks = matches!(iq.attribute("type"), Some("get" | "set"));
    if !asks || iq.first().is_some_and(|first| first.is("ping", ns::PING)) {
        return Ok(());
    }
    station.client_mut(conn).map_or(Ok(()), |client| client.own.asks.pass(around.now, ASKS, 1))
}

/// Refuses what came of a question.
pub(crate) fn refused(station: &mut Station, conn: Conn, stanza: &Element, answer: &Answer) {
    let (condition, text) = refusal(answer);
    station.refuse(conn, stanza, condition, text.as_deref());
}

/// What was kept under this key, among all that begin so.
fn kept<'a>(answer: &'a Answer, key: &str) -> Option<&'a str> {
    let Answer::Settings(settings) = answer else { return None };
    settings.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

/// Why something was refused, in the words of XMPP.
pub(crate) fn refusal(answer: &Answer) -> (Condition, Option<String>) {
    match answer {
        Answer::Refused(refusal) => (crate::refusal::condition(refusal.code), Some(words(refusal))),
        Answer::None => (Condition::ItemNotFound, None),
        _ => (Condition::InternalServerError, None),
    }
}

fn words(refusal: &Refusal) -> String {
    refusal.message.clone()
}

/// A reaction as it is shown: the emoji of a short name.
pub(crate) fn emoji(name: &str) -> &str {
    emojis::get_by_shortcode(name).map_or(name, |emoji| emoji.as_str())
}
