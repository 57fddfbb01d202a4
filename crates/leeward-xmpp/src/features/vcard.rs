//! Who somebody is, as a card (XEP-0054), with their picture if they have one (XEP-0153).

use super::pep::{self, AVATAR};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::id::AccountId;

/// A request for a card, or one that changes one's own.
pub(super) fn asked(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    to: Option<&Jid>,
    iq: &Element,
) {
    let own = station.client(conn).map(crate::station::Client::account);
    let account = match to {
        Some(to) if to.local.is_some() => station.account_of(around, to),
        Some(_) => {
            return station.refuse(conn, iq, Condition::ItemNotFound, None);
        }
        None => own,
    };
    let Some(account) = account else {
        return station.refuse(conn, iq, Condition::ItemNotFound, None);
    };
    if iq.attribute("type") != Some("set") {
        return show(station, around, conn, account, iq);
    }
    if Some(account) != own {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    change(station, conn, account, iq);
}

/// Shows somebody's card.
pub(crate) fn show(
    station: &mut Station,
    _around: Around<'_>,
    conn: Conn,
    account: AccountId,
    iq: &Element,
) {
    let iq = iq.clone();
    let question = Question::Settings(account, pep::key(ns::AVATAR_DATA));
    station.ask_for(conn, question, move |station, around, answer| {
        let Some(person) = around.names.person(account) else {
            return station.refuse(conn, &iq, Condition::ItemNotFound, None);
        };
        let text = |name, value: &str| Element::new(name, ns::VCARD).text(value);
        let jid = format!("{}@{}", person.name, station.domain.name);
        let photo = pep::newest(&answer, ns::AVATAR_DATA).map(|data| {
            Element::new("PHOTO", ns::VCARD)
                .child(text("TYPE", "image/png"))
                .child(text("BINVAL", &data.content()))
        });
        let card = Element::new("vCard", ns::VCARD)
            .child(text("FN", &person.display))
            .child(text("NICKNAME", &person.name))
            .child(text("JABBERID", &jid))
            .children((!person.status.is_empty()).then(|| text("DESC", &person.status)))
            .children(photo);
        station.send(conn, &result(&iq, Some(card)));
    });
}

/// Takes what is shown of somebody out of their card, and their picture.
fn change(station: &mut Station, conn: Conn, account: AccountId, iq: &Element) {
    let Some(card) = iq.first() else { return };
    let shown = card.find("FN", ns::VCARD).map(Element::content).unwrap_or_default();
    let photo = card.find("PHOTO", ns::VCARD).and_then(|p| p.find("BINVAL", ns::VCARD));
    if let Some(photo) = photo {
        let data: String = photo.content().split_whitespace().collect();
        if data.len() > AVATAR.bytes_max {
            let words = Some("the picture is too large");
            return station.refuse(conn, iq, Condition::ResourceConstraint, words);
        }
        pep::keep_avatar(station, conn, account, &data);
    }
    let iq = iq.clone();
    let shown = shown.trim().to_owned();
    if shown.is_empty() {
        return station.send(conn, &result(&iq, None));
    }
    station.ask_in_order(conn, Question::Display(conn, shown), move |station, _, answer| {
        match answer {
            Answer::Done => station.send(conn, &result(&iq, None)),
            answer => super::refused(station, conn, &iq, &answer),
        }
    });
}
