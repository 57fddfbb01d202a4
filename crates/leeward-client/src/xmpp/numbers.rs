//! Exact accounts of what one client heard, where the server's log cannot be asked: whoever speaks
//! numbers what it says in a room, from 1, and a listener hears each number once and in order. Never
//! finds that two speakers were interleaved otherwise for one listener than for another.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What went wrong, in messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Amiss {
    /// Messages heard.
    pub heard: u64,
    /// Passed over and never heard.
    pub lost: u64,
    /// Heard again.
    pub duplicated: u64,
    /// Heard after a later one.
    pub reordered: u64,
}

impl Amiss {
    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.heard += other.heard;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
    }
}

/// What one client heard of every speaker in its rooms.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// By speaker and room, ordered: 24 bytes for each.
    speakers: Vec<Speaker>,
    /// Passed over and not heard since: whose, and which.
    holes: Vec<(u64, u64)>,
    amiss: Amiss,
}

#[derive(Clone, Copy, Debug)]
struct Speaker {
    name: u64,
    next: u64,
}

/// What everybody said and the server gave back, by speaker and room: the last number.
pub type Said = BTreeMap<u64, u64>;

impl Numbers {
    /// A message is heard. The first of a speaker may have any number: others were before one came.
    pub fn hear(&mut self, name: u64, number: u64) {
        self.amiss.heard += 1;
        let at = match self.speakers.binary_search_by_key(&name, |speaker| speaker.name) {
            Ok(at) => at,
            Err(at) => {
                self.speakers.insert(at, Speaker { name, next: number + 1 });
                return;
            }
        };
        let next = self.speakers[at].next;
        if number >= next {
            self.speakers[at].next = number + 1;
            self.holes.extend((next..number).map(|hole| (name, hole)));
        } else if let Some(hole) = self.holes.iter().position(|hole| *hole == (name, number)) {
            self.holes.swap_remove(hole);
            self.amiss.reordered += 1;
        } else {
            self.amiss.duplicated += 1;
        }
    }

    /// One signs in anew: what was said meanwhile was not for this client, and history tells again what
    /// it has heard. What it has missed before stays missed.
    pub fn begin_anew(&mut self) {
        self.amiss.lost += self.holes.len() as u64;
        self.speakers = Vec::new();
        self.holes = Vec::new();
    }

    /// What went wrong, in the end, when this was all that was said.
    pub fn close(mut self, said: &Said) -> Amiss {
        let missing = self.speakers.iter().map(|speaker| {
            said.get(&speaker.name).map_or(0, |last| (last + 1).saturating_sub(speaker.next))
        });
        self.amiss.lost += missing.sum::<u64>() + self.holes.len() as u64;
        self.amiss
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(numbers: &[u64], last: u64) -> (u64, u64, u64) {
        let mut account = Numbers::default();
        numbers.iter().for_each(|number| account.hear(7, *number));
        let amiss = account.close(&Said::from([(7, last)]));
        (amiss.lost, amiss.duplicated, amiss.reordered)
    }

    #[test]
    fn whoever_hears_each_number_once_in_order_misses_nothing() {
        assert_eq!(heard(&[1, 2, 3], 3), (0, 0, 0));
        assert_eq!(heard(&[41, 42], 42), (0, 0, 0));
    }

    #[test]
    fn every_single_fault_is_found() {
        assert_eq!(heard(&[1, 2, 4], 4), (1, 0, 0));
        assert_eq!(heard(&[1, 2], 4), (2, 0, 0));
        assert_eq!(heard(&[1, 2, 2, 3], 3), (0, 1, 0));
        assert_eq!(heard(&[1, 3, 2, 4], 4), (0, 0, 1));
        assert_eq!(heard(&[1, 3, 2, 2], 3), (0, 1, 1));
    }

    #[test]
    fn what_is_said_while_one_is_away_is_not_missed() {
        let mut account = Numbers::default();
        [1, 2].into_iter().for_each(|number| account.hear(7, number));
        account.begin_anew();
        [9, 10].into_iter().for_each(|number| account.hear(7, number));
        assert_eq!(account.close(&Said::from([(7, 10)])).lost, 0);
    }
}
