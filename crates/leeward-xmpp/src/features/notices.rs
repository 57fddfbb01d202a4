//! What others show of themselves, told to clients that want to know (XEP-0163, `+notify`): a new picture, a
//! new nick. What a client wants it says by a hash of what it can do (XEP-0115), and is asked once what that
//! means; the answer counts for others of its kind only if the hash is true.
//!
//! Told is what stands a moment after the last change, once on each shard, to those who have somebody in
//! their roster or are in a room with them. Whoever signs in later asks for it.

use super::{disco, pep, roster};
use crate::ns;
use crate::stanza::Rest;
use crate::station::{Around, Conn, Output, Question, Station};
use crate::xml::Element;
use leeward_core::id::{AccountId, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long changes are gathered, in milliseconds: clients publish a picture in two or three steps.
const GATHERED_MS: u64 = 2_000;
/// Changes that may wait to be told; beyond, whoever wants to know asks.
const DUE_MAX: usize = 4_096;
/// Kinds of clients that are known.
const KINDS_MAX: usize = 1_024;
/// Longest hash, in bytes: that of SHA-1 in base64 has 28.
const HASH_BYTES_MAX: usize = 32;
/// Longest item that is told, in bytes; a longer one is there for whoever asks.
const ITEM_BYTES_MAX: usize = 4_096;
/// What the id of a question begins with by which a client is asked what it can do.
const ASKED: &str = "caps-";

/// The nodes that are told.
const TOLD: [&str; 2] = [ns::AVATAR_METADATA, ns::NICK];

/// What a client wants to know: pictures, nicks.
pub(crate) type Wants = [bool; TOLD.len()];

/// What is known of kinds of clients, and what is to be told.
#[derive(Default)]
pub struct Notices {
    kinds: BTreeMap<String, Wants>,
    due: BTreeMap<(AccountId, usize), Instant>,
}

fn index(node: &str) -> Option<usize> {
    TOLD.iter().position(|told| *told == node)
}

/// A client says what it is like.
pub(super) fn came(station: &mut Station, conn: Conn, presence: &Element) {
    let Some(caps) = presence.find("c", ns::CAPS) else { return };
    let (ver, node) = (caps.attribute("ver"), caps.attribute("node").unwrap_or_default());
    let sha1 = caps.attribute("hash") == Some("sha-1");
    let Some(ver) = ver.filter(|ver| sha1 && ver.len() <= HASH_BYTES_MAX) else { return };
    let known = station.notices.kinds.get(ver).copied();
    let Some(client) = station.client_mut(conn) else { return };
    if let Some(wants) = known {
        client.own.wants = wants;
        return;
    }
    if client.own.asked_caps.as_deref() == Some(ver) {
        return;
    }
    client.own.asked_caps = Some(ver.to_owned());
    let query = Element::new("query", ns::DISCO_INFO).with("node", format!("{node}#{ver}"));
    let ask = Element::new("iq", ns::CLIENT)
        .with("from", station.domain.name.clone())
        .with("type", "get")
        .with("id", format!("{ASKED}{ver}"))
        .child(query);
    station.send(conn, &ask);
}

/// A client answers something.
pub(super) fn answered(station: &mut Station, conn: Conn, iq: &Element) {
    let Some(ver) = iq.attribute("id").and_then(|id| id.strip_prefix(ASKED)) else { return };
    let Some(info) = iq.find("query", ns::DISCO_INFO) else { return };
    let Some(client) = station.client_mut(conn) else { return };
    // What nobody has asked is no answer.
    if client.own.asked_caps.as_deref() != Some(ver) {
        return;
    }
    let wants = TOLD.map(|node| {
        let wanted = format!("{node}+notify");
        let mut features = info.elements().filter(|e| e.is("feature", ns::DISCO_INFO));
        features.any(|feature| feature.attribute("var") == Some(&wanted))
    });
    client.own.wants = wants;
    let kinds = &mut station.notices.kinds;
    if kinds.len() < KINDS_MAX && disco::is_version_of(ver, info) {
        kinds.insert(ver.to_owned(), wants);
    }
}

/// An account has published something.
pub(super) fn published(station: &mut Station, account: AccountId, node: &str) {
    if let Some(index) = index(node) {
        station.output(Output::Profile(account, Arc::from(TOLD[index])));
    }
}

/// Something that an account shows has changed.
pub(super) fn changed(station: &mut Station, around: Around<'_>, account: AccountId, node: &str) {
    let due = &mut station.notices.due;
    if let Some(index) = index(node).filter(|_| due.len() < DUE_MAX) {
        due.entry((account, index)).or_insert(around.now.plus_ms(GATHERED_MS));
    }
}

/// Tells what is due, if anybody wants to know.
pub(super) fn tick(station: &mut Station, around: Around<'_>) {
    let due = station.notices.due.extract_if(.., |_, at| *at <= around.now);
    let due: Vec<(AccountId, usize)> = due.map(|(what, _)| what).collect();
    for (account, index) in due {
        if who_wants(station, around, account, index).is_empty() {
            continue;
        }
        let question = Question::Settings(account, pep::key(TOLD[index]));
        station.ask(question, move |station, around, answer| {
            let Some(person) = around.names.person(account) else { return };
            let item = pep::newest_item(&answer, TOLD[index]);
            let Some(item) = item.filter(|item| item.to_text().len() <= ITEM_BYTES_MAX) else {
                return;
            };
            // Some may have gone meanwhile.
            let conns = who_wants(station, around, account, index);
            if !conns.is_empty() {
                let from = format!("{}@{}", person.name, station.domain.name);
                let message = pep::event(TOLD[index], &item).with("from", from);
                station.fan_out(conns, Rest::of(&message), None);
            }
        });
    }
}

pub(super) fn deadline(station: &Station) -> Option<Instant> {
    station.notices.due.values().copied().min()
}

fn who_wants(station: &Station, around: Around<'_>, account: AccountId, index: usize) -> Vec<Conn> {
    let everybody = roster::is_of_everybody(around);
    let wants = |conn: &Conn| {
        station.client(*conn).is_some_and(|client| {
            client.own.wants[index]
                && client.own.available
                && client.account() != account
                && (roster::has(station, everybody, client, account)
                    || crate::muc::share(station, client, account))
        })
    };
    station.all().filter(wants).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{direct, two, xml};
    use super::*;
    use crate::station::tests::{Play, given, questions};
    use crate::station::{Answer, Input};

    const PICTURE: &str = ns::AVATAR_METADATA;

    /// What a client can do that wants to know of pictures.
    fn info() -> Element {
        let feature = |var: &str| Element::new("feature", ns::DISCO_INFO).with("var", var);
        Element::new("query", ns::DISCO_INFO)
            .child(feature(ns::DISCO_INFO))
            .child(feature(&format!("{PICTURE}+notify")))
    }

    /// A client comes; whether it is asked what its hash means, and answers.
    fn comes(play: &mut Play, conn: Conn, ver: &str) -> bool {
        let caps = format!(
            "<presence><c xmlns='{}' hash='sha-1' node='https://a.client' ver='{ver}'/></presence>",
            ns::CAPS
        );
        let out = play.says(conn, xml(&caps));
        let given = given(play, &out, conn).concat();
        if !given.contains("disco#info") {
            return false;
        }
        assert!(given.contains(&format!("id='{ASKED}{ver}'")), "{given}");
        assert!(given.contains(&format!("node='https://a.client#{ver}'")), "{given}");
        let answer = Element::new("iq", ns::CLIENT)
            .with("type", "result")
            .with("id", format!("{ASKED}{ver}"))
            .child(info());
        assert!(play.says(conn, answer).is_empty());
        true
    }

    /// The owner has changed something; who of these is told what, after a moment.
    fn changes(play: &mut Play, node: &str, conns: &[Conn]) -> Vec<Vec<String>> {
        let change = || Input::Profile(AccountId(1), node.into());
        assert!(play.give(change()).is_empty() && play.give(change()).is_empty());
        assert_eq!(deadline(&play.station), Some(play.now.plus_ms(GATHERED_MS)));
        assert!(play.give(Input::Tick).is_empty(), "not yet");
        play.now = play.now.plus_ms(GATHERED_MS);
        let out = play.give(Input::Tick);
        let asked = questions(&out);
        let [(ask, Question::Settings(AccountId(1), key))] = &asked[..] else {
            assert!(out.is_empty(), "{out:?}");
            return conns.iter().map(|_| Vec::new()).collect();
        };
        let kept =
            format!("<items xmlns='{}'><item id='9f'><metadata/></item></items>", ns::PUBSUB);
        let out = play.answer(*ask, Answer::Settings(vec![(key.clone(), kept)]));
        conns.iter().map(|conn| given(play, &out, *conn)).collect()
    }

    #[test]
    fn a_new_picture_is_told_once_to_those_who_want_to_know() {
        let mut play = two();
        let ver = disco::version(&info());
        assert!(comes(&mut play, 2, &ver), "asked what it means");
        assert!(!comes(&mut play, 3, &ver), "it is known what it means");
        assert!(!comes(&mut play, 1, &ver));
        let told = changes(&mut play, PICTURE, &[1, 2, 3]);
        assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 1], "{told:?}");
        let wanted = "from='owner@chat.example.org'><event xmlns='http://jabber.org/protocol/pubsub#event'>\
             <items node='urn:xmpp:avatar:metadata'><item id='9f'>";
        assert!(told[1][0].contains(wanted) && told[1][0].contains("type='headline'"), "{told:?}");
        assert_eq!(changes(&mut play, ns::NICK, &[2]), [Vec::<String>::new()], "not asked for");
        play.says(2, xml("<presence type='unavailable'/>"));
        let told = changes(&mut play, PICTURE, &[2, 3]);
        assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1], "{told:?}");
    }

    #[test]
    fn a_hash_that_is_not_true_counts_for_its_client_alone() {
        let mut play = two();
        assert!(comes(&mut play, 2, "not-true"));
        assert!(!comes(&mut play, 2, "not-true"), "asked once");
        let told = changes(&mut play, PICTURE, &[2, 3]);
        assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0], "{told:?}");
        assert!(comes(&mut play, 3, "not-true"), "each is asked");
        // An answer that nobody has asked for is none.
        let ver = disco::version(&info());
        let forged = Element::new("iq", ns::CLIENT)
            .with("type", "result")
            .with("id", format!("{ASKED}{ver}"))
            .child(info());
        play.says(1, forged);
        assert!(play.station.notices.kinds.is_empty());
        assert_eq!(play.station.client(1).map(|client| client.own.wants), Some([false; 2]));
    }

    #[test]
    fn in_a_large_workspace_those_are_told_who_have_spoken() {
        let names: Vec<String> = (1..=501).map(|n| format!("person{n}")).collect();
        let mut play = Play::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        for (conn, rooms) in [(2, Vec::new()), (3, vec![direct(1)])] {
            let out = play.bound(conn, &format!("person{conn}"), "r");
            let [(ask, _)] = questions(&out)[..] else { panic!("{out:?}") };
            play.answer(ask, Answer::Account(1, rooms));
            comes(&mut play, conn, &disco::version(&info()));
        }
        let told = changes(&mut play, PICTURE, &[2, 3]);
        assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1], "{told:?}");
    }

    #[test]
    fn what_is_published_is_said_to_every_shard_if_others_may_want_to_know() {
        for (node, said) in [(PICTURE, true), (ns::NICK, true), ("urn:secret", false)] {
            let mut play = two();
            let publish = format!(
                "<iq type='set' id='1'><pubsub xmlns='{}'><publish node='{node}'>\
                 <item id='9f'><a xmlns='{node}'/></item></publish></pubsub></iq>",
                ns::PUBSUB
            );
            let out = play.says(1, xml(&publish));
            let [(read, Question::Settings(..))] = questions(&out)[..] else { panic!("{out:?}") };
            let out = play.answer(read, Answer::Settings(Vec::new()));
            let [(keep, Question::Keep(..))] = questions(&out)[..] else { panic!("{out:?}") };
            let out = play.answer(keep, Answer::Done);
            let profile = |output: &Output| match output {
                Output::Profile(AccountId(1), of) => Some(of.as_ref() == node),
                _ => None,
            };
            assert_eq!(out.iter().filter_map(profile).collect::<Vec<_>>(), vec![true; said.into()]);
        }
    }
}
