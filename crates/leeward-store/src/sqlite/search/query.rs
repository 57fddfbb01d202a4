//! Looking things up in the index.

use super::super::{accounts, codes, pages, rooms};
use super::index::{FILE_TAG, IMAGE_TAG, LINK_TAG, LISTED_CHARS_MIN, author_tag, doc_at, room_tag};
use super::tokens::{Token, is_unspaced, tokens};
use crate::error::StoreError;
use crate::records::Hit;
use leeward_core::code::Code;
use leeward_core::event::What;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::search_query::{Has, SearchQuery};
use rusqlite::Connection;
use std::collections::BTreeSet;

/// Up to so many rooms are named to the index; of those who are in more, each match is looked at.
const ROOMS_NAMED_MAX: usize = 8;
/// Matches looked at for one question: a searcher who is in few of very many rooms gets what was found
/// among the newest so many, and the cursor to go on from there.
const LOOKED_AT_MAX: usize = 500_000;
/// Shortest beginning of a word that is completed, in characters.
const PREFIX_CHARS_MIN: usize = 3;
/// A beginning that up to so many words have is looked for as those words, newest matches first; of
/// more words, all matches must be put in order before the first is known.
const COMPLETIONS_MAX: usize = 50;
/// Length of a snippet, in characters: two lines of the list.
const SNIPPET_CHARS: usize = 160;

/// A question for the index.
pub(super) struct Question {
    pub(super) account: AccountId,
    pub(super) query: SearchQuery,
    pub(super) limit: usize,
    pub(super) before: Option<u64>,
}

/// Answers a question; `log` is read at one state.
pub(super) fn search(
    log: &Connection,
    index: &Connection,
    q: &Question,
) -> Result<Vec<Hit>, StoreError> {
    let here = rooms_of(log, q.account)?;
    let wanted = wanted_rooms(log, &here, &q.query)?;
    let Some(expression) = expression(log, index, q, &wanted)? else { return Ok(Vec::new()) };
    let first = q.query.after.map_or(0, |after| doc_at(after.0));
    let end = q.query.before.map_or(i64::MAX as u64, |before| doc_at(before.0));
    let end = q.before.map_or(end, |cursor| cursor.min(end));
    // The one line of this file that depends on the database: everything else is tokens and numbers.
    let sql = if expression.is_empty() {
        "SELECT doc FROM docs WHERE ?1 = '' AND doc >= ?2 AND doc < ?3 ORDER BY doc DESC"
    } else {
        "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC"
    };
    let mut statement = index.prepare_cached(sql)?;
    let mut rows = statement.query((&expression, first, end))?;
    let mut place_of = index.prepare_cached("SELECT place FROM docs WHERE doc = ?1")?;
    let mut hits = Vec::new();
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        let doc: u64 = row.get(0)?;
        let place: u64 = place_of.query_row([doc], |row| row.get(0))?;
        let room = codes::room_of(place);
        looked_at += 1;
        if wanted.contains(&room) {
            hits.extend(hit(log, room, place, doc, &q.query)?);
        }
        if hits.len() >= q.limit || looked_at >= LOOKED_AT_MAX {
            break;
        }
    }
    Ok(hits)
}

fn hit(
    log: &Connection,
    room: RoomId,
    place: u64,
    cursor: u64,
    query: &SearchQuery,
) -> Result<Option<Hit>, StoreError> {
    let Some(event) = pages::line_at(log, place)? else { return Ok(None) };
    let What::Message(message) = &event.what else { return Ok(None) };
    if message.deleted {
        return Ok(None);
    }
    let snippet = snippet(&message.text, query);
    Ok(Some(Hit { room, event, snippet, cursor }))
}

fn rooms_of(log: &Connection, account: AccountId) -> Result<BTreeSet<RoomId>, StoreError> {
    let mut statement = log.prepare_cached("SELECT room FROM members WHERE account = ?1")?;
    let rooms = statement.query_map([account.0], |row| row.get(0).map(RoomId))?;
    Ok(rooms.collect::<Result<_, _>>()?)
}

/// The rooms to look in: those named, or all that the account is in.
fn wanted_rooms(
    log: &Connection,
    here: &BTreeSet<RoomId>,
    query: &SearchQuery,
) -> Result<BTreeSet<RoomId>, StoreError> {
    if query.rooms.is_empty() {
        return Ok(here.clone());
    }
    let mut wanted = BTreeSet::new();
    for name in &query.rooms {
        let room = rooms::room_named(log, name)?.filter(|room| here.contains(room));
        let room = room.ok_or_else(|| {
            StoreError::because(Code::NotFound, format!("you are in no room named {name}"))
        })?;
        wanted.insert(room);
    }
    Ok(wanted)
}

/// What the index is asked for; empty: everything; `None`: nothing can match.
fn expression(
    log: &Connection,
    index: &Connection,
    q: &Question,
    wanted: &BTreeSet<RoomId>,
) -> Result<Option<String>, StoreError> {
    let mut parts = Vec::new();
    let words = q.query.words.iter().enumerate();
    for (i, word) in words {
        let last = i + 1 == q.query.words.len();
        parts.extend(phrase(index, word, last)?);
    }
    for words in &q.query.phrases {
        parts.extend(phrase(index, words, false)?);
    }
    let asked = !q.query.words.is_empty() || !q.query.phrases.is_empty();
    if wanted.is_empty() || (asked && parts.is_empty()) {
        return Ok(None);
    }
    if !q.query.from.is_empty() {
        let mut authors = Vec::new();
        for name in &q.query.from {
            authors.push(author_tag(author(log, q.account, name)?.0));
        }
        parts.push(any_tag(&authors));
    }
    for has in &q.query.has {
        let tag = match has {
            Has::Link => LINK_TAG,
            Has::File => FILE_TAG,
            Has::Image => IMAGE_TAG,
        };
        parts.push(any_tag(&[tag.to_owned()]));
    }
    if wanted.len() <= ROOMS_NAMED_MAX {
        parts.push(any_tag(&wanted.iter().map(|room| room_tag(*room)).collect::<Vec<_>>()));
    }
    Ok(Some(parts.join(" AND ")))
}

fn author(log: &Connection, me: AccountId, name: &str) -> Result<AccountId, StoreError> {
    if name == "me" {
        return Ok(me);
    }
    accounts::named(log, name)?
        .ok_or_else(|| StoreError::because(Code::NotFound, format!("there is nobody named {name}")))
}

fn any_tag(tags: &[String]) -> String {
    format!("(\"{}\")", tags.join("\" OR \""))
}

/// The tokens of some words, one after another; `open`: the last may go on. `None`: there are none.
fn phrase(index: &Connection, words: &str, open: bool) -> Result<Option<String>, StoreError> {
    let mut tokens: Vec<String> = tokens(words).into_iter().map(|token| token.text).collect();
    let Some(last) = tokens.pop() else { return Ok(None) };
    let mut lead = tokens.join(" ");
    let (chars, unspaced) = (last.chars().count(), last.chars().all(is_unspaced));
    if unspaced && chars == 1 && !lead.is_empty() {
        // The last character alone stands in the index only where the run ends; the pair before it
        // says the same anywhere.
        return Ok(Some(format!("\"{lead}\"")));
    }
    if !lead.is_empty() {
        lead.push(' ');
    }
    if open
        && chars >= LISTED_CHARS_MIN
        && let Some(completions) = completions(index, &last)?
    {
        let each = completions.iter().map(|term| format!("\"{lead}{term}\""));
        return Ok(Some(format!("({})", each.collect::<Vec<_>>().join(" OR "))));
    }
    let goes_on = (open && chars >= PREFIX_CHARS_MIN) || (unspaced && chars == 1);
    Ok(Some(format!("\"{lead}{last}\"{}", if goes_on { " *" } else { "" })))
}

/// The words that begin like this one, it among them. `None`: too many.
fn completions(index: &Connection, beginning: &str) -> Result<Option<Vec<String>>, StoreError> {
    let mut statement =
        index.prepare_cached("SELECT term FROM terms WHERE term > ?1 AND term < ?2 LIMIT ?3")?;
    let end = format!("{beginning}\u{10ffff}");
    let more = statement.query_map((beginning, end, COMPLETIONS_MAX + 1), |row| row.get(0))?;
    let mut terms = vec![beginning.to_owned()];
    terms.extend(more.collect::<Result<Vec<String>, _>>()?);
    Ok((terms.len() <= COMPLETIONS_MAX).then_some(terms))
}

/// The part of a text around the first thing looked for, on one line.
fn snippet(text: &str, query: &SearchQuery) -> String {
    let sought: Vec<Token> =
        query.words.iter().chain(&query.phrases).flat_map(|words| tokens(words)).collect();
    let found = tokens(text)
        .into_iter()
        .find(|token| sought.iter().any(|sought| token.text.starts_with(&sought.text)));
    let at = found.map_or(0, |token| token.at);
    let lead: usize =
        text[..at].char_indices().rev().take(SNIPPET_CHARS / 4).last().map_or(at, |(i, _)| i);
    let start = match lead {
        0 => 0,
        // Not in the middle of a word, if there is a space close by.
        _ => text[lead..at].find(char::is_whitespace).map_or(lead, |space| lead + space),
    };
    let words = text[start..].split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line = String::new();
    if start > 0 {
        line.push('…');
    }
    line.extend(words.chars().take(SNIPPET_CHARS));
    if words.chars().count() > SNIPPET_CHARS {
        line.push('…');
    }
    line
}
