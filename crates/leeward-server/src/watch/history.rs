//! The last ten minutes, one row a second: what the console's plots show of the past.
//!
//! The memory is taken once. A row is as old as its time says: a second in which nobody looked has
//! none.

use leeward_core::id::Millis;

/// Rows kept.
pub(crate) const ROWS: usize = 600;

/// One second.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Row {
    /// When it ended.
    pub(crate) at: Millis,
    /// Connections that are in.
    pub(crate) live: u32,
    /// Being let in.
    pub(crate) admitting: u32,
    /// Waiting at the door.
    pub(crate) waiting: u32,
    /// Lost in a storm and not back.
    pub(crate) gone: u32,
    /// Knocks in this second.
    pub(crate) arrivals: u32,
    /// Admissions in this second.
    pub(crate) admissions: u32,
    /// Refusals in this second.
    pub(crate) refusals: u32,
    /// Admissions that were allowed.
    pub(crate) limit: u32,
    /// What set the limit, as a place in the list of reasons.
    pub(crate) limited_by: u8,
    /// Reservations that fell due in this second.
    pub(crate) promised: u32,
    /// Reservations that were used in this second.
    pub(crate) kept: u32,
    /// From a draft to its last delivery, half of them, in microseconds.
    pub(crate) send_p50_us: u32,
    /// The same, nineteen of twenty.
    pub(crate) send_p95_us: u32,
    /// From the knock to being in sync, half of them, in microseconds.
    pub(crate) sync_p50_us: u32,
    /// The same, nineteen of twenty.
    pub(crate) sync_p95_us: u32,
}

impl Row {
    /// What [`Self::values`] are, in their order.
    pub(crate) const COLUMNS: [&'static str; 16] = [
        "at",
        "live",
        "admitting",
        "waiting",
        "gone",
        "arrivals",
        "admissions",
        "refusals",
        "limit",
        "limited_by",
        "promised",
        "kept",
        "send_p50_us",
        "send_p95_us",
        "sync_p50_us",
        "sync_p95_us",
    ];

    /// All of it, as numbers.
    pub(crate) fn values(&self) -> [u64; 16] {
        let small = [
            self.live,
            self.admitting,
            self.waiting,
            self.gone,
            self.arrivals,
            self.admissions,
            self.refusals,
            self.limit,
            self.limited_by.into(),
            self.promised,
            self.kept,
            self.send_p50_us,
            self.send_p95_us,
            self.sync_p50_us,
            self.sync_p95_us,
        ];
        std::array::from_fn(|i| if i == 0 { self.at.0 } else { small[i - 1].into() })
    }
}

/// The rows, in a ring.
#[derive(Debug)]
pub(crate) struct History {
    rows: Box<[Row]>,
    /// How many have been written.
    count: usize,
}

impl Default for History {
    fn default() -> Self {
        Self { rows: vec![Row::default(); ROWS].into_boxed_slice(), count: 0 }
    }
}

impl History {
    /// Adds a second.
    pub(crate) fn push(&mut self, row: Row) {
        self.rows[self.count % ROWS] = row;
        self.count += 1;
    }

    /// All that is kept, oldest first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        let kept = self.count.min(ROWS);
        (self.count - kept..self.count).map(|i| &self.rows[i % ROWS])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_minutes_are_kept_in_memory_that_does_not_grow() {
        let mut history = History::default();
        assert_eq!(history.rows().count(), 0);
        let place = history.rows.as_ptr();
        for second in 0..3 * ROWS as u64 + 7 {
            history.push(Row { at: Millis(second), ..Row::default() });
        }
        let kept: Vec<_> = history.rows().map(|row| row.at.0).collect();
        assert_eq!(kept, Vec::from_iter(2 * ROWS as u64 + 7..3 * ROWS as u64 + 7));
        assert_eq!(history.rows.as_ptr(), place);
        assert!(size_of::<Row>() * ROWS <= 48 * 1024);
    }
}
