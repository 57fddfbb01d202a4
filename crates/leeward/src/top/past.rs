//! The last minutes, one row a second: what the lines of `leeward top` are drawn from.
//!
//! Filled from the server's own history when it is reached, and from each document after that, so that
//! a terminal opened in the middle of a storm shows its beginning.

use crate::document::Document;
use serde::Deserialize;
use std::collections::VecDeque;

/// Seconds kept: more than the widest terminal shows.
const SECONDS: usize = 600;

/// One second.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Row {
    pub(super) live: f64,
    pub(super) waiting: f64,
    pub(super) arrivals: f64,
    pub(super) admissions: f64,
    pub(super) promised: f64,
    pub(super) kept: f64,
    pub(super) send_ms: f64,
    pub(super) sync_ms: f64,
}

/// The rows, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    rows: VecDeque<(u64, Row)>,
}

/// The server's history: names of columns, and rows in their order.
#[derive(Deserialize)]
struct History {
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Past {
    /// Takes the server's history in place of what there is. What is not understood is left out.
    pub(super) fn recall(&mut self, body: &[u8]) {
        let Ok(history) = serde_json::from_slice::<History>(body) else { return };
        let at = |name: &str| history.columns.iter().position(|column| column == name);
        let Some(time) = at("at") else { return };
        let names = [
            "live",
            "waiting",
            "arrivals",
            "admissions",
            "promised",
            "kept",
            "send_p95_us",
            "sync_p95_us",
        ];
        let places = names.map(at);
        self.rows.clear();
        for row in &history.rows {
            let value = |i: usize| {
                let place = places.get(i).copied().flatten();
                place.and_then(|place| row.get(place)).copied().unwrap_or(0.0)
            };
            let second = row.get(time).map_or(0, |ms| *ms as u64 / 1_000);
            let row = Row {
                live: value(0),
                waiting: value(1),
                arrivals: value(2),
                admissions: value(3),
                promised: value(4),
                kept: value(5),
                send_ms: value(6) / 1e3,
                sync_ms: value(7) / 1e3,
            };
            self.put(second, row);
        }
    }

    /// Takes what a document says; the last of a second stands for it.
    pub(super) fn note(&mut self, document: &Document) {
        let Document { connections, rate, slots, users, .. } = document;
        let row = Row {
            live: connections.live as f64,
            waiting: connections.waiting as f64,
            arrivals: rate.arrivals_per_s as f64,
            admissions: rate.admissions_per_s as f64,
            promised: slots.promised_per_s as f64,
            kept: slots.kept_per_s as f64,
            send_ms: users.send_to_seen_ms.p95.unwrap_or(0.0),
            sync_ms: users.in_sync_ms.p95.unwrap_or(0.0),
        };
        self.put(document.now / 1_000, row);
    }

    fn put(&mut self, second: u64, row: Row) {
        if self.rows.back().is_some_and(|(last, _)| *last >= second) {
            self.rows.pop_back();
        }
        self.rows.push_back((second, row));
        if self.rows.len() > SECONDS {
            self.rows.pop_front();
        }
    }

    /// The last so many values of something, oldest first.
    pub(super) fn last(&self, seconds: usize, of: impl Fn(&Row) -> f64) -> Vec<f64> {
        let skipped = self.rows.len().saturating_sub(seconds);
        self.rows.iter().skip(skipped).map(|(_, row)| of(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_history_comes_before_what_is_seen() {
        let mut past = Past::default();
        let body = br#"{"every_ms":1000,"columns":["at","live","sync_p95_us","unheard_of"],
            "rows":[[1000,5,2000,1],[2000,6,3000,1]]}"#;
        past.recall(body);
        let document = |now, live| {
            let mut document = Document { now, ..Document::default() };
            document.connections.live = live;
            document
        };
        for (now, live) in [(3_000, 7), (3_250, 8), (3_500, 9), (4_000, 10)] {
            past.note(&document(now, live));
        }
        assert_eq!(past.last(10, |row| row.live), [5.0, 6.0, 9.0, 10.0]);
        assert_eq!(past.last(10, |row| row.sync_ms)[..2], [2.0, 3.0]);
        assert_eq!(past.last(2, |row| row.live), [9.0, 10.0]);
        past.recall(b"not a history");
        assert_eq!(
            past.last(10, |row| row.live).len(),
            4,
            "what is not understood changes nothing"
        );
        for second in 0..2 * SECONDS as u64 {
            past.note(&document(10_000 + second * 1_000, 1));
        }
        assert_eq!(past.rows.len(), SECONDS);
    }
}
