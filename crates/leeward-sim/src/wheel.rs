//! What comes next: a calendar of one entry for each client, with pages of 16 s in pages of 1 ms.
//!
//! An entry is never taken out: whoever moves a client's moment writes the new one in the client and
//! arms again; an entry whose moment is not its client's is passed over by the reader.

use std::collections::BTreeMap;

/// Milliseconds of a page, as a power of two.
const PAGE_BITS: u32 = 14;
const PAGE_MS: usize = 1 << PAGE_BITS;

/// The calendar. Moments are milliseconds of virtual time.
#[derive(Debug)]
pub struct Wheel {
    now: u32,
    near: Vec<Vec<u32>>,
    far: BTreeMap<u32, Vec<(u32, u32)>>,
}

impl Default for Wheel {
    fn default() -> Self {
        Self { now: 0, near: vec![Vec::new(); PAGE_MS], far: BTreeMap::new() }
    }
}

impl Wheel {
    /// Puts a client down for a moment, which is the next one at the earliest: returns the moment.
    pub fn arm(&mut self, client: u32, at: u32) -> u32 {
        let at = at.max(self.now + 1);
        let page = at >> PAGE_BITS;
        if page == self.now >> PAGE_BITS {
            self.near[at as usize % PAGE_MS].push(client);
        } else {
            self.far.entry(page).or_default().push((client, at));
        }
        at
    }

    /// Moves on by a millisecond and puts into `due` whoever is down for it.
    pub fn turn(&mut self, due: &mut Vec<u32>) {
        self.now += 1;
        if (self.now as usize).is_multiple_of(PAGE_MS) {
            for (client, at) in self.far.remove(&(self.now >> PAGE_BITS)).unwrap_or_default() {
                self.near[at as usize % PAGE_MS].push(client);
            }
        }
        due.clear();
        std::mem::swap(due, &mut self.near[self.now as usize % PAGE_MS]);
    }

    /// The moment that was reached.
    pub fn now(&self) -> u32 {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_comes_at_the_moment_that_was_put_down() {
        let mut wheel = Wheel::default();
        let mut random = crate::random::Random::new(3);
        let at: Vec<u32> =
            (0..1_000).map(|client| wheel.arm(client, random.below(100_000) as u32)).collect();
        let (mut due, mut seen) = (Vec::new(), 0);
        while wheel.now() < 100_000 {
            wheel.turn(&mut due);
            seen += due.len();
            assert!(due.iter().all(|client| at[*client as usize] == wheel.now()));
        }
        assert_eq!(seen, 1_000);
        assert_eq!(wheel.arm(0, 5), 100_001);
    }
}
