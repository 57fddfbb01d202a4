//! A resource for who has signed in, or the session that they had (RFC 6120 section 7, XEP-0386,
//! XEP-0198).

use super::{BindRequest, Output, State, Stream};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, Kind, error, result};
use crate::xml::Element;

/// The session that takes the place of a resource, in the identifier of XEP-0388: it had one.
const RESUMED: &str = "";

impl Stream {
    /// An element of who has signed in and bound nothing.
    pub(super) fn bind(&mut self, element: &Element, out: &mut Vec<Output>) {
        if element.is("resume", ns::SM) {
            let h = element.attribute("h").and_then(|h| h.parse().ok());
            let Some((previd, h)) = element.attribute("previd").zip(h) else {
                return self.fail("invalid-xml", out);
            };
            self.state = State::Asking;
            let previd = previd.to_owned();
            if let Some(opening) = &mut self.opening {
                opening.previd = Some(previd.clone());
            }
            return out.push(Output::Resume { previd, h, token: None });
        }
        if element.ns() == ns::SM {
            let unexpected = Element::new("unexpected-request", ns::STANZA_ERRORS);
            return self.write(&Element::new("failed", ns::SM).child(unexpected), out);
        }
        let bind = element.find("bind", ns::BIND);
        match (Kind::of(element), bind) {
            (Some(Kind::Iq), Some(bind)) if element.attribute("type") == Some("set") => {
                let asked = bind.find("resource", ns::BIND).map(Element::content);
                let resource = match asked.filter(|asked| !asked.is_empty()) {
                    None => None,
                    // In the address of a resource everything is allowed that can be one.
                    Some(asked) => match Jid::parse(&format!("a@b/{asked}")) {
                        Ok(jid) => jid.resource,
                        Err(_) => {
                            let refused = error(element, Condition::BadRequest, None);
                            return self.write(&refused, out);
                        }
                    },
                };
                if let Some(opening) = &mut self.opening {
                    opening.bind_id = Some(element.attribute("id").unwrap_or_default().to_owned());
                }
                self.state = State::Asking;
                out.push(Output::Bind(BindRequest { resource, ..BindRequest::default() }));
            }
            (Some(_), _) if element.attribute("type") != Some("error") => {
                self.write(&error(element, Condition::NotAuthorized, None), out);
                self.fail("not-authorized", out);
            }
            (Some(_) | None, _) => self.fail("not-authorized", out),
        }
    }

    pub(super) fn bound(
        &mut self,
        jid: &Jid,
        sm: Option<String>,
        token: Option<(String, String)>,
        out: &mut Vec<Output>,
    ) {
        if self.state != State::Asking {
            return;
        }
        if self.finishes_sasl2() {
            let asked = self.opening.as_ref().and_then(|o| o.inline.as_ref());
            let managed = asked.and_then(|inline| inline.bind.as_ref()?.sm);
            let failed = asked.and_then(|inline| inline.failed).map(failed);
            let enabled = managed.map(|_| enabled(sm.as_deref()));
            let bound = Element::new("bound", ns::BIND2).children(enabled);
            let done: Vec<Element> = std::iter::once(bound).chain(failed).collect();
            return self.finish_sasl2(jid.resource.as_deref(), &done, token, out);
        }
        let id = self.opening.as_mut().and_then(|o| o.bind_id.take()).unwrap_or_default();
        let request = Element::new("iq", ns::CLIENT).with("id", id);
        let full = Element::new("jid", ns::BIND).text(jid.to_string());
        let bound = Element::new("bind", ns::BIND).child(full);
        self.state = State::Live;
        self.write(&result(&request, Some(bound)), out);
    }

    pub(super) fn resumed(
        &mut self,
        h: u32,
        token: Option<(String, String)>,
        out: &mut Vec<Output>,
    ) {
        if self.state != State::Asking {
            return;
        }
        let inline = self.opening.as_ref().and_then(|o| o.inline.as_ref());
        let asked = inline.and_then(|inline| inline.resume.clone());
        let previd =
            asked.map(|(previd, _)| previd).or_else(|| self.opening.as_mut()?.previd.take());
        let resumed =
            Element::new("resumed", ns::SM).with_some("previd", previd).with("h", h.to_string());
        if self.finishes_sasl2() {
            return self.finish_sasl2(Some(RESUMED), &[resumed], token, out);
        }
        self.state = State::Live;
        self.write(&resumed, out);
    }

    pub(super) fn not_resumed(&mut self, h: Option<u32>, out: &mut Vec<Output>) {
        if self.state != State::Asking {
            return;
        }
        if !self.finishes_sasl2() {
            self.state = State::Binding;
            return self.write(&failed(h), out);
        }
        let inline = self.opening.as_mut().and_then(|o| o.inline.as_mut());
        let bind = inline.and_then(|inline| {
            inline.failed = Some(h);
            Some((inline.bind.clone()?, inline.token.clone()))
        });
        match bind {
            Some((bind, token)) => out.push(Output::Bind(BindRequest { token, ..bind })),
            None => self.finish_sasl2(None, &[failed(h)], None, out),
        }
    }
}

fn failed(h: Option<u32>) -> Element {
    Element::new("failed", ns::SM)
        .with_some("h", h.map(|h| h.to_string()))
        .child(Element::new("item-not-found", ns::STANZA_ERRORS))
}

/// The answer to a request to manage a stream; `id`: it can be taken up again.
pub fn enabled(id: Option<&str>) -> Element {
    let enabled = Element::new("enabled", ns::SM);
    match id {
        Some(id) => enabled.with("id", id).with("resume", "true").with("max", MAX_S.to_string()),
        None => enabled,
    }
}

/// How long a session can be taken up again, in seconds.
pub const MAX_S: u32 = 600;
