//! What clients of an account keep for each other and for others (XEP-0163): pictures, names and the
//! like as they are, bookmarks and marks of what was read as views of what the workspace knows.

use super::{KEPT_LIMITS, bookmarks, displayed, notices};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::{self, Element};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leeward_core::id::AccountId;
use sha1::Digest as _;

/// What a node may hold.
pub(super) struct Bounds {
    /// Bytes of all its items as text.
    pub(super) bytes_max: usize,
    items_max: usize,
}

/// A picture: what clients make of one is smaller.
pub(super) const AVATAR: Bounds = Bounds { bytes_max: 100 * 1024, items_max: 1 };
const OTHER: Bounds = Bounds { bytes_max: 16 * 1024, items_max: 20 };

/// Nodes by which clients agree on keys for encryption from end to end, which is not done here.
const OF_ENCRYPTION: [&str; 3] =
    ["eu.siacs.conversations.axolotl", "urn:xmpp:omemo:", "urn:xmpp:openpgp:"];

/// The key that a node is kept under.
pub(super) fn key(node: &str) -> String {
    format!("xmpp/pep/{node}")
}

/// The payload of the newest item of what was kept of a node.
pub(super) fn newest(answer: &Answer, node: &str) -> Option<Element> {
    newest_item(answer, node)?.first().cloned()
}

/// The newest item of what was kept of a node.
pub(super) fn newest_item(answer: &Answer, node: &str) -> Option<Element> {
    items(answer, node).pop()
}

/// The items of a node. What is kept of others whose names only begin so is not of it.
fn items(answer: &Answer, node: &str) -> Vec<Element> {
    let Some(text) = super::kept(answer, &key(node)) else { return Vec::new() };
    let kept = xml::parse(text, KEPT_LIMITS);
    kept.map(|kept| kept.elements().cloned().collect()).unwrap_or_default()
}

fn written(items: &[Element]) -> String {
    Element::new("items", ns::PUBSUB).children(items.iter().cloned()).to_document()
}

/// A request about nodes of an account.
pub(super) fn asked(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    to: Option<&Jid>,
    iq: &Element,
) {
    let own = station.client(conn).map(crate::station::Client::account);
    let account = match to {
        Some(to) => station.account_of(around, to),
        None => own,
    };
    let Some(account) = account else {
        return station.refuse(conn, iq, Condition::ItemNotFound, None);
    };
    let Some(what) = iq.first().and_then(Element::first).cloned() else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    let node = what.attribute("node").unwrap_or_default().to_owned();
    let mine = Some(account) == own;
    if OF_ENCRYPTION.iter().any(|begin| node.starts_with(begin)) {
        let words = "messages that are encrypted from end to end cannot be kept or searched here";
        return station.refuse(conn, iq, Condition::PolicyViolation, Some(words));
    }
    match (what.name(), iq.attribute("type"), mine) {
        ("items", Some("get"), _) => {
            read(station, around, conn, (account, mine), (&node, &what, iq))
        }
        ("publish", Some("set"), true) => publish(station, around, conn, (&node, &what), iq),
        ("retract", Some("set"), true) => retract(station, conn, (&node, &what), iq),
        ("create" | "configure" | "delete" | "purge" | "subscribe" | "unsubscribe", _, true) => {
            // Nodes are there as soon as something is in them, and everybody may have what is.
            station.send(conn, &result(iq, None));
        }
        ("default" | "subscriptions" | "affiliations", _, true) => {
            station.refuse(conn, iq, Condition::FeatureNotImplemented, None);
        }
        (_, _, false) => station.refuse(conn, iq, Condition::Forbidden, None),
        (_, _, true) => station.refuse(conn, iq, Condition::BadRequest, None),
    }
}

/// What others may have of somebody.
fn is_open(node: &str) -> bool {
    matches!(node, ns::AVATAR_DATA | ns::AVATAR_METADATA | ns::NICK)
}

fn read(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    (account, mine): (AccountId, bool),
    (node, what, iq): (&str, &Element, &Element),
) {
    match (node, mine) {
        (ns::BOOKMARKS, true) => return bookmarks::items(station, around, conn, iq),
        (ns::DISPLAYED, true) => return displayed::items(station, conn, iq),
        (node, false) if !is_open(node) => {
            return station.refuse(conn, iq, Condition::Forbidden, None);
        }
        (_, _) => {}
    }
    let wanted: Vec<String> =
        what.elements().filter_map(|item| item.attribute("id").map(str::to_owned)).collect();
    let most = what.attribute("max_items").and_then(|max| max.parse().ok()).unwrap_or(usize::MAX);
    let (node, iq) = (node.to_owned(), iq.clone());
    let question = Question::Settings(account, key(&node));
    station.ask_for(conn, question, move |station, _, answer| {
        let mut found = items(&answer, &node);
        if found.is_empty() {
            return station.refuse(conn, &iq, Condition::ItemNotFound, None);
        }
        if !wanted.is_empty() {
            found.retain(|item| wanted.iter().any(|id| item.attribute("id") == Some(id)));
        }
        let from = found.len().saturating_sub(most);
        answer_items(station, conn, &iq, &node, found.split_off(from));
    });
}

/// Gives a client items of a node.
pub(super) fn answer_items(
    station: &mut Station,
    conn: Conn,
    iq: &Element,
    node: &str,
    items: Vec<Element>,
) {
    let items = Element::new("items", ns::PUBSUB).with("node", node).children(items);
    let pubsub = Element::new("pubsub", ns::PUBSUB).child(items);
    station.send(conn, &result(iq, Some(pubsub)));
}

fn publish(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    (node, what): (&str, &Element),
    iq: &Element,
) {
    let item = what.elements().find(|e| e.is("item", ns::PUBSUB)).cloned();
    let Some(mut item) = item.filter(|item| item.first().is_some()) else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    if item.attribute("id").is_none() {
        item.set("id", "current");
    }
    match node {
        ns::BOOKMARKS => return bookmarks::publish(station, around, conn, &item, iq),
        ns::DISPLAYED => return displayed::publish(station, around, conn, &item, iq),
        "" => return station.refuse(conn, iq, Condition::BadRequest, None),
        _ => {}
    }
    if !is_true(node, &item) {
        let words = "the id of a picture is the SHA-1 of its data";
        return station.refuse(conn, iq, Condition::BadRequest, Some(words));
    }
    let Some(account) = station.client(conn).map(crate::station::Client::account) else { return };
    let (node, iq) = (node.to_owned(), iq.clone());
    let question = Question::Settings(account, key(&node));
    station.ask_in_order(conn, question, move |station, _, answer| {
        let bounds = if node == ns::AVATAR_DATA { &AVATAR } else { &OTHER };
        let mut kept = items(&answer, &node);
        kept.retain(|old| old.attribute("id") != item.attribute("id"));
        kept.push(item.clone());
        let from = kept.len().saturating_sub(bounds.items_max);
        let text = written(&kept[from..]);
        if text.len() > bounds.bytes_max || node.len() > 150 {
            let words = Some("that is more than can be kept for an account");
            return station.refuse(conn, &iq, Condition::ResourceConstraint, words);
        }
        let keep = Question::Keep(account, key(&node), text);
        station.ask_in_order(conn, keep, move |station, _, answer| match answer {
            Answer::Done => {
                let id = item.attribute("id").unwrap_or_default().to_owned();
                let named = Element::new("item", ns::PUBSUB).with("id", id);
                let publish =
                    Element::new("publish", ns::PUBSUB).with("node", node.clone()).child(named);
                let pubsub = Element::new("pubsub", ns::PUBSUB).child(publish);
                station.send(conn, &result(&iq, Some(pubsub)));
                tell(station, account, &node, &item);
                notices::published(station, account, &node);
            }
            answer => super::refused(station, conn, &iq, &answer),
        });
    });
}

/// Whether the id of a picture says what it is (XEP-0084, section 4.2.1): otherwise it could be taken for
/// another's.
fn is_true(node: &str, item: &Element) -> bool {
    if node != ns::AVATAR_DATA {
        return true;
    }
    let data: String = item.first().map(Element::content).unwrap_or_default();
    let data: String = data.split_whitespace().collect();
    let hash = STANDARD.decode(data).ok().map(|bytes| hex(&sha1::Sha1::digest(bytes)));
    hash.as_deref() == item.attribute("id")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn retract(station: &mut Station, conn: Conn, (node, what): (&str, &Element), iq: &Element) {
    let gone: Vec<String> =
        what.elements().filter_map(|item| item.attribute("id").map(str::to_owned)).collect();
    let Some(account) = station.client(conn).map(crate::station::Client::account) else { return };
    if node == ns::BOOKMARKS {
        // One is in a room until one leaves it; a client that forgets it does not.
        return station.send(conn, &result(iq, None));
    }
    let (node, iq) = (node.to_owned(), iq.clone());
    let question = Question::Settings(account, key(&node));
    station.ask_in_order(conn, question, move |station, _, answer| {
        let mut kept = items(&answer, &node);
        kept.retain(|item| !gone.iter().any(|id| item.attribute("id") == Some(id)));
        let text = if kept.is_empty() { String::new() } else { written(&kept) };
        let keep = Question::Keep(account, key(&node), text);
        station.ask_in_order(conn, keep, move |station, _, _| {
            station.send(conn, &result(&iq, None));
        });
    });
}

/// Tells an account's clients what has come into one of its nodes.
pub(super) fn tell(station: &mut Station, account: AccountId, node: &str, item: &Element) {
    let message = event(node, item);
    for conn in station.clients_of(account) {
        let Some(from) = station.client(conn).map(|client| client.jid().bare().to_string()) else {
            continue;
        };
        station.send(conn, &message.clone().with("from", from));
    }
}

/// What says that an item has come into a node; of whom has to be added.
pub(super) fn event(node: &str, item: &Element) -> Element {
    let mut event_item = Element::new("item", ns::PUBSUB_EVENT);
    if let Some(id) = item.attribute("id") {
        event_item.set("id", id);
    }
    if let Some(payload) = item.first() {
        event_item.push(payload.clone().into());
    }
    let items = Element::new("items", ns::PUBSUB_EVENT).with("node", node).child(event_item);
    let event = Element::new("event", ns::PUBSUB_EVENT).child(items);
    Element::new("message", ns::CLIENT).with("type", "headline").child(event)
}

/// Keeps a picture that came with a card as if it had been published (XEP-0398).
pub(super) fn keep_avatar(station: &mut Station, conn: Conn, account: AccountId, data: &str) {
    let Ok(bytes) = STANDARD.decode(data) else { return };
    let id = hex(&sha1::Sha1::digest(&bytes));
    let payload = Element::new("data", ns::AVATAR_DATA).text(data);
    let item = Element::new("item", ns::PUBSUB).with("id", id.clone()).child(payload);
    let info = Element::new("info", ns::AVATAR_METADATA)
        .with("bytes", bytes.len().to_string())
        .with("id", id.clone())
        .with("type", "image/png");
    let metadata = Element::new("metadata", ns::AVATAR_METADATA).child(info);
    let about = Element::new("item", ns::PUBSUB).with("id", id).child(metadata);
    for (node, item) in [(ns::AVATAR_DATA, item), (ns::AVATAR_METADATA, about)] {
        let keep = Question::Keep(account, key(node), written(&[item]));
        station.ask_in_order(conn, keep, move |station, _, answer| {
            if matches!(answer, Answer::Done) {
                notices::published(station, account, node);
            }
        });
    }
}
