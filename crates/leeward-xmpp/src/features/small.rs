//! Small requests: whether anybody is there, what time it is, which program this is.

use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::time;
use crate::xml::Element;

/// Longest piece of a client's own data that is kept, in bytes (XEP-0049).
pub(super) const KEPT_BYTES_MAX: usize = 16 * 1024;

/// XEP-0199: answered whatever else there is to do.
pub(super) fn ping(station: &mut Station, conn: Conn, iq: &Element) {
    station.send(conn, &result(iq, None));
}

/// XEP-0202.
pub(super) fn time(station: &mut Station, around: Around<'_>, conn: Conn, iq: &Element) {
    let text = |name, value: String| Element::new(name, ns::TIME).text(value);
    let time = Element::new("time", ns::TIME)
        .child(text("tzo", "+00:00".into()))
        .child(text("utc", time::date_time(around.names.wall())));
    station.send(conn, &result(iq, Some(time)));
}

/// XEP-0092.
pub(super) fn version(station: &mut Station, conn: Conn, iq: &Element) {
    let (name, version) = station.domain.software;
    let text = |name, value: &str| Element::new(name, ns::VERSION).text(value);
    let query = Element::new("query", ns::VERSION)
        .child(text("name", name))
        .child(text("version", version));
    station.send(conn, &result(iq, Some(query)));
}

/// XEP-0012, of the server: nobody is told when somebody was last here.
pub(super) fn last(station: &mut Station, around: Around<'_>, conn: Conn, iq: &Element) {
    let seconds = (around.now.0 / 1_000_000).to_string();
    let query = Element::new("query", ns::LAST).with("seconds", seconds);
    station.send(conn, &result(iq, Some(query)));
}

/// XEP-0049: what clients keep with the server, each under the name of its element.
pub(super) fn private(station: &mut Station, conn: Conn, iq: &Element) {
    let Some(account) = station.client(conn).map(crate::station::Client::account) else { return };
    let Some(asked) = iq.first().and_then(Element::first).cloned() else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    let key = format!("xmpp/private/{}/{}", asked.name(), asked.ns());
    let sets = iq.attribute("type") == Some("set");
    if asked.is("storage", ns::BOOKMARKS_LEGACY) {
        return super::bookmarks::legacy(station, conn, sets, iq);
    }
    if sets {
        let text = asked.to_document();
        if text.len() > KEPT_BYTES_MAX || key.len() > 200 {
            let words = Some("that is more than can be kept for a client");
            return station.refuse(conn, iq, Condition::ResourceConstraint, words);
        }
        let (keep, iq) = (Question::Keep(account, key, text), iq.clone());
        return station.ask_in_order(conn, keep, move |station, _, answer| match answer {
            Answer::Done => station.send(conn, &result(&iq, None)),
            answer => super::refused(station, conn, &iq, &answer),
        });
    }
    let (question, iq) = (Question::Settings(account, key.clone()), iq.clone());
    station.ask_for(conn, question, move |station, _, answer| {
        let kept = super::kept(&answer, &key);
        let kept = kept.and_then(|text| crate::xml::parse(text, super::KEPT_LIMITS).ok());
        let query = Element::new("query", ns::PRIVATE).child(kept.unwrap_or(asked));
        station.send(conn, &result(&iq, Some(query)));
    });
}
