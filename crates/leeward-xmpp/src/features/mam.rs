//! Archives (XEP-0313): of a room, and of all that was said to an account directly; in pages (XEP-0059).

use super::ids;
use crate::jid::Jid;
use crate::muc::render::{self, Frame};
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{
    Answer, ArchivePage, ArchiveQuery, Around, Conn, DirectQuery, Question, Station,
};
use crate::time;
use crate::xml::Element;
use leeward_core::id::{AccountId, Millis, RoomId, Seq};

/// Messages of a page, unless fewer are asked for.
const PAGE: usize = 50;
/// Most of one.
const PAGE_MAX: usize = 100;

/// What a client asks of an archive.
#[derive(Default)]
struct Asked {
    id: Option<String>,
    with: Option<String>,
    start: Option<Millis>,
    end: Option<Millis>,
    after: Option<String>,
    before: Option<String>,
    ids: Vec<String>,
    backwards: bool,
    flipped: bool,
    limit: usize,
}

impl Asked {
    fn of(query: &Element) -> Option<Self> {
        let mut asked = Self {
            id: query.attribute("queryid").map(str::to_owned),
            flipped: query.find("flip-page", ns::MAM).is_some(),
            limit: PAGE,
            ..Self::default()
        };
        for field in query.find("x", ns::DATA_FORMS).into_iter().flat_map(Element::elements) {
            let values = field.elements().filter(|e| e.is("value", ns::DATA_FORMS));
            let mut values = values.map(Element::content);
            match field.attribute("var").unwrap_or_default() {
                "with" => asked.with = values.next(),
                "start" => asked.start = Some(time::parse(&values.next()?)?),
                "end" => asked.end = Some(time::parse(&values.next()?)?),
                "after-id" => asked.after = values.next(),
                "before-id" => asked.before = values.next(),
                "ids" => asked.ids = values.take(PAGE_MAX).collect(),
                "FORM_TYPE" => {}
                // What is not understood would give what was not asked for (XEP-0313, section 4.1.4).
                _ => return None,
            }
        }
        if let Some(set) = query.find("set", ns::RSM) {
            let text = |name| set.find(name, ns::RSM).map(Element::content);
            if let Some(max) = text("max") {
                asked.limit = max.trim().parse::<usize>().ok()?.min(PAGE_MAX);
            }
            asked.after = text("after").filter(|id| !id.is_empty()).or(asked.after);
            if let Some(before) = text("before") {
                asked.backwards = true;
                asked.before = Some(before).filter(|id| !id.is_empty()).or(asked.before);
            }
        }
        Some(asked)
    }
}

/// A request for the archive of an account.
pub(super) fn asked(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    to: Option<&Jid>,
    iq: &Element,
) {
    let Some(client) = station.client(conn) else { return };
    let (account, own) = (client.account(), client.jid().bare());
    if to.is_some_and(|to| to.bare() != own) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    let Some(query) = iq.first() else { return };
    match (query.name(), iq.attribute("type")) {
        ("prefs", _) => {
            let empty = |name| Element::new(name, ns::MAM);
            let prefs = Element::new("prefs", ns::MAM)
                .with("default", "always")
                .child(empty("always"))
                .child(empty("never"));
            station.send(conn, &result(iq, Some(prefs)));
        }
        ("metadata", _) => metadata(station, conn, Place::Account(account, own.to_string()), iq),
        ("query", Some("get")) => fields(station, conn, iq),
        ("query", _) => direct(station, around, conn, (account, own), (query, iq)),
        _ => station.refuse(conn, iq, Condition::ServiceUnavailable, None),
    }
}

/// A request for the archive of a room that the client is in. `by`: its address.
pub(crate) fn room_archive(
    station: &mut Station,
    _around: Around<'_>,
    conn: Conn,
    (room, by): (RoomId, String),
    iq: &Element,
) {
    let Some(query) = iq.first() else { return };
    if query.name() == "metadata" {
        return metadata(station, conn, Place::Room(room, by), iq);
    }
    if iq.attribute("type") == Some("get") {
        return fields(station, conn, iq);
    }
    let Some(asked) = Asked::of(query) else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    let places: Result<Vec<Option<Seq>>, ()> = [&asked.after, &asked.before]
        .into_iter()
        .map(|id| id.as_ref().map(|id| ids::seq_of(id).ok_or(())).transpose())
        .collect();
    let Ok(places) = places else {
        return station.refuse(conn, iq, Condition::ItemNotFound, None);
    };
    let question = ArchiveQuery {
        after: places[0],
        before: places[1],
        start: asked.start,
        end: asked.end,
        ids: asked.ids.iter().filter_map(|id| ids::seq_of(id)).collect(),
        backwards: asked.backwards,
        limit: asked.limit,
    };
    let place = Place::Room(room, by);
    let iq = iq.clone();
    station.ask_for(
        conn,
        Question::Archive(conn, room, question),
        move |station, around, answer| {
            give(station, around, conn, &place, (&asked, answer, &iq));
        },
    );
}

fn direct(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    (account, own): (AccountId, Jid),
    (query, iq): (&Element, &Element),
) {
    let Some(asked) = Asked::of(query) else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    let with = asked.with.as_deref().map(|with| {
        let jid = Jid::parse(with).ok()?;
        station.account_of(around, &jid)
    });
    let place = Place::Account(account, own.to_string());
    if with == Some(None) {
        // Nothing was said to whom there is not.
        let none = Answer::Page(ArchivePage { entries: Vec::new(), complete: true });
        return give(station, around, conn, &place, (&asked, none, iq));
    }
    let places: Result<Vec<Option<(RoomId, Seq)>>, ()> = [&asked.after, &asked.before]
        .into_iter()
        .map(|id| id.as_ref().map(|id| ids::archived(id).ok_or(())).transpose())
        .collect();
    let Ok(places) = places else {
        return station.refuse(conn, iq, Condition::ItemNotFound, None);
    };
    let question = DirectQuery {
        with: with.flatten(),
        after: places[0],
        before: places[1],
        start: asked.start,
        end: asked.end,
        backwards: asked.backwards,
        limit: asked.limit,
    };
    let iq = iq.clone();
    station.ask_for(
        conn,
        Question::DirectArchive(account, question),
        move |station, around, answer| {
            give(station, around, conn, &place, (&asked, answer, &iq));
        },
    );
}

/// Whose archive it is.
enum Place {
    Room(RoomId, String),
    Account(AccountId, String),
}

impl Place {
    fn by(&self) -> &str {
        match self {
            Self::Room(_, by) | Self::Account(_, by) => by,
        }
    }

    fn id(&self, room: RoomId, seq: Seq) -> String {
        match self {
            Self::Room(..) => ids::stanza_id(seq),
            Self::Account(..) => ids::archive_id(room, seq),
        }
    }
}

/// Gives a client a page, and then says what it was.
fn give(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    place: &Place,
    (asked, answer, iq): (&Asked, Answer, &Element),
) {
    let Answer::Page(mut page) = answer else {
        return super::refused(station, conn, iq, &answer);
    };
    let name = |entry: Option<&(RoomId, crate::station::Told)>| {
        entry.map(|(room, told)| place.id(*room, told.event.seq))
    };
    let (first, last) = (name(page.entries.first()), name(page.entries.last()));
    if asked.flipped {
        page.entries.reverse();
    }
    for (room, told) in &page.entries {
        let group = matches!(place, Place::Room(..));
        let frame = Frame { room: *room, by: place.by(), group, delayed: false };
        let Some(mut message) = render::message(&station.domain, around.names, frame, told) else {
            continue;
        };
        if let Place::Account(account, own) = place {
            message.set("to", other_end(station, around, (*account, own), *room, told.event.from));
        }
        let delay = Element::new("delay", ns::DELAY).with("stamp", time::date_time(told.event.at));
        let forwarded = Element::new("forwarded", ns::FORWARD).child(delay).child(message);
        let found = Element::new("result", ns::MAM)
            .with_some("queryid", asked.id.clone())
            .with("id", place.id(*room, told.event.seq))
            .child(forwarded);
        let outer = Element::new("message", ns::CLIENT).with("from", place.by()).child(found);
        station.send(conn, &outer);
    }
    let mut set = Element::new("set", ns::RSM);
    if let Some((first, last)) = first.zip(last) {
        set = set
            .child(Element::new("first", ns::RSM).text(first))
            .child(Element::new("last", ns::RSM).text(last));
    }
    let fin = Element::new("fin", ns::MAM)
        .with_some("complete", page.complete.then_some("true"))
        .child(set);
    station.send(conn, &result(iq, Some(fin)));
}

/// Whom a message of a direct room went to.
fn other_end(
    station: &Station,
    around: Around<'_>,
    (account, own): (AccountId, &str),
    room: RoomId,
    from: AccountId,
) -> String {
    if from != account {
        return own.to_owned();
    }
    let other = station.accounts.other(account, room).and_then(|other| around.names.person(other));
    other.map_or_else(|| own.to_owned(), |p| Jid::of(&p.name, &station.domain.name).to_string())
}

/// What may be asked for.
fn fields(station: &mut Station, conn: Conn, iq: &Element) {
    let form = super::disco::form(
        "form",
        ns::MAM,
        &[
            ("with", "jid-single", ""),
            ("start", "text-single", ""),
            ("end", "text-single", ""),
            ("before-id", "text-single", ""),
            ("after-id", "text-single", ""),
            ("ids", "list-multi", ""),
        ],
    );
    station.send(conn, &result(iq, Some(Element::new("query", ns::MAM).child(form))));
}

/// The first and the last message of an archive.
fn metadata(station: &mut Station, conn: Conn, place: Place, iq: &Element) {
    let iq = iq.clone();
    let first = end_of(conn, &place, false);
    station.ask_for(conn, first, move |station, _, answer| {
        let start = end(&place, &answer);
        let last = end_of(conn, &place, true);
        station.ask_for(conn, last, move |station, _, answer| {
            let stop = end(&place, &answer);
            let mark = |name, (id, at): (String, Millis)| {
                let stamp = time::date_time(at);
                Element::new(name, ns::MAM).with("id", id).with("timestamp", stamp)
            };
            let metadata = Element::new("metadata", ns::MAM)
                .children(start.map(|found| mark("start", found)))
                .children(stop.map(|found| mark("end", found)));
            station.send(conn, &result(&iq, Some(metadata)));
        });
    });
}

fn end_of(conn: Conn, place: &Place, backwards: bool) -> Question {
    match place {
        Place::Room(room, _) => {
            let query = ArchiveQuery { backwards, limit: 1, ..ArchiveQuery::default() };
            Question::Archive(conn, *room, query)
        }
        Place::Account(account, _) => {
            let query = DirectQuery { backwards, limit: 1, ..DirectQuery::default() };
            Question::DirectArchive(*account, query)
        }
    }
}

fn end(place: &Place, answer: &Answer) -> Option<(String, Millis)> {
    let Answer::Page(page) = answer else { return None };
    let (room, told) = page.entries.first()?;
    Some((place.id(*room, told.event.seq), told.event.at))
}
