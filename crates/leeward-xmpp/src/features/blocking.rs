//! Whom somebody does not want to hear from (XEP-0191): none of their direct words, typing and presence comes
//! to the account's XMPP clients, and none are said to them. Rooms are not concerned: whoever disturbs there
//! is for those who moderate. The web app shows all, as the archive does.

use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Client, Conn, Output, Question, Station};
use crate::xml::Element;
use leeward_core::id::AccountId;

/// Under which name the list is kept with the account.
const KEPT: &str = "xmpp/blocked";
/// Longest list.
const BLOCKED_MAX: usize = 200;

/// A request for the list, or for a change of it.
pub(super) fn asked(station: &mut Station, conn: Conn, iq: &Element) {
    let Some(account) = station.client(conn).map(Client::account) else { return };
    let iq = iq.clone();
    let question = Question::Settings(account, KEPT.into());
    if iq.first().is_some_and(|first| first.name() == "blocklist") {
        return station.ask_for(conn, question, move |station, _, answer| {
            let item = |jid: &str| Element::new("item", ns::BLOCKING).with("jid", jid);
            let list = Element::new("blocklist", ns::BLOCKING)
                .children(listed(&answer).iter().map(|jid| item(jid)));
            station.send(conn, &result(&iq, Some(list)));
        });
    }
    station.ask_in_order(conn, question, move |station, _, answer| {
        change(station, conn, account, iq, listed(&answer));
    });
}

fn change(
    station: &mut Station,
    conn: Conn,
    account: AccountId,
    iq: Element,
    mut list: Vec<String>,
) {
    let Some(change) = iq.first().cloned() else { return };
    let items = change.elements().filter_map(|item| Jid::parse(item.attribute("jid")?).ok());
    let named: Vec<String> = items.map(|jid| jid.bare().to_string()).collect();
    match (change.name(), named.is_empty()) {
        ("block", false) => list.extend(named),
        ("unblock", true) => list.clear(),
        ("unblock", false) => list.retain(|jid| !named.contains(jid)),
        _ => return station.refuse(conn, &iq, Condition::BadRequest, None),
    }
    list.sort_unstable();
    list.dedup();
    if list.len() > BLOCKED_MAX {
        let words = Some("that is more than can be blocked");
        return station.refuse(conn, &iq, Condition::ResourceConstraint, words);
    }
    let keep = Question::Keep(account, KEPT.into(), list.join("\n"));
    station.ask_in_order(conn, keep, move |station, around, answer| {
        if !matches!(answer, Answer::Done) {
            return super::refused(station, conn, &iq, &answer);
        }
        take_in(station, around, account, &list);
        // The account's clients on other shards.
        station.output(Output::Profile(account, KEPT.into()));
        station.send(conn, &result(&iq, None));
        // Every client of the account is told (XEP-0191, section 3.3).
        for other in station.clients_of(account) {
            let push = Element::new("iq", ns::CLIENT).with("type", "set").with("id", "block");
            station.send(other, &push.child(change.clone()));
        }
    });
}

/// Reads whom an account has blocked.
pub(super) fn read(station: &mut Station, account: AccountId) {
    let question = Question::Settings(account, KEPT.into());
    station.ask(question, move |station, around, answer| {
        take_in(station, around, account, &listed(&answer));
    });
}

/// Something that is kept of an account has changed on another shard.
pub(super) fn changed(station: &mut Station, account: AccountId, key: &str) {
    if key == KEPT && !station.clients_of(account).is_empty() {
        read(station, account);
    }
}

fn take_in(station: &mut Station, around: Around<'_>, account: AccountId, list: &[String]) {
    let jids = list.iter().filter_map(|jid| Jid::parse(jid).ok());
    let blocked = jids.filter_map(|jid| station.account_of(around, &jid)).collect();
    station.accounts.block(account, blocked);
}

fn listed(answer: &Answer) -> Vec<String> {
    super::kept(answer, KEPT).unwrap_or_default().lines().map(str::to_owned).collect()
}
