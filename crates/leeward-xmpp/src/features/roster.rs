//! The roster (RFC 6121): the colleagues of a workspace, each as if both had agreed to it long ago.
//! In a large workspace those with whom somebody has spoken directly.

use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, Rest, result};
use crate::station::{Around, Client, Conn, Output, Station};
use crate::xml::Element;
use leeward_core::account::{Person, Role};
use leeward_core::id::AccountId;
use leeward_core::wire::Presence;

/// Most people in a workspace in which everybody is in everybody's roster.
const EVERYBODY_MAX: usize = 500;

/// Whom somebody has in their roster.
fn contacts(station: &Station, around: Around<'_>, account: AccountId, role: Role) -> Vec<Person> {
    let fits = |person: &Person| person.id != account && !person.disabled;
    if is_of_everybody(around) && role != Role::Guest {
        return around.names.everybody().into_iter().filter(fits).collect();
    }
    let direct = station.accounts.direct_with(account).into_iter();
    direct.filter_map(|other| around.names.person(other)).filter(fits).collect()
}

/// A request for the roster, or for a change of it.
pub(super) fn asked(station: &mut Station, around: Around<'_>, conn: Conn, iq: &Element) {
    if iq.attribute("type") == Some("set") {
        // People are colleagues for as long as they are in the workspace; some clients insist on being
        // told that it went well.
        return station.send(conn, &result(iq, None));
    }
    let Some(client) = station.client_mut(conn) else { return };
    client.own.roster = true;
    let (account, role) = (client.account(), client.role());
    let people = contacts(station, around, account, role);
    let items: Vec<Element> = people.iter().map(|person| item(station, person)).collect();
    let mut hash = blake3::Hasher::new();
    items.iter().for_each(|item| _ = hash.update(item.to_text().as_bytes()));
    let version = hash.finalize().to_hex()[..16].to_owned();
    if iq.first().and_then(|query| query.attribute("ver")) == Some(&version) {
        return station.send(conn, &result(iq, None));
    }
    let query = Element::new("query", ns::ROSTER).with("ver", version).children(items);
    station.send(conn, &result(iq, Some(query)));
}

fn item(station: &Station, person: &Person) -> Element {
    let group = Element::new("group", ns::ROSTER).text(station.domain.workspace.name());
    Element::new("item", ns::ROSTER)
        .with("jid", format!("{}@{}", person.name, station.domain.name))
        .with("name", person.display.clone())
        .with("subscription", "both")
        .child(group)
}

/// Presence of a client, for those who have it in their roster, or for one of them.
pub(super) fn presence(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    to: Option<&Jid>,
    presence: &Element,
) {
    let kind = presence.attribute("type");
    match (to, kind) {
        (None, None) => {
            let show = presence.find("show", ns::CLIENT).map(Element::content);
            let away = matches!(show.as_deref(), Some("away" | "xa" | "dnd"));
            let now = if away { Presence::Away } else { Presence::Online };
            station.output(Output::Presence(conn, now));
            let first = station
                .client_mut(conn)
                .is_some_and(|client| !std::mem::replace(&mut client.own.available, true));
            if first {
                show_contacts(station, around, conn);
            }
        }
        (None, Some("unavailable")) => {
            if let Some(client) = station.client_mut(conn) {
                client.own.available = false;
            }
            station.output(Output::Presence(conn, Presence::Offline));
        }
        (Some(to), Some("subscribe")) => {
            // They are colleagues: it was agreed before it was asked.
            if station.account_of(around, to).is_some() {
                let agreed = Element::new("presence", ns::CLIENT)
                    .with("from", to.bare().to_string())
                    .with("type", "subscribed");
                station.send(conn, &agreed);
            } else {
                station.refuse(conn, presence, Condition::ItemNotFound, None);
            }
        }
        (Some(to), Some("probe")) => {
            let account = station.account_of(around, to);
            if let Some(person) = account.and_then(|account| around.names.person(account)) {
                let is = around.names.presence(person.id);
                let told = of(station, &person, is);
                station.give(conn, told, None);
            }
        }
        // Presence for one person, changes of subscriptions: everybody knows already.
        (Some(_) | None, _) => {}
    }
}

/// Who of the roster is there, told to a client that has come.
fn show_contacts(station: &mut Station, around: Around<'_>, conn: Conn) {
    let Some(client) = station.client(conn) else { return };
    let account = client.account();
    let mut people = contacts(station, around, account, client.role());
    people.retain(|person| !station.accounts.blocks(account, person.id));
    for person in people {
        let is = around.names.presence(person.id);
        if is != Presence::Offline {
            let told = of(station, &person, is);
            station.give(conn, told, None);
        }
    }
}

/// The same for a client that is looked at again.
pub(super) fn again(station: &mut Station, around: Around<'_>, conn: Conn) {
    show_contacts(station, around, conn);
}

fn of(station: &Station, person: &Person, is: Presence) -> Rest {
    let jid = Jid::of(&person.name, &station.domain.name).with("leeward");
    let show = (is == Presence::Away).then(|| Element::new("show", ns::CLIENT).text("away"));
    let status = (!person.status.is_empty())
        .then(|| Element::new("status", ns::CLIENT).text(person.status.clone()));
    let presence = Element::new("presence", ns::CLIENT)
        .with("from", jid.to_string())
        .with_some("type", (is == Presence::Offline).then_some("unavailable"))
        .children(show)
        .children(status);
    Rest::of(&presence)
}

/// Whether everybody has everybody in their roster.
pub(super) fn is_of_everybody(around: Around<'_>) -> bool {
    around.names.count() <= EVERYBODY_MAX
}

/// Whether a client has somebody in its roster; `everybody`: see [`is_of_everybody`].
pub(super) fn has(station: &Station, everybody: bool, client: &Client, other: AccountId) -> bool {
    everybody && client.role() != Role::Guest || station.accounts.is_direct(client.account(), other)
}

/// What people do has changed: told once to all who have them in their roster.
pub(super) fn changed(
    station: &mut Station,
    around: Around<'_>,
    changes: &[(AccountId, Presence)],
) {
    let everybody = is_of_everybody(around);
    for (account, _) in changes {
        let Some(person) = around.names.person(*account) else { continue };
        let told = of(station, &person, around.names.presence(*account));
        let looks = |client: &Client| {
            client.own.available
                && !client.own.inactive
                && !station.accounts.blocks(client.account(), *account)
        };
        let conns = having(station, everybody, *account, looks);
        if !conns.is_empty() {
            station.fan_out(conns, told, None);
        }
    }
}

/// The clients that have somebody in their roster, and of which something else is true.
fn having(
    station: &Station,
    everybody: bool,
    account: AccountId,
    fits: impl Fn(&Client) -> bool,
) -> Vec<Conn> {
    if !everybody {
        let known = station.accounts.known_with(account);
        let conns = known.flat_map(|known| station.clients_of(known));
        return conns.filter(|conn| station.client(*conn).is_some_and(&fits)).collect();
    }
    let wants = |client: &Client| {
        client.account() != account && has(station, everybody, client, account) && fits(client)
    };
    station.all().filter(|conn| station.client(*conn).is_some_and(wants)).collect()
}

/// Somebody is called or shown otherwise.
pub(super) fn person_changed(station: &mut Station, around: Around<'_>, account: AccountId) {
    let Some(person) = around.names.person(account) else { return };
    let push = Element::new("iq", ns::CLIENT)
        .with("type", "set")
        .with("id", "roster")
        .child(Element::new("query", ns::ROSTER).child(item(station, &person)));
    let conns = having(station, is_of_everybody(around), account, |client| client.own.roster);
    if !conns.is_empty() {
        station.fan_out(conns, Rest::of(&push), None);
    }
}
