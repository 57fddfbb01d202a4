//! An element: built by whoever answers, taken apart by whoever is asked.

use super::{escape_attribute, escape_text};
use crate::ns;
use std::borrow::Cow;

/// An element with all that is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Element {
    name: Cow<'static, str>,
    ns: Cow<'static, str>,
    attributes: Vec<(Cow<'static, str>, String)>,
    children: Vec<Node>,
}

/// What stands between two tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, unescaped.
    Text(String),
}

impl From<Element> for Node {
    fn from(element: Element) -> Self {
        Self::Element(element)
    }
}

impl Element {
    /// An empty element.
    pub fn new(name: &'static str, ns: &'static str) -> Self {
        Self::named(name, ns)
    }

    /// An empty element whose name comes from somewhere else.
    pub fn named(name: impl Into<Cow<'static, str>>, ns: impl Into<Cow<'static, str>>) -> Self {
        let (name, ns) = (name.into(), ns.into());
        Self { name, ns, attributes: Vec::new(), children: Vec::new() }
    }

    /// With an attribute. An attribute of the namespace of XML is named with its prefix: `xml:lang`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// With an attribute if there is a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a child at the end.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// With more children.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    /// With text at the end.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name, value)),
        }
    }

    /// Adds a child or text at the end.
    pub fn push(&mut self, node: Node) {
        self.children.push(node);
    }

    /// Adds text at the end, to the text that is there.
    pub(super) fn add_text(&mut self, more: String) {
        match self.children.last_mut() {
            Some(Node::Text(text)) => text.push_str(&more),
            Some(Node::Element(_)) | None => self.children.push(Node::Text(more)),
        }
    }

    /// Adds an element at the end of its last child.
    pub fn push_into_last(&mut self, element: Self) {
        if let Some(Node::Element(last)) = self.children.last_mut() {
            last.push(element.into());
        }
    }

    /// Its name without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its namespace.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// Whether it is called so.
    pub fn is(&self, name: &str, ns: &str) -> bool {
        self.name == name && self.ns == ns
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first child of that name.
    pub fn find(&self, name: &str, ns: &str) -> Option<&Self> {
        self.elements().find(|child| child.is(name, ns))
    }

    /// Its children, without the text between them.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        })
    }

    /// Its first child.
    pub fn first(&self) -> Option<&Self> {
        self.elements().next()
    }

    /// Its own text, without that of its children.
    pub fn content(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// Writes it inside an element of namespace `around`. An element of the stream itself keeps the
    /// prefix that clients look for; whoever writes it into a frame of its own sets `xmlns:stream` on it.
    pub fn write(&self, out: &mut String, around: &str) {
        if self.ns == ns::STREAM {
            out.push_str("<stream:");
            out.push_str(&self.name);
            return self.write_inside(out, "", "stream:");
        }
        self.write_child(out, Some(around));
    }

    /// Writes it inside an element that makes this namespace the usual one, or none.
    fn write_child(&self, out: &mut String, around: Option<&str>) {
        out.push('<');
        out.push_str(&self.name);
        if around != Some(&*self.ns) {
            out.push_str(" xmlns='");
            escape_attribute(&self.ns, out);
            out.push('\'');
        }
        self.write_inside(out, "", "");
    }

    /// Writes what follows its name and namespace, without the attribute `except`.
    pub fn write_rest(&self, out: &mut String, except: &str) {
        self.write_inside(out, except, "");
    }

    fn write_inside(&self, out: &mut String, except: &str, prefix: &str) {
        if self.attributes.iter().any(|(name, _)| name.starts_with("xmpp:")) {
            out.push_str(" xmlns:xmpp='urn:xmpp:xbosh'");
        }
        for (name, value) in self.attributes.iter().filter(|(name, _)| name != except) {
            out.push(' ');
            out.push_str(name);
            out.push_str("='");
            escape_attribute(value, out);
            out.push('\'');
        }
        if self.children.is_empty() {
            return out.push_str("/>");
        }
        out.push('>');
        // A prefix leaves the usual namespace as it was around its element.
        let around = prefix.is_empty().then_some(&*self.ns);
        for child in &self.children {
            match child {
                Node::Element(child) => child.write_child(out, around),
                Node::Text(text) => escape_text(text, out),
            }
        }
        out.push_str("</");
        out.push_str(prefix);
        out.push_str(&self.name);
        out.push('>');
    }

    /// As text, inside a stream of `jabber:client`.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, ns::CLIENT);
        out
    }

    /// As text that can stand alone.
    pub fn to_document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, "");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_written_with_the_namespaces_that_change() {
        let query = Element::new("query", ns::DISCO_INFO).with("node", "a'b");
        let iq = Element::new("iq", ns::CLIENT).with("type", "result").child(query).text("1<2");
        assert_eq!(
            iq.to_text(),
            "<iq type='result'><query xmlns='http://jabber.org/protocol/disco#info' \
             node='a&apos;b'/>1&lt;2</iq>"
        );
        let features = Element::new("features", ns::STREAM).child(Element::new("bind", ns::BIND));
        assert_eq!(
            features.to_text(),
            "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
        );
    }

    #[test]
    fn what_is_after_the_name_is_written_without_the_address() {
        let message = Element::new("message", ns::CLIENT).with("to", "a").with("from", "b");
        let mut out = String::new();
        message.write_rest(&mut out, "to");
        assert_eq!(out, " from='b'/>");
    }
}
