//! Counts of durations, in buckets that grow with them: any value is known to within an eighth of
//! itself, from a microsecond to a quarter of an hour, in two kilobytes.
//!
//! Counting one is two additions that wait for nobody, so that it may stand where it is hot. Never
//! forgets: whoever wants to know of the last ten seconds keeps the counts of ten seconds ago.

use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets per doubling: 2³.
const FINE_BITS: u32 = 3;
/// Doublings that are told apart: up to 2³⁰ microseconds. What takes longer is counted as that.
const DOUBLINGS: u32 = 30;
/// Buckets there are.
const BUCKETS: usize = (((DOUBLINGS - FINE_BITS) + 1) << FINE_BITS) as usize;

/// Durations in microseconds, being counted by many at once.
#[derive(Debug)]
pub struct Durations {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

/// What had been counted at one moment, or between two.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counts {
    buckets: Box<[u64; BUCKETS]>,
    sum_us: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self { buckets: std::array::from_fn(|_| AtomicU64::new(0)), sum_us: AtomicU64::new(0) }
    }
}

impl Durations {
    /// Counts one duration.
    pub fn add(&self, us: u64) {
        self.buckets[bucket(us)].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// All that has been counted so far.
    pub fn counts(&self) -> Counts {
        let read = |i: usize| self.buckets[i].load(Ordering::Relaxed);
        Counts {
            buckets: Box::new(std::array::from_fn(read)),
            sum_us: self.sum_us.load(Ordering::Relaxed),
        }
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self { buckets: Box::new([0; BUCKETS]), sum_us: 0 }
    }
}

impl Counts {
    /// What has been counted since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let between = |i: usize| self.buckets[i].saturating_sub(earlier.buckets[i]);
        Self {
            buckets: Box::new(std::array::from_fn(between)),
            sum_us: self.sum_us.saturating_sub(earlier.sum_us),
        }
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Their sum, in microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The duration that `share` of all do not exceed, in microseconds; `None` when there are none.
    pub fn quantile_us(&self, share: f64) -> Option<u64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let wanted = ((count as f64 * share).ceil() as u64).clamp(1, count);
        let mut seen = 0;
        let enough = self.buckets.iter().position(|n| {
            seen += n;
            seen >= wanted
        });
        enough.map(upper)
    }

    /// How many were counted up to each doubling of a microsecond from 2⁸ on: the bound in
    /// microseconds, and those that took no longer.
    pub fn doublings(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut seen = 0;
        let mut next = 0;
        (8..=DOUBLINGS).map(move |power| {
            let bound = 1u64 << power;
            while next < BUCKETS && upper(next) < bound {
                seen += self.buckets[next];
                next += 1;
            }
            (bound, seen)
        })
    }
}

/// Which bucket counts a duration.
fn bucket(us: u64) -> usize {
    let us = us.min((1 << DOUBLINGS) - 1);
    let doubling = (u64::BITS - us.leading_zeros()).saturating_sub(FINE_BITS + 1);
    (u64::from(doubling << FINE_BITS) + (us >> doubling)) as usize
}

/// The largest duration that a bucket counts.
fn upper(bucket: usize) -> u64 {
    let fine = 1u64 << FINE_BITS;
    let bucket = bucket as u64;
    if bucket < 2 * fine {
        return bucket;
    }
    let doubling = bucket / fine - 1;
    ((bucket - doubling * fine + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_counted_within_an_eighth_of_itself() {
        for us in (0..3_000).chain((1..29).map(|i| (1u64 << i) + 345 * i)) {
            let upper = upper(bucket(us));
            assert!(upper >= us && upper - us <= us / 8, "{us} {upper}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn the_last_ten_seconds_are_what_was_counted_since() {
        let durations = Durations::default();
        (0..1_000).for_each(|_| durations.add(1_000_000));
        let before = durations.counts();
        (0..100).for_each(|i| durations.add(1_000 + i));
        let since = durations.counts().since(&before);
        assert_eq!((since.count(), since.sum_us()), (100, 104_950));
        assert!(since.quantile_us(1.0).is_some_and(|us| (1_099..1_300).contains(&us)));
        assert!(durations.counts().quantile_us(0.5).is_some_and(|us| us >= 1_000_000));
    }

    #[test]
    fn none_have_no_quantiles() {
        assert_eq!(Counts::default().quantile_us(0.5), None);
    }

    #[test]
    fn doublings_count_all_that_took_no_longer() {
        let durations = Durations::default();
        for us in [1, 255, 256, 1_000, 5_000_000] {
            durations.add(us);
        }
        let counts = durations.counts();
        let up_to = |bound| counts.doublings().find(|(b, _)| *b == bound).map(|(_, n)| n);
        assert_eq!((up_to(256), up_to(1_024), up_to(1 << 22)), (Some(2), Some(4), Some(4)));
        assert_eq!(up_to(1 << 30), Some(5));
    }
}
