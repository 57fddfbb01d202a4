//! Room for a file (XEP-0363): put it here, tell others that address.

use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, error, result};
use crate::station::{Answer, Conn, Domain, Question, Station};
use crate::xml::Element;

/// What the service for files can do.
pub(super) fn info(domain: &Domain) -> Option<Element> {
    let most = domain.file_bytes_max.to_string();
    let form = super::disco::form("result", ns::UPLOAD, &[("max-file-size", "text-single", &most)]);
    let identity = ("store", "file", "Files");
    Some(super::disco::info(identity, [ns::DISCO_INFO, ns::UPLOAD], Some(form)))
}

/// Whether an address is that of the service.
pub(super) fn is_service(domain: &Domain, to: &Jid) -> bool {
    to.local.is_none() && to.domain == format!("files.{}", domain.name)
}

/// A request for room.
pub(super) fn asked(station: &mut Station, conn: Conn, iq: &Element) {
    let Some(request) = iq.first().filter(|first| first.is("request", ns::UPLOAD)) else {
        return station.refuse(conn, iq, Condition::ServiceUnavailable, None);
    };
    let size = request.attribute("size").and_then(|size| size.parse::<u64>().ok());
    let name = request.attribute("filename").filter(|name| !name.trim().is_empty());
    let Some((name, size)) = name.zip(size.filter(|size| *size > 0)) else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    let most = station.domain.file_bytes_max;
    if size > most {
        let too_large = Element::new("file-too-large", ns::UPLOAD)
            .child(Element::new("max-file-size", ns::UPLOAD).text(most.to_string()));
        let words = format!("a file has at most {most} bytes here");
        let mut error = error(iq, Condition::NotAcceptable, Some(&words));
        error.push_into_last(too_large);
        return station.send(conn, &error);
    }
    let kind = request.attribute("content-type").map(str::to_owned);
    let (question, iq) = (Question::Upload(conn, name.to_owned(), size, kind), iq.clone());
    station.ask_for(conn, question, move |station, _, answer| match answer {
        Answer::Slot { put, get } => {
            let address = |name, url: String| Element::new(name, ns::UPLOAD).with("url", url);
            let slot = Element::new("slot", ns::UPLOAD)
                .child(address("put", put))
                .child(address("get", get));
            station.send(conn, &result(&iq, Some(slot)));
        }
        answer => super::refused(station, conn, &iq, &answer),
    });
}
