//! Whom a text names: `@name` for an account, `@room` for everybody in the room.
//!
//! What stands in code, in an address or in an e-mail address names nobody. Whether a name belongs to
//! an account is for the caller to look up.

/// Whom a text names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mentions<'a> {
    /// Names as they were typed, each once, in the order of the text; account names are lower case,
    /// so compare them without regard to case.
    pub names: Vec<&'a str>,
    /// The whole room is named, as `@room`.
    pub room: bool,
}

/// Finds whom a Markdown text names, the first [`NAMES_MAX`] of them.
pub fn mentions(text: &str) -> Mentions<'_> {
    let mut found = Mentions::default();
    let mut fence: Option<&str> = None;
    let mut open = 0;
    for (start, line) in lines(text) {
        let marks = fence_marks(line);
        let closes = fence.is_some_and(|fence| marks.starts_with(fence) && line.trim() == marks);
        if fence.is_some() {
            if closes {
                fence = None;
                open = start + line.len();
            }
        } else if !marks.is_empty() {
            in_prose(&text[open..start], &mut found);
            fence = Some(marks);
        }
    }
    if fence.is_none() {
        in_prose(&text[open..], &mut found);
    }
    found
}

/// Most names that one text can mention: more people than that are a room.
pub const NAMES_MAX: usize = 64;

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        at += line.len();
        (at - line.len(), line)
    })
}

/// The three or more backticks or tildes that a line begins with, at most three spaces in; empty
/// when it is no fence. (CommonMark 0.31, 4.5)
fn fence_marks(line: &str) -> &str {
    let rest = line.trim_start_matches(' ');
    let Some(mark @ ('`' | '~')) = rest.chars().next() else { return "" };
    let marks = &rest[..rest.len() - rest.trim_start_matches(mark).len()];
    let info = &rest[marks.len()..];
    let fits = line.len() - rest.len() <= 3 && marks.len() >= 3;
    if fits && !(mark == '`' && info.contains('`')) { marks } else { "" }
}

/// Looks through text without fences, skipping code spans: a run of backticks up to the next run of
/// the same length. (CommonMark 0.31, 6.1)
fn in_prose<'a>(text: &'a str, found: &mut Mentions<'a>) {
    let mut closers = Closers::default();
    let mut before: Option<char> = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '\\' => {
                let escaped = text[at + 1..].chars().next();
                at += 1 + escaped.map_or(0, char::len_utf8);
                before = Some('\\');
            }
            '`' => {
                let run = run_length(&text[at..]);
                at = closers.after(text, at + run, run).unwrap_or(at + run);
                before = Some('`');
            }
            '@' if before.is_none_or(may_stand_before) => {
                let name = name_at(&text[at + 1..]);
                found.add(name);
                at += 1 + name.len();
                before = Some('@');
            }
            _ => {
                at += c.len_utf8();
                before = Some(c);
            }
        }
    }
}

/// Finds closing runs of backticks; remembers the lengths that have none, so that a text of nothing
/// but openings is read once and not once per opening.
#[derive(Default)]
struct Closers {
    none: Vec<usize>,
}

impl Closers {
    fn after(&mut self, text: &str, from: usize, run: usize) -> Option<usize> {
        if self.none.contains(&run) {
            return None;
        }
        let mut at = from;
        while let Some(next) = text[at..].find('`') {
            at += next;
            let length = run_length(&text[at..]);
            at += length;
            if length == run {
                return Some(at);
            }
        }
        self.none.push(run);
        None
    }
}

fn run_length(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

/// Not within a word, an address or a path.
fn may_stand_before(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '/' | '@' | '.' | '=' | '&' | '#' | '+' | '%' | '\\' | '`')
}

/// The name that a text begins with: it ends with a letter or a digit, so that the full stop after
/// it is no part of it.
fn name_at(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
        .unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '_', '-'])
}

impl<'a> Mentions<'a> {
    fn add(&mut self, name: &'a str) {
        if name.eq_ignore_ascii_case("room") {
            self.room = true;
        } else if name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.len() <= crate::limits::NAME_BYTES_MAX
            && self.names.len() < NAMES_MAX
            && !self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
        {
            self.names.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(text: &str) -> Vec<&str> {
        mentions(text).names
    }

    #[test]
    fn a_name_after_an_at_sign_is_mentioned_once() {
        assert_eq!(names("@owner, could you? (cc @first.last) @Owner"), ["owner", "first.last"]);
        assert_eq!(names("**@bold** _@slanted_ [@linked](x)"), ["bold", "slanted", "linked"]);
        assert_eq!(names("ask @member."), ["member"]);
        assert_eq!(names("„@quoted“ ¿@guest?"), ["quoted", "guest"]);
    }

    #[test]
    fn the_whole_room_is_no_name() {
        let found = mentions("@room: lunch with @member");
        assert!(found.room);
        assert_eq!(found.names, ["member"]);
        assert!(!mentions("@roommate").room);
    }

    #[test]
    fn addresses_words_and_escapes_name_nobody() {
        for text in [
            "me@example.org",
            "https://example.org/@owner",
            "a@b",
            "@@owner",
            "\\@owner",
            "@",
            "@-x",
        ] {
            assert_eq!(mentions(text), Mentions::default(), "{text}");
        }
    }

    #[test]
    fn code_spans_name_nobody() {
        assert_eq!(names("`@one` @two ``a ` @three`` @four"), ["two", "four"]);
        assert_eq!(names("`@one is not closed, @two"), ["two"]);
        assert_eq!(names(r"\`@one` @two"), ["two"]);
    }

    #[test]
    fn fenced_code_names_nobody() {
        assert_eq!(names("@a1\n```rust\n@b2\n```\n@c3"), ["a1", "c3"]);
        assert_eq!(names("~~~~\n@b2\n~~~\n@c3\n~~~~~\n@d4"), ["d4"]);
        assert_eq!(names("```\n@b2 to the end"), Vec::<&str>::new());
        assert_eq!(names("``` not a `fence`\n@b2"), ["b2"]);
        assert_eq!(names("```\n``` @b2\n```\n@c3"), ["c3"]);
    }

    #[test]
    fn a_list_of_everybody_is_cut() {
        let text: String = (0..200).map(|i| format!("@n{i} ")).collect();
        assert_eq!(names(&text).len(), NAMES_MAX);
    }

    #[test]
    fn a_text_of_unclosed_code_spans_is_read_in_linear_time() {
        let text: String = (1..250).map(|n| format!("{} ", "`".repeat(n))).collect();
        assert_eq!(mentions(&text), Mentions::default());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in r"([@`~\\a-z.\n é_]|```\n){0,80}") {
            for name in names(&text) {
                prop_assert!(text.contains(name));
            }
        }
    }
}
