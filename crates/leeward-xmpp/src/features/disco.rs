//! What there is and what it can do (XEP-0030), and a hash of that by which clients need not ask again
//! (XEP-0115).

use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Around, Conn, Domain, Station};
use crate::xml::Element;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Digest as _;

/// What the server can do.
const SERVER: [&str; 18] = [
    ns::DISCO_INFO,
    ns::DISCO_ITEMS,
    ns::PING,
    ns::TIME,
    ns::VERSION,
    ns::ROSTER,
    ns::VCARD,
    ns::CARBONS,
    ns::BLOCKING,
    ns::PRIVATE,
    ns::MAM,
    ns::STANZA_ID,
    "urn:xmpp:mam:2#extended",
    ns::CSI,
    ns::LAST,
    ns::BOOKMARKS_COMPAT,
    "http://jabber.org/protocol/pubsub#publish",
    "http://jabber.org/protocol/pubsub#publish-options",
];
/// What an account can do besides.
const ACCOUNT: [&str; 8] = [
    "http://jabber.org/protocol/pubsub#access-presence",
    "http://jabber.org/protocol/pubsub#auto-create",
    "http://jabber.org/protocol/pubsub#retrieve-items",
    "http://jabber.org/protocol/pubsub#retract-items",
    "http://jabber.org/protocol/pubsub#persistent-items",
    "http://jabber.org/protocol/pubsub#config-node-max",
    ns::PUBSUB,
    "urn:xmpp:pep-vcard-conversion:0",
];
/// Where the program is from, in the hash of what it can do.
const NODE: &str = "https://leeward.invalid/server";

/// An answer to `disco#info`.
pub(crate) fn info<'a>(
    (category, kind, name): (&'static str, &'static str, &str),
    features: impl IntoIterator<Item = &'a str>,
    form: Option<Element>,
) -> Element {
    let identity = Element::new("identity", ns::DISCO_INFO)
        .with("category", category)
        .with("type", kind)
        .with("name", name);
    let feature = |var: &str| Element::new("feature", ns::DISCO_INFO).with("var", var);
    Element::new("query", ns::DISCO_INFO)
        .child(identity)
        .children(features.into_iter().map(feature))
        .children(form)
}

/// A form (XEP-0004): each field with its type and value.
pub(crate) fn form(
    kind: &'static str,
    name: &str,
    fields: &[(&'static str, &'static str, &str)],
) -> Element {
    let field = |(var, kind, value): &(&'static str, &'static str, &str)| {
        Element::new("field", ns::DATA_FORMS)
            .with("var", *var)
            .with("type", *kind)
            .child(Element::new("value", ns::DATA_FORMS).text(*value))
    };
    Element::new("x", ns::DATA_FORMS)
        .with("type", kind)
        .child(field(&("FORM_TYPE", "hidden", name)))
        .children(fields.iter().map(field))
}

fn server(domain: &Domain) -> Element {
    // The program's name and not the workspace's, which may change: the hash among the features of a
    // stream is the same for as long as the program is, and spares clients the question.
    let mut info = info(("server", "im", domain.software.0), SERVER, None);
    let pep =
        Element::new("identity", ns::DISCO_INFO).with("category", "pubsub").with("type", "pep");
    info.push(pep.into());
    info
}

/// What stands among the features of a stream (XEP-0115, section 6.3).
pub fn caps(domain: &Domain) -> Element {
    Element::new("c", ns::CAPS)
        .with("hash", "sha-1")
        .with("node", NODE)
        .with("ver", version(&server(domain)))
}

/// The hash of what something can do (XEP-0115, section 5.1).
pub(crate) fn version(info: &Element) -> String {
    let part = |element: &Element, name| element.attribute(name).unwrap_or_default().to_owned();
    let mut identities: Vec<String> = info
        .elements()
        .filter(|e| e.is("identity", ns::DISCO_INFO))
        .map(|e| {
            let lang = part(e, "xml:lang");
            format!("{}/{}/{lang}/{}<", part(e, "category"), part(e, "type"), part(e, "name"))
        })
        .collect();
    identities.sort_unstable();
    let features = info.elements().filter(|e| e.is("feature", ns::DISCO_INFO));
    let mut features: Vec<String> = features.map(|e| format!("{}<", part(e, "var"))).collect();
    features.sort_unstable();
    let mut forms: Vec<String> = info.elements().filter_map(form_text).collect();
    forms.sort_unstable();
    let text = identities.concat() + &features.concat() + &forms.concat();
    STANDARD.encode(sha1::Sha1::digest(text.as_bytes()))
}

/// A form among what something can do, for its hash.
fn form_text(form: &Element) -> Option<String> {
    let field = |field: &Element| {
        let values = field.elements().filter(|value| value.is("value", ns::DATA_FORMS));
        let mut values: Vec<String> = values.map(|v| format!("{}<", v.content())).collect();
        values.sort_unstable();
        Some((field.attribute("var")?.to_owned(), values.concat()))
    };
    if !form.is("x", ns::DATA_FORMS) {
        return None;
    }
    let mut fields: Vec<(String, String)> = form.elements().filter_map(field).collect();
    fields.sort_unstable();
    let kind = fields.iter().position(|(var, _)| var == "FORM_TYPE")?;
    let (_, mut text) = fields.remove(kind);
    fields.iter().for_each(|(var, values)| text.push_str(&format!("{var}<{values}")));
    Some(text)
}

/// Whether this is the hash of that. What could be read in two ways has none (XEP-0115, section 5.4 and its
/// security considerations).
pub(super) fn is_version_of(ver: &str, info: &Element) -> bool {
    fn plain(element: &Element) -> bool {
        let texts = ["category", "type", "name", "xml:lang", "var"];
        let attributes = texts.iter().filter_map(|name| element.attribute(name));
        attributes.chain([element.content().as_str()]).all(|text| !text.contains('<'))
            && element.elements().all(plain)
    }
    // The address of a feature, taken apart at its slashes, would pass for an identity.
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let named = |e: &Element| ["category", "type"].map(|n| e.attribute(n).is_some_and(word));
    let mut identities = info.elements().filter(|e| e.is("identity", ns::DISCO_INFO));
    identities.all(|identity| named(identity) == [true; 2]) && plain(info) && version(info) == ver
}

/// Asked of the server, of an account or of the service for files.
pub(super) fn asked(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    to: Option<&Jid>,
    iq: &Element,
) {
    let Some(query) = iq.first() else { return };
    let node = query.attribute("node").map(str::to_owned);
    let items = query.ns() == ns::DISCO_ITEMS;
    let domain = std::sync::Arc::clone(&station.domain);
    let own = station.client(conn).map(|client| client.jid().bare());
    let answer = match to {
        Some(to) if to.domain == format!("files.{}", domain.name) && !items => {
            super::upload::info(&domain)
        }
        Some(to) if to.domain != domain.name => None,
        Some(to) if to.local.is_some() => {
            let known = station.account_of(around, to).is_some();
            let mine = own == Some(to.bare());
            match (known, items) {
                (true, false) => Some(account(mine)),
                (true, true) => Some(Element::new("query", ns::DISCO_ITEMS)),
                (false, _) => None,
            }
        }
        None if items => Some(Element::new("query", ns::DISCO_ITEMS)),
        None => Some(account(true)),
        Some(_) if items => Some(services(&domain)),
        Some(_) => Some(server(&domain)),
    };
    match answer {
        Some(answer) => station.send(conn, &result(iq, Some(answer.with_some("node", node)))),
        None => station.refuse(conn, iq, Condition::ServiceUnavailable, None),
    }
}

fn account(mine: bool) -> Element {
    let own: &[&str] = if mine { &SERVER } else { &[ns::DISCO_INFO, ns::DISCO_ITEMS] };
    let mut info = info(("account", "registered", ""), own.iter().chain(&ACCOUNT).copied(), None);
    let pep =
        Element::new("identity", ns::DISCO_INFO).with("category", "pubsub").with("type", "pep");
    info.push(pep.into());
    info
}

fn services(domain: &Domain) -> Element {
    let item = |service: &str, name: &str| {
        Element::new("item", ns::DISCO_ITEMS)
            .with("jid", format!("{service}.{}", domain.name))
            .with("name", name)
    };
    Element::new("query", ns::DISCO_ITEMS)
        .child(item("rooms", "Rooms"))
        .child(item("files", "Files"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XEP-0115, section 5.2.
    #[test]
    fn the_example_of_the_specification_has_its_hash() {
        let mut info = info(
            ("client", "pc", "Exodus 0.9.1"),
            [ns::CAPS, ns::DISCO_INFO, ns::DISCO_ITEMS, ns::MUC],
            None,
        );
        assert_eq!(version(&info), "QgayPKawpkPSDYmwT/WM94uAlu0=");
        info.push(Element::new("feature", ns::DISCO_INFO).with("var", "x").into());
        assert_ne!(version(&info), "QgayPKawpkPSDYmwT/WM94uAlu0=");
    }

    #[test]
    fn a_feature_that_is_said_to_be_an_identity_gives_no_hash() {
        let nick = "http://jabber.org/protocol/nick+notify";
        let client = Element::new("identity", ns::DISCO_INFO)
            .with("category", "client")
            .with("type", "pc")
            .with("name", "App 1/2");
        let feature = |var: &str| Element::new("feature", ns::DISCO_INFO).with("var", var);
        let info = |second: Element| {
            let info = Element::new("query", ns::DISCO_INFO).child(client.clone());
            info.child(second).child(feature(ns::PING))
        };
        let true_one = info(feature(nick));
        let ver = version(&true_one);
        assert!(is_version_of(&ver, &true_one));
        let forged = Element::new("identity", ns::DISCO_INFO)
            .with("category", "http:")
            .with("type", "")
            .with("xml:lang", "jabber.org")
            .with("name", "protocol/nick+notify");
        let forged = info(forged);
        assert_eq!(version(&forged), ver, "both are written the same");
        assert!(!is_version_of(&ver, &forged));
    }
}
