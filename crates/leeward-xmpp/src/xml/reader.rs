//! Reads elements from bytes as they come, within limits.
//!
//! Between two top-level elements nothing is kept but the start tag of the stream, from which the
//! parser is made anew: most connections are idle.

use super::Element;
use super::element::Node;
use crate::ns;
use rxml::error::EndOrError;
use rxml::{AttrMap, Event, Parse, Parser};
use std::borrow::Cow;

/// What a stream may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of one top-level element.
    pub bytes_max: usize,
    /// Elements in it, itself included.
    pub elements_max: usize,
    /// Depth of nesting in it.
    pub depth_max: usize,
    /// Attributes of one element.
    pub attributes_max: usize,
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Token {
    /// The stream's own start tag, without children.
    Open(Element),
    /// A top-level element, whole.
    Element(Element),
    /// The stream's end tag.
    Close,
}

/// Why what came is no stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XmlError {
    /// It is not well-formed.
    NotWellFormed,
    /// It has what XMPP forbids: comments, instructions, types, entities (RFC 6120, 11.1).
    Restricted,
    /// A prefix or namespace is wrong.
    BadNamespace,
    /// It goes beyond a limit.
    TooBig,
}

/// Longest start tag of a stream, in bytes.
const HEADER_BYTES_MAX: usize = 4_096;

/// Reads one stream.
pub struct Reader {
    limits: Limits,
    parser: Option<Box<Parser>>,
    /// The start tag of the stream, once it is there.
    header: Vec<u8>,
    open: bool,
    partial: Option<Box<Partial>>,
}

/// An element that is being read.
#[derive(Default)]
struct Partial {
    /// It and those in it that are not closed, outermost first.
    stack: Vec<Element>,
    elements: usize,
    bytes: usize,
}

impl Reader {
    /// At the beginning of a stream.
    pub fn new(limits: Limits) -> Self {
        Self { limits, parser: None, header: Vec::new(), open: false, partial: None }
    }

    /// Changes the limits from the next top-level element on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Reads on; what of `bytes` has not been read stays in it.
    ///
    /// # Errors
    /// When it is no stream within the limits; nothing more can be read then.
    pub fn read(&mut self, bytes: &mut &[u8]) -> Result<Option<Token>, XmlError> {
        loop {
            if bytes.is_empty() && self.parser.is_none() {
                return Ok(None);
            }
            // Blanks between elements keep a connection open and mean nothing (RFC 6120, 4.6.1).
            if self.open && self.parser.is_none() {
                *bytes = bytes.trim_ascii_start();
                if bytes.is_empty() {
                    return Ok(None);
                }
            }
            let before = *bytes;
            let event = self.event(bytes);
            let taken = before.len() - bytes.len();
            if !self.open {
                self.header.extend_from_slice(&before[..taken]);
                if self.header.len() > HEADER_BYTES_MAX {
                    return Err(XmlError::TooBig);
                }
            } else {
                let partial = self.partial.get_or_insert_default();
                partial.bytes += taken;
                if partial.bytes > self.limits.bytes_max {
                    return Err(XmlError::TooBig);
                }
            }
            let Some(event) = event? else { return Ok(None) };
            if let Some(token) = self.take(event)? {
                return Ok(Some(token));
            }
        }
    }

    fn event(&mut self, bytes: &mut &[u8]) -> Result<Option<Event>, XmlError> {
        let parser = match &mut self.parser {
            Some(parser) => parser,
            None => {
                let mut parser = Box::<Parser>::default();
                parser.set_text_buffering(false);
                if self.open {
                    begin(&mut parser, &self.header)?;
                }
                self.parser.insert(parser)
            }
        };
        match parser.parse(bytes, false) {
            Ok(event) => Ok(event),
            Err(EndOrError::NeedMoreData) => Ok(None),
            Err(EndOrError::Error(e)) => Err(reason(&e)),
        }
    }

    fn take(&mut self, event: Event) -> Result<Option<Token>, XmlError> {
        let depth = self.partial.as_ref().map_or(0, |partial| partial.stack.len());
        match event {
            Event::XmlDeclaration(..) if !self.open => Ok(None),
            Event::XmlDeclaration(..) => Err(XmlError::Restricted),
            Event::StartElement(_, name, attributes) if !self.open => {
                self.open = true;
                self.header.shrink_to_fit();
                Ok(Some(Token::Open(element(name, attributes, self.limits)?)))
            }
            Event::StartElement(_, name, attributes) => {
                let element = element(name, attributes, self.limits)?;
                let partial = self.partial.get_or_insert_default();
                partial.elements += 1;
                let full = partial.elements > self.limits.elements_max;
                if full || partial.stack.len() >= self.limits.depth_max {
                    return Err(XmlError::TooBig);
                }
                partial.stack.push(element);
                Ok(None)
            }
            Event::Text(_, text) if depth == 0 => {
                let blank = text.bytes().all(|b| b.is_ascii_whitespace());
                if blank { Ok(None) } else { Err(XmlError::NotWellFormed) }
            }
            Event::Text(_, text) => {
                let parent = self.partial.as_mut().and_then(|partial| partial.stack.last_mut());
                parent.expect("the depth is not 0").add_text(text);
                Ok(None)
            }
            Event::EndElement(_) if depth == 0 => Ok(Some(Token::Close)),
            Event::EndElement(_) => Ok(self.close().map(Token::Element)),
        }
    }

    /// The innermost element ends; the outermost is given when it does.
    fn close(&mut self) -> Option<Element> {
        let partial = self.partial.as_mut()?;
        let done = partial.stack.pop()?;
        if let Some(parent) = partial.stack.last_mut() {
            parent.push(Node::Element(done));
            return None;
        }
        // Made anew for the next one, from the start tag of the stream.
        (self.partial, self.parser) = (None, None);
        Some(done)
    }
}

/// Brings a parser to where the stream's start tag ends.
fn begin(parser: &mut Parser, mut header: &[u8]) -> Result<(), XmlError> {
    loop {
        match parser.parse(&mut header, false) {
            Ok(Some(Event::StartElement(..))) => return Ok(()),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return Err(XmlError::NotWellFormed),
        }
    }
}

fn element(
    (namespace, name): rxml::QName,
    attributes: AttrMap,
    limits: Limits,
) -> Result<Element, XmlError> {
    if attributes.len() > limits.attributes_max {
        return Err(XmlError::TooBig);
    }
    let mut element = Element::named(word(name.as_str()), namespace_of(namespace.as_str()));
    for ((namespace, name), value) in attributes {
        match namespace.as_str() {
            "" => element.set(word(name.as_str()), value),
            ns::XML if name.as_str() == "lang" => element.set("xml:lang", value),
            ns::XBOSH => element.set(format!("xmpp:{}", name.as_str()), value),
            // Nothing else that is understood here has any.
            _ => {}
        }
    }
    Ok(element)
}

fn namespace_of(namespace: &str) -> Cow<'static, str> {
    ns::known(namespace).map_or_else(|| namespace.to_owned().into(), Cow::Borrowed)
}

/// Names that are in most stanzas, lent.
fn word(name: &str) -> Cow<'static, str> {
    const WORDS: [&str; 12] =
        ["message", "presence", "iq", "body", "id", "to", "from", "type", "query", "x", "r", "a"];
    let known = WORDS.iter().find(|word| **word == name);
    known.map_or_else(|| name.to_owned().into(), |word| Cow::Borrowed(*word))
}

fn reason(e: &rxml::Error) -> XmlError {
    match e {
        rxml::Error::RestrictedXml(_) | rxml::Error::UndeclaredEntity => XmlError::Restricted,
        rxml::Error::UndeclaredNamespacePrefix(_)
        | rxml::Error::ReservedNamespacePrefix
        | rxml::Error::ReservedNamespaceName
        | rxml::Error::EmptyNamespaceUri => XmlError::BadNamespace,
        rxml::Error::InvalidEof(_)
        | rxml::Error::InvalidChar(..)
        | rxml::Error::UnexpectedChar(..)
        | rxml::Error::UnexpectedByte(..)
        | rxml::Error::InvalidSyntax(_)
        | rxml::Error::UnexpectedToken(..)
        | rxml::Error::DuplicateAttribute
        | rxml::Error::ElementMismatch
        | rxml::Error::MultiColonName(_)
        | rxml::Error::EmptyNamePart(_)
        | rxml::Error::InvalidLocalName(_)
        | rxml::Error::InvalidUtf8Byte(_) => XmlError::NotWellFormed,
    }
}

/// Reads a text that is one element.
///
/// # Errors
/// When it is none within the limits.
pub fn parse(text: &str, limits: Limits) -> Result<Element, XmlError> {
    if text.len() > limits.bytes_max {
        return Err(XmlError::TooBig);
    }
    let mut reader = Reader::new(limits);
    // As in a stream that says nothing of namespaces.
    (reader.header, reader.open) = (b"<stream>".to_vec(), true);
    let mut bytes = text.as_bytes();
    match reader.read(&mut bytes)? {
        Some(Token::Element(element)) if bytes.trim_ascii().is_empty() => Ok(element),
        Some(Token::Element(_) | Token::Open(_) | Token::Close) | None => {
            Err(XmlError::NotWellFormed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { bytes_max: 1_000, elements_max: 10, depth_max: 5, attributes_max: 4 };
    const HEADER: &str = "<?xml version='1.0'?><stream:stream to='x' xmlns='jabber:client' \
         xmlns:stream='http://etherx.jabber.org/streams'>";

    /// All tokens, with the bytes coming so many at a time.
    fn tokens(text: &[u8], each: usize) -> Result<Vec<Token>, XmlError> {
        let mut reader = Reader::new(LIMITS);
        let mut tokens = Vec::new();
        for mut bytes in text.chunks(each) {
            while let Some(token) = reader.read(&mut bytes)? {
                tokens.push(token);
            }
        }
        Ok(tokens)
    }

    #[test]
    fn a_stream_is_read_the_same_however_it_is_split() {
        let text = format!(
            "{HEADER} <message to='a'><body>Gr\u{fc}\u{df}e &lt;3</body></message>\n \
             <r xmlns='urn:xmpp:sm:3'/><iq id='1'><stream:x/></iq></stream:stream>"
        );
        let whole = tokens(text.as_bytes(), text.len()).unwrap();
        assert_eq!(whole.len(), 5, "{whole:?}");
        let Token::Element(message) = &whole[1] else { panic!("{whole:?}") };
        assert!(message.is("message", ns::CLIENT));
        assert_eq!(message.find("body", ns::CLIENT).unwrap().content(), "Grüße <3");
        assert_eq!(whole[4], Token::Close);
        for each in 1..40 {
            assert_eq!(tokens(text.as_bytes(), each).unwrap(), whole, "{each}");
        }
    }

    #[test]
    fn what_xmpp_forbids_is_refused() {
        for (text, why) in [
            ("<!DOCTYPE a [<!ENTITY b 'c'>]>", XmlError::Restricted),
            ("<message>&b;</message>", XmlError::Restricted),
            ("<!-- a -->", XmlError::Restricted),
            ("<?php a?>", XmlError::Restricted),
            ("<a:message/>", XmlError::BadNamespace),
            ("<message xmlns:xml='a'/>", XmlError::BadNamespace),
            ("<message></iq>", XmlError::NotWellFormed),
            ("<message>&#0;</message>", XmlError::NotWellFormed),
            ("text", XmlError::NotWellFormed),
        ] {
            let text = format!("{HEADER}{text}");
            let found = tokens(text.as_bytes(), 7).unwrap_err();
            assert!(found == why || found == XmlError::NotWellFormed, "{text}: {found:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_wherever_they_are_split() {
        for bytes in [&b"\xc0\xaf"[..], b"\xed\xa0\x80", b"\xff", b"\xef\xbf\xbe", b"\0"] {
            let text =
                [HEADER.as_bytes(), b"<message><body>", bytes, b"</body></message>"].concat();
            for each in 1..4 {
                assert!(tokens(&text, each).is_err(), "{bytes:?}");
            }
        }
    }

    #[test]
    fn every_limit_is_kept_while_bytes_come() {
        let many = "<a/>".repeat(11);
        let deep = "<a>".repeat(6);
        let attributes: String = (0..5).map(|n| format!(" a{n}=''")).collect();
        for text in [
            format!("{HEADER}<message>{many}"),
            format!("{HEADER}{deep}"),
            format!("{HEADER}<message{attributes}/>"),
            format!("{HEADER}<message>{}", "x".repeat(1_001)),
            format!("{HEADER}<message a='{}", "x".repeat(1_001)),
            format!("<stream:stream a='{}", "x".repeat(4_096)),
        ] {
            assert_eq!(tokens(text.as_bytes(), 64), Err(XmlError::TooBig), "{text:.80}");
        }
    }

    #[test]
    fn a_frame_is_one_element_and_nothing_else() {
        let parse = |text| parse(text, LIMITS);
        assert!(parse("<message xmlns='jabber:client'/>").unwrap().is("message", ns::CLIENT));
        for text in ["<a/><b/>", "<a>", "", "a", "<a/>b", "</stream>"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_idle_reader_keeps_the_start_tag_alone() {
        let mut reader = Reader::new(LIMITS);
        let text = format!("{HEADER}<message><body>hello</body></message>");
        let mut bytes = text.as_bytes();
        while reader.read(&mut bytes).unwrap().is_some() {}
        assert!(reader.parser.is_none() && reader.partial.is_none());
        assert!(size_of::<Reader>() <= 96 && reader.header.capacity() < 200);
    }
}
