//! How a stream begins, is written and ends, over TCP, a WebSocket (RFC 7395) and BOSH.

use super::{Output, Stream, Transport};
use crate::ns;
use crate::xml::{Element, escape_attribute};

/// The very bytes by which one library knows that a WebSocket closes.
const CLOSE: &str = "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />";

impl Stream {
    /// Answers the start of a stream. `to`: for whom, once that is known.
    pub(super) fn write_header(&mut self, out: &mut Vec<Output>) {
        let domain = self.setting.domain.as_str();
        // RFC 6120, 5.4.3.3 and 6.4.6: a stream that is opened anew has another id.
        self.opened = self.opened.saturating_add(1);
        let id = match self.opened {
            1 => self.id.clone(),
            again => format!("{}-{again}", self.id),
        };
        let text = match self.transport {
            Transport::Tcp | Transport::DirectTls => format!(
                "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                 xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en' \
                 from='{domain}' id='{id}'>"
            ),
            // One library looks for `<open ` and nothing else.
            Transport::WebSocket => format!(
                "<open xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" version=\"1.0\" \
                 xml:lang=\"en\" from=\"{domain}\" id=\"{id}\" />"
            ),
            // It is in the attributes of the body.
            Transport::Bosh => String::new(),
        };
        self.begun = true;
        if !text.is_empty() {
            out.push(Output::Write(text.into()));
        }
    }

    /// Writes an element as it has to stand in this stream.
    pub(super) fn write(&self, element: &Element, out: &mut Vec<Output>) {
        let text = match self.transport {
            Transport::Tcp | Transport::DirectTls => element.to_text(),
            Transport::WebSocket | Transport::Bosh if element.ns() == ns::STREAM => {
                element.clone().with("xmlns:stream", ns::STREAM).to_document()
            }
            Transport::WebSocket | Transport::Bosh => element.to_document(),
        };
        out.push(Output::Write(text.into()));
    }

    /// Ends the stream with an error (RFC 6120, 4.9).
    pub(super) fn fail(&mut self, condition: &'static str, out: &mut Vec<Output>) {
        if self.closed {
            return;
        }
        if !self.begun {
            self.write_header(out);
        }
        let mut text = String::new();
        escape_attribute(condition, &mut text);
        let error =
            Element::new("error", ns::STREAM).child(Element::named(text, ns::STREAM_ERRORS));
        self.write(&error, out);
        self.write_close(out);
        out.push(Output::End);
    }

    pub(super) fn write_close(&mut self, out: &mut Vec<Output>) {
        self.closed = true;
        match self.transport {
            Transport::Tcp | Transport::DirectTls => {
                out.push(Output::Write("</stream:stream>".into()));
            }
            Transport::WebSocket => out.push(Output::Write(CLOSE.into())),
            Transport::Bosh => {}
        }
    }

    /// The client has closed its stream.
    pub(super) fn closed_by_client(&mut self, out: &mut Vec<Output>) {
        if !self.closed {
            out.push(Output::Closed);
            self.write_close(out);
            out.push(Output::End);
        }
    }
}
