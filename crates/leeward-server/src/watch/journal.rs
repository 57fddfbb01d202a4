//! The journal: what happened, in sentences, the last few hundred of them.

use leeward_core::id::Millis;
use serde::Serialize;
use std::collections::VecDeque;

/// Entries kept: a bad day's worth.
const ENTRIES_MAX: usize = 200;
/// Longest entry, in bytes: whatever a part of the node has to say, it says briefly.
const TEXT_BYTES_MAX: usize = 400;

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Entry {
    /// Counts up from 1 since the node started.
    pub(crate) number: u64,
    /// When.
    pub(crate) at: Millis,
    /// What, as a sentence.
    pub(crate) text: String,
}

/// What happened of late.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    count: u64,
}

impl Journal {
    /// Adds a sentence. Its time is kept in order: a clock that is set back changes no history.
    pub(crate) fn say(&mut self, at: Millis, text: &str) -> Entry {
        let mut end = text.len().min(TEXT_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.count += 1;
        let entry = Entry { number: self.count, at, text: text[..end].to_owned() };
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry.clone());
        entry
    }

    /// The latest, latest first.
    pub(crate) fn latest(&self, count: usize) -> Vec<Entry> {
        self.entries.iter().rev().take(count).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_come_first_and_the_oldest_go() {
        let mut journal = Journal::default();
        for n in 0..ENTRIES_MAX as u64 + 5 {
            journal.say(Millis(n), &format!("Event {n}."));
        }
        let latest = journal.latest(usize::MAX);
        assert_eq!((latest.len(), latest[0].number), (ENTRIES_MAX, ENTRIES_MAX as u64 + 5));
        assert_eq!(latest.last().map(|e| e.text.as_str()), Some("Event 5."));
        assert_eq!(journal.latest(2).len(), 2);
    }

    #[test]
    fn an_entry_is_cut_between_two_letters() {
        let entry = Journal::default().say(Millis(1), &"ä".repeat(TEXT_BYTES_MAX));
        assert_eq!(entry.text, "ä".repeat(TEXT_BYTES_MAX / 2));
        let odd = Journal::default().say(Millis(1), &format!("x{}", "ä".repeat(TEXT_BYTES_MAX)));
        assert_eq!(odd.text.len(), TEXT_BYTES_MAX - 1);
    }
}
