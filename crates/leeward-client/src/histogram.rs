//! Counts of durations, in buckets that grow with them: any value is known to within 3 %, from a
//! microsecond to an hour, in a few kilobytes. Never forgets the largest.

use serde::{Deserialize, Serialize};

/// Buckets per doubling: 2⁵.
const FINE_BITS: u32 = 5;

/// Durations in microseconds, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Histogram {
    /// Per bucket, up to the last that is not empty.
    counts: Vec<u64>,
    max_us: u64,
}

/// What one wants to know of many durations, in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Quantiles {
    /// How many there were.
    pub count: u64,
    /// Half took no longer.
    pub p50_ms: f64,
    /// Nineteen of twenty took no longer.
    pub p95_ms: f64,
    /// All but one in a hundred took no longer.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Histogram {
    /// Counts one duration.
    pub fn add(&mut self, us: u64) {
        let bucket = bucket(us);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.max_us = self.max_us.max(us);
    }

    /// Counts all that another has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.max_us = self.max_us.max(other.max_us);
    }

    /// What was counted since this one was as `before`; its longest is known as its bucket is.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let earlier = |bucket: usize| before.counts.get(bucket).copied().unwrap_or_default();
        let counts = self.counts.iter().enumerate();
        let counts: Vec<u64> = counts.map(|(b, count)| count.saturating_sub(earlier(b))).collect();
        let longest = counts.iter().rposition(|count| *count > 0).map_or(0, upper);
        Self { counts, max_us: longest.min(self.max_us) }
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The average, in microseconds, as near as the buckets know; 0 when there are none.
    pub fn mean(&self) -> f64 {
        let sum = |(bucket, count): (usize, &u64)| upper(bucket) as f64 * *count as f64;
        let sum: f64 = self.counts.iter().enumerate().map(sum).sum();
        sum / self.count().max(1) as f64
    }

    /// The duration that `share` of all do not exceed, in microseconds; 0 when there are none.
    pub fn quantile_us(&self, share: f64) -> u64 {
        let wanted = (self.count() as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper(bucket).min(self.max_us);
            }
        }
        self.max_us
    }

    /// The usual figures.
    pub fn quantiles(&self) -> Quantiles {
        let ms = |us: u64| us as f64 / 1_000.0;
        Quantiles {
            count: self.count(),
            p50_ms: ms(self.quantile_us(0.50)),
            p95_ms: ms(self.quantile_us(0.95)),
            p99_ms: ms(self.quantile_us(0.99)),
            max_ms: ms(self.max_us),
        }
    }
}

/// Which bucket counts a duration.
fn bucket(us: u64) -> usize {
    let doubling = (u64::BITS - us.leading_zeros()).saturating_sub(FINE_BITS + 1);
    let base = u64::from(doubling) << FINE_BITS;
    usize::try_from(base + (us >> doubling)).unwrap_or(usize::MAX)
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
    fn every_duration_is_counted_within_a_thirtieth_of_itself() {
        for us in (0..2_000).chain((1..40).map(|i| (1u64 << i) + 12_345 * i)) {
            let upper = upper(bucket(us));
            assert!(upper >= us && upper - us <= us / 30, "{us} {upper}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_list() {
        let mut histogram = Histogram::default();
        (1..=1_000).for_each(|us| histogram.add(us * 10));
        assert!((5_000..=5_170).contains(&histogram.quantile_us(0.5)));
        assert!((9_900..=10_000).contains(&histogram.quantile_us(0.99)));
        assert_eq!(histogram.quantile_us(1.0), 10_000);
    }

    #[test]
    fn two_merged_are_as_one() {
        let (mut a, mut b, mut both) = Default::default();
        for us in 0..500 {
            Histogram::add(if us % 3 == 0 { &mut a } else { &mut b }, us * us);
            Histogram::add(&mut both, us * us);
        }
        a.merge(&b);
        assert_eq!(a, both);
    }

    #[test]
    fn what_came_since_is_the_difference() {
        let mut histogram = Histogram::default();
        (0..100).for_each(|_| histogram.add(50_000));
        let before = histogram.clone();
        (0..10).for_each(|_| histogram.add(200));
        let since = histogram.since(&before);
        assert_eq!(since.count(), 10);
        assert!(since.quantiles().max_ms < 0.21);
    }

    #[test]
    fn none_have_no_quantiles() {
        assert_eq!(Histogram::default().quantiles(), Quantiles::default());
    }
}
