//! Finds the elements in a stream of bytes and the few values wanted of them, without a tree: the
//! servers under load write what they like, but they write XML. Never checks that it is well formed.

use std::fmt::{self, Display, Formatter};

/// The longest element a server may send: a room of thousands fits in no stanza.
const ELEMENT_BYTES_MAX: usize = 1 << 20;

/// What a stream is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Piece<'a> {
    /// The start tag of the stream.
    Header(&'a [u8]),
    /// An element below it.
    Element(&'a [u8]),
    /// The end tag of the stream.
    End,
}

/// How a stream goes on after a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    /// As before.
    On,
    /// With a header anew, as after SASL (RFC 6120, 6.4.6).
    Restart,
}

/// An element is too long, or ends before it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Unreadable;

impl Display for Unreadable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the stream cannot be read")
    }
}

impl std::error::Error for Unreadable {}

/// Splits bytes into pieces. Holds no bytes between two elements.
#[derive(Default, Debug)]
pub(crate) struct Scanner {
    depth: u32,
    place: Place,
    /// The beginning of an element whose end has not come.
    rest: Vec<u8>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum Place {
    /// Outside of a tag.
    #[default]
    Text,
    /// Behind a `<`.
    Open,
    /// In a tag, of which kind, and within which quotes.
    Tag(Tag, u8),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tag {
    Start,
    End,
    Declaration,
}

impl Scanner {
    /// Hands each piece of what came to `hear`.
    ///
    /// # Errors
    /// [`Unreadable`]; nothing more can be read.
    pub(crate) fn feed(
        &mut self,
        input: &[u8],
        hear: &mut impl FnMut(Piece<'_>) -> Flow,
    ) -> Result<(), Unreadable> {
        if self.rest.is_empty() {
            let begun = self.scan(input, 0, hear)?;
            self.rest = input[begun..].to_vec();
        } else {
            let known = self.rest.len();
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(input);
            let begun = self.scan(&all, known, hear)?;
            // A buffer that has grown is given back with the element it has grown for.
            self.rest = if begun == 0 { all } else { all[begun..].to_vec() };
        }
        if self.rest.len() > ELEMENT_BYTES_MAX { Err(Unreadable) } else { Ok(()) }
    }

    /// Goes on at `at`, which is in the piece that begins at 0; where the one begins that is left.
    fn scan(
        &mut self,
        all: &[u8],
        mut at: usize,
        hear: &mut impl FnMut(Piece<'_>) -> Flow,
    ) -> Result<usize, Unreadable> {
        let mut begun = 0;
        while at < all.len() {
            match self.place {
                Place::Text => {
                    let Some(open) = find(&all[at..], b'<') else { break };
                    if self.depth <= 1 {
                        begun = at + open;
                    }
                    (self.place, at) = (Place::Open, at + open + 1);
                }
                Place::Open => {
                    let tag = match all[at] {
                        b'/' => Tag::End,
                        b'?' | b'!' => Tag::Declaration,
                        _ => Tag::Start,
                    };
                    self.place = Place::Tag(tag, 0);
                }
                Place::Tag(tag, 0) => {
                    let wanted = |b: &u8| matches!(b, b'>' | b'"' | b'\'');
                    let Some(next) = all[at..].iter().position(wanted) else { return Ok(begun) };
                    at += next + 1;
                    let byte = all[at - 1];
                    if byte != b'>' {
                        self.place = Place::Tag(tag, byte);
                        continue;
                    }
                    self.place = Place::Text;
                    let empty = all[..at - 1].ends_with(b"/");
                    if let Some(flow) = self.tag(tag, empty, &all[begun..at], hear)? {
                        self.depth = if flow == Flow::Restart { 0 } else { self.depth };
                        begun = at;
                    }
                }
                Place::Tag(tag, quote) => {
                    let Some(next) = find(&all[at..], quote) else { return Ok(begun) };
                    (self.place, at) = (Place::Tag(tag, 0), at + next + 1);
                }
            }
        }
        // White space between elements keeps a connection alive and means nothing.
        let between = self.place == Place::Text && self.depth <= 1;
        Ok(if between { all.len() } else { begun })
    }

    /// A tag has ended; how the stream goes on if a piece has ended with it.
    fn tag(
        &mut self,
        tag: Tag,
        empty: bool,
        piece: &[u8],
        hear: &mut impl FnMut(Piece<'_>) -> Flow,
    ) -> Result<Option<Flow>, Unreadable> {
        let heard = match (tag, self.depth) {
            (Tag::Declaration, 0 | 1) => Flow::On,
            (Tag::Declaration, _) => return Ok(None),
            (Tag::End, 0) => return Err(Unreadable),
            (Tag::Start, 0) if empty => hear(Piece::End),
            (Tag::Start, 0) => {
                self.depth = 1;
                hear(Piece::Header(piece))
            }
            (Tag::Start, 1) if empty => hear(Piece::Element(piece)),
            (Tag::Start, _) => {
                self.depth += u32::from(!empty);
                return Ok(None);
            }
            (Tag::End, 1) => {
                self.depth = 0;
                hear(Piece::End)
            }
            (Tag::End, 2) => {
                self.depth = 1;
                hear(Piece::Element(piece))
            }
            (Tag::End, _) => {
                self.depth -= 1;
                return Ok(None);
            }
        };
        Ok(Some(heard))
    }
}

fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|b| *b == wanted)
}

/// Where `wanted` begins.
fn find_all(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, rest) = wanted.split_first()?;
    let mut at = 0;
    while let Some(next) = find(&bytes[at..], *first) {
        if bytes[at + next + 1..].starts_with(rest) {
            return Some(at + next);
        }
        at += next + 1;
    }
    None
}

fn ends_name(byte: u8) -> bool {
    matches!(byte, b' ' | b'/' | b'>' | b'\t' | b'\r' | b'\n')
}

/// The name of an element without its prefix.
pub(crate) fn name(element: &[u8]) -> &[u8] {
    let tag = element.get(1..).unwrap_or_default();
    let end = tag.iter().position(|b| ends_name(*b)).unwrap_or(tag.len());
    let whole = &tag[..end];
    find(whole, b':').map_or(whole, |colon| &whole[colon + 1..])
}

/// The value of an attribute of the outermost element, as written: not unescaped.
pub(crate) fn attribute<'a>(element: &'a [u8], wanted: &[u8]) -> Option<&'a str> {
    let mut at = element.iter().position(|b| ends_name(*b))?;
    loop {
        at += element[at..].iter().position(|b| !b.is_ascii_whitespace())?;
        if matches!(element[at], b'>' | b'/') {
            return None;
        }
        let equals = at + find(&element[at..], b'=')?;
        let open = equals + element[equals..].iter().position(|b| matches!(b, b'"' | b'\''))?;
        let close = open + 1 + find(&element[open + 1..], element[open])?;
        if element[at..equals].trim_ascii_end() == wanted {
            return std::str::from_utf8(&element[open + 1..close]).ok();
        }
        at = close + 1;
    }
}

/// The first element of this name, from its `<` to the end of what surrounds it. Text holds no `<`.
pub(crate) fn child<'a>(element: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut at = 1;
    loop {
        at += find_all(element.get(at..)?, wanted)?;
        let end = element.get(at + wanted.len()).copied()?;
        if element[at - 1] == b'<' && ends_name(end) {
            return Some(&element[at - 1..]);
        }
        at += wanted.len();
    }
}

/// The text in the first element of this name, as written; empty where there is none.
pub(crate) fn text<'a>(element: &'a [u8], wanted: &[u8]) -> Option<&'a str> {
    let child = child(element, wanted)?;
    let tag = find(child, b'>')?;
    if child[..tag].ends_with(b"/") {
        return Some("");
    }
    let text = &child[tag + 1..];
    std::str::from_utf8(&text[..find(text, b'<')?]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STREAM: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' id=\"a>b\">\
        <stream:features><bind a='/>'/><m>PLAIN</m></stream:features> \n\
        <success xmlns='s'/><iq type='result'/><message from='r@x/n'><body>1 > 2</body></message>\
        </stream:stream>";

    fn pieces(chunks: &[&[u8]]) -> Vec<String> {
        let (mut scanner, mut all) = (Scanner::default(), Vec::new());
        for chunk in chunks {
            let mut hear = |piece: Piece<'_>| {
                let words = match piece {
                    Piece::Header(bytes) => ("header", bytes),
                    Piece::Element(bytes) => ("element", bytes),
                    Piece::End => ("end", &b""[..]),
                };
                all.push(format!("{} {}", words.0, String::from_utf8_lossy(words.1)));
                Flow::On
            };
            scanner.feed(chunk, &mut hear).expect("readable");
        }
        all
    }

    #[test]
    fn a_stream_falls_into_its_header_its_elements_and_its_end() {
        let pieces = pieces(&[STREAM.as_bytes()]);
        assert_eq!(pieces.len(), 6, "{pieces:#?}");
        assert!(pieces[0].starts_with("header <stream:stream"), "{}", pieces[0]);
        assert!(pieces[0].ends_with("id=\"a>b\">"), "{}", pieces[0]);
        assert!(pieces[1].ends_with("</stream:features>"), "{}", pieces[1]);
        assert_eq!(pieces[3], "element <iq type='result'/>");
        assert!(pieces[4].contains("1 > 2"), "{}", pieces[4]);
        assert_eq!(pieces[5], "end ");
    }

    #[test]
    fn a_header_may_come_anew_after_an_element() {
        let (mut scanner, mut headers) = (Scanner::default(), 0);
        let mut hear = |piece: Piece<'_>| {
            headers += u32::from(matches!(piece, Piece::Header(_)));
            let success = matches!(piece, Piece::Element(e) if name(e) == b"success");
            if success { Flow::Restart } else { Flow::On }
        };
        scanner.feed(b"<s:s><success/>", &mut hear).expect("readable");
        scanner.feed(b"<?xml version='1.0'?><s:s><a/>", &mut hear).expect("readable");
        assert_eq!(headers, 2);
        assert!(scanner.rest.is_empty());
    }

    #[test]
    fn an_element_without_end_is_refused_at_a_mebibyte() {
        let mut scanner = Scanner::default();
        let mut hear = |_: Piece<'_>| Flow::On;
        scanner.feed(b"<s><message>", &mut hear).expect("readable");
        let long = vec![b'x'; ELEMENT_BYTES_MAX];
        assert_eq!(scanner.feed(&long, &mut hear), Err(Unreadable));
        assert_eq!(Scanner::default().feed(b"</s>", &mut hear), Err(Unreadable));
    }

    #[test]
    fn values_are_found_by_name_and_nothing_else() {
        let element = b"<m:message xfrom='no' to=\"it's\" from = 'r@x/n'><bodyguard/>\
            <body>text</body><subject/></m:message>";
        assert_eq!(name(element), b"message");
        assert_eq!(attribute(element, b"from"), Some("r@x/n"));
        assert_eq!(attribute(element, b"to"), Some("it's"));
        assert_eq!(attribute(element, b"body"), None);
        assert_eq!(text(element, b"body"), Some("text"));
        assert_eq!(text(element, b"subject"), Some(""));
        assert_eq!(text(element, b"thread"), None);
        assert_eq!(attribute(child(b"<a><b c='1'/></a>", b"b").expect("a b"), b"c"), Some("1"));
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(cuts in prop::collection::vec(0..STREAM.len(), 0..9)) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let bytes = STREAM.as_bytes();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(pieces(&chunks), pieces(&[bytes]));
        }

        #[test]
        fn no_bytes_make_it_fail_otherwise_than_in_words(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Scanner::default().feed(&bytes, &mut |_| Flow::On);
            let _ = (name(&bytes), attribute(&bytes, b"a"), child(&bytes, b"a"), text(&bytes, b"a"));
        }
    }
}
