//! What people type into the search field: words, "phrases" and the operators
//! `from: in: before: after: has:`.
//!
//! Pure reading: names are not looked up here, and what the searcher may see is the store's to know.

use crate::code::{Code, Refusal};
use crate::id::Millis;

/// What to look for. All parts hold at once; within `from`, and within `rooms`, any one of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SearchQuery {
    /// Each occurs, in any order; the last may be the beginning of a word.
    pub words: Vec<String>,
    /// Each occurs as it stands.
    pub phrases: Vec<String>,
    /// Names of authors, in lower case without `@`; `me` is the searcher.
    pub from: Vec<String>,
    /// Names of rooms, in lower case without `#`.
    pub rooms: Vec<String>,
    /// Sent earlier than this moment.
    pub before: Option<Millis>,
    /// Sent at this moment or later.
    pub after: Option<Millis>,
    /// Each is there.
    pub has: Vec<Has>,
}

/// What a message may have besides words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Has {
    /// A file of any kind.
    File,
    /// A file that is an image.
    Image,
    /// An address (`http://` or `https://`).
    Link,
}

impl SearchQuery {
    /// Reads a query. Days begin at midnight UTC; `before:` a day, month or year excludes it, and so
    /// does `after:`. An operator nobody knows is a word like any other.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for a date or a `has:` of another form, or nothing to look for;
    /// [`Code::TooLong`] above [`QUERY_BYTES_MAX`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > QUERY_BYTES_MAX {
            let most = format!("a query is at most {QUERY_BYTES_MAX} bytes long");
            return Err(Refusal::because(Code::TooLong, most));
        }
        let mut query = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (operator, after) = operator(rest);
            let (value, quoted, after) = value(after);
            query.add(operator, value, quoted)?;
            rest = after.trim_start();
        }
        if query == Self::default() {
            return Err(bad("nothing to look for".into()));
        }
        Ok(query)
    }

    fn add(
        &mut self,
        operator: Option<Operator>,
        value: &str,
        quoted: bool,
    ) -> Result<(), Refusal> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(());
        }
        match operator {
            None if quoted => self.phrases.push(value.to_owned()),
            None => self.words.push(value.to_owned()),
            Some(Operator::From) => self.from.push(name(value, '@')),
            Some(Operator::In) => self.rooms.push(name(value, '#')),
            Some(Operator::Before) => self.before = earlier(self.before, span(value)?.0),
            Some(Operator::After) => self.after = self.after.max(Some(span(value)?.1)),
            Some(Operator::Has) => self.has.push(has(value)?),
        }
        Ok(())
    }
}

/// Longest query, in bytes: the longest that has been typed and not pasted is far below.
pub const QUERY_BYTES_MAX: usize = 512;

#[derive(Clone, Copy)]
enum Operator {
    From,
    In,
    Before,
    After,
    Has,
}

/// The operator that a text begins with, and what follows it.
fn operator(text: &str) -> (Option<Operator>, &str) {
    const OPERATORS: [(&str, Operator); 5] = [
        ("from:", Operator::From),
        ("in:", Operator::In),
        ("before:", Operator::Before),
        ("after:", Operator::After),
        ("has:", Operator::Has),
    ];
    OPERATORS
        .iter()
        .find_map(|(word, operator)| {
            let (head, rest) = text.split_at_checked(word.len())?;
            head.eq_ignore_ascii_case(word).then_some((Some(*operator), rest))
        })
        .unwrap_or((None, text))
}

/// A quoted value or a word, whether it was quoted, and what follows it. A quotation that is not
/// closed goes to the end.
fn value(text: &str) -> (&str, bool, &str) {
    let quotes = ['"', '“', '”', '„'];
    if let Some(inner) = text.strip_prefix(quotes) {
        return match inner.split_once(quotes) {
            Some((value, rest)) => (value, true, rest),
            None => (inner, true, ""),
        };
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, false, rest)
}

fn name(value: &str, mark: char) -> String {
    value.strip_prefix(mark).unwrap_or(value).to_lowercase()
}

fn has(value: &str) -> Result<Has, Refusal> {
    match value.to_ascii_lowercase().as_str() {
        "file" | "files" => Ok(Has::File),
        "image" | "images" => Ok(Has::Image),
        "link" | "links" => Ok(Has::Link),
        _ => Err(bad(format!("has:{value} is not known; use has:file, has:image or has:link"))),
    }
}

fn earlier(known: Option<Millis>, given: Millis) -> Option<Millis> {
    Some(known.map_or(given, |known| known.min(given)))
}

/// The first moment of a year, month or day, and the first moment after it.
fn span(value: &str) -> Result<(Millis, Millis), Refusal> {
    let wrong = || bad(format!("{value} is not a date; write 2026-11-21, 2026-11 or 2026"));
    let mut parts = value.splitn(3, '-');
    let mut part = |digits: usize| -> Result<Option<u32>, Refusal> {
        let Some(text) = parts.next() else { return Ok(None) };
        let plain = text.len() <= digits && text.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return Err(wrong());
        }
        text.parse().map(Some).map_err(|_| wrong())
    };
    let year = part(4)?.filter(|year| (1970..=9999).contains(year)).ok_or_else(wrong)?;
    let (month, day) = (part(2)?, part(2)?);
    let first = (year, month.unwrap_or(1), day.unwrap_or(1));
    if !(1..=12).contains(&first.1) || !(1..=days_of_month(first.0, first.1)).contains(&first.2) {
        return Err(wrong());
    }
    let start = days_before(first);
    let days = match (month, day) {
        (None, _) => days_before((year + 1, 1, 1)) - start,
        (Some(month), None) => days_of_month(year, month),
        (Some(_), Some(_)) => 1,
    };
    let moment = |days: u32| Millis(u64::from(days) * 86_400_000);
    Ok((moment(start), moment(start + days)))
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar that is not before it.
fn days_before((year, month, day): (u32, u32, u32)) -> u32 {
    let leap_days = |year: u32| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    years + (1..month).map(|month| days_of_month(year, month)).sum::<u32>() + day - 1
}

fn bad(message: String) -> Refusal {
    Refusal::because(Code::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> SearchQuery {
        SearchQuery::parse(text).expect("well formed")
    }

    fn refused(text: &str) -> String {
        SearchQuery::parse(text).expect_err("must be refused").message
    }

    #[test]
    fn words_and_phrases_are_told_apart() {
        let query = parse(r#"  ship "release notes"  tomorrow "#);
        assert_eq!(query.words, ["ship", "tomorrow"]);
        assert_eq!(query.phrases, ["release notes"]);
        assert_eq!(parse("„zwei Wörter“ “curly ones”").phrases, ["zwei Wörter", "curly ones"]);
        assert_eq!(parse("\"open to the end").phrases, ["open to the end"]);
    }

    #[test]
    fn operators_take_names_with_and_without_their_mark() {
        let query = parse("from:@Owner from:me in:#Lobby in:\"größe\" words");
        assert_eq!(query.from, ["owner", "me"]);
        assert_eq!(query.rooms, ["lobby", "größe"]);
        assert_eq!(query.words, ["words"]);
    }

    #[test]
    fn what_is_no_operator_is_a_word() {
        assert_eq!(parse("https://example.org http:x foo:bar").words.len(), 3);
        assert_eq!(parse("\"from:owner\"").phrases, ["from:owner"]);
        assert_eq!(parse("x in:").words, ["x"]);
    }

    #[test]
    fn a_day_is_excluded_by_both_its_bounds() {
        let query = parse("before:2026-11-21 after:2026-11-01 x");
        assert_eq!(query.before, Some(Millis(1_795_219_200_000)));
        assert_eq!(query.after, Some(Millis(1_793_577_600_000)));
    }

    #[test]
    fn months_and_years_are_dates_and_the_narrower_bound_wins() {
        assert_eq!(parse("after:2024-02").after, Some(Millis(1_709_251_200_000)));
        assert_eq!(parse("after:1970").after, Some(Millis(365 * 86_400_000)));
        assert_eq!(parse("before:2000 before:1999-12-31").before, Some(Millis(946_598_400_000)));
        assert_eq!(parse("after:2000-02-29").after, Some(Millis(951_868_800_000)));
    }

    #[test]
    fn dates_that_do_not_exist_are_refused_with_the_form() {
        for text in [
            "before:2026-02-29",
            "after:yesterday",
            "after:2026-13",
            "before:1969",
            "before:2026-1-1-1",
            "before:20261121",
            "after:2026-00-10",
            "after:+026",
        ] {
            assert!(refused(text).contains("is not a date"), "{text}");
        }
    }

    #[test]
    fn has_names_what_it_knows() {
        assert_eq!(parse("has:link has:FILE has:image").has, [Has::Link, Has::File, Has::Image]);
        assert!(refused("has:soul").contains("has:file, has:image or has:link"));
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(refused("  \"\" "), "nothing to look for");
        assert!(refused(&"x".repeat(513)).contains("at most 512 bytes"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in r#"((from:|in:|before:|after:|has:|[0-9]{1,4}-?)|["“ a-zé-]){0,30}"#) {
            let _ = SearchQuery::parse(&text);
        }

        #[test]
        fn days_are_counted_without_gaps(year in 1970u32..9999, month in 1u32..=12) {
            let next = if month == 12 { (year + 1, 1, 1) } else { (year, month + 1, 1) };
            prop_assert_eq!(days_before((year, month, 1)) + days_of_month(year, month), days_before(next));
        }
    }
}
