//! What a drill measures over time: one row a tenth of a second. Never judges.

use leeward_client::drill::Seen;
use leeward_client::gauge::Cost;
use leeward_client::histogram::{Histogram, Quantiles};
use serde::Serialize;

/// The least time between two rows, in seconds.
const ROW_S_MIN: f64 = 0.05;

/// One moment.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub(super) struct Point {
    /// Seconds since the outage; below 0 before it.
    pub(super) at_s: f64,
    /// Clients that are in.
    pub(super) connected: usize,
    /// Attempts to connect.
    pub(super) knocks_per_s: f64,
    /// Clients let in and caught up.
    pub(super) admissions_per_s: f64,
    /// Connections refused or ended by the server.
    pub(super) refusals_per_s: f64,
    /// Survivors' messages, from sending to seeing; none when nothing was said.
    pub(super) p50_ms: Option<f64>,
    /// The same, of the slowest in a hundred.
    pub(super) p99_ms: Option<f64>,
    /// Share of one core that the server took.
    pub(super) server_cpu: f64,
}

/// The rows, and what was counted when the last was written.
#[derive(Debug, Default)]
pub(super) struct Tape {
    points: Vec<Point>,
    /// When what happened, in seconds as above.
    marks: Vec<(f64, String)>,
    last: Option<Last>,
    /// The survivors' latency of all time so far, and up to the last row.
    heard: Histogram,
    written: Histogram,
    outage_at_s: f64,
    rss_bytes_max: u64,
}

#[derive(Debug)]
struct Last {
    at_s: f64,
    knocks: u64,
    admitted: u64,
    refused: u64,
    cpu_us: u64,
}

impl Tape {
    /// Writes a row: `at_s` on any clock, `crowd` and `circle` as the two groups were seen then.
    pub(super) fn write(&mut self, at_s: f64, crowd: &Seen, circle: &Seen, cost: Option<Cost>) {
        let cpu_us = cost.map_or(0, |cost| cost.cpu_us);
        self.rss_bytes_max = self.rss_bytes_max.max(cost.map_or(0, |cost| cost.rss_bytes));
        self.heard = circle.delivered.clone();
        // Over a shorter time a rate is all noise.
        if self.last.as_ref().is_some_and(|last| at_s - last.at_s < ROW_S_MIN) {
            return;
        }
        let refused = crowd.refusals.values().sum();
        let counts =
            Last { at_s, knocks: crowd.knocks(), admitted: crowd.admitted(), refused, cpu_us };
        if let Some(last) = self.last.take() {
            let seconds = at_s - last.at_s;
            // A mark sets the counts back to 0.
            let rate = |now: u64, before: u64| {
                (if now < before { now } else { now - before }) as f64 / seconds
            };
            let said = circle.delivered.since(&self.written);
            let latency =
                |share| (said.count() > 0).then(|| said.quantile_us(share) as f64 / 1_000.0);
            self.points.push(Point {
                at_s: at_s - self.outage_at_s,
                connected: crowd.present + circle.present,
                knocks_per_s: rate(counts.knocks, last.knocks),
                admissions_per_s: rate(counts.admitted, last.admitted),
                refusals_per_s: rate(counts.refused, last.refused),
                p50_ms: latency(0.5),
                p99_ms: latency(0.99),
                server_cpu: rate(cpu_us, last.cpu_us) / 1e6,
            });
        }
        self.written = circle.delivered.clone();
        self.last = Some(counts);
    }

    /// The outage is at this moment: times are counted from it.
    pub(super) fn outage(&mut self, at_s: f64) {
        let shift = at_s - self.outage_at_s;
        self.points.iter_mut().for_each(|point| point.at_s -= shift);
        self.marks.iter_mut().for_each(|(at, _)| *at -= shift);
        self.outage_at_s = at_s;
    }

    /// Something happens that explains the curves.
    pub(super) fn mark(&mut self, at_s: f64, words: impl Into<String>) {
        self.marks.push((at_s - self.outage_at_s, words.into()));
    }

    /// The survivors' latency of all time so far.
    pub(super) fn heard(&self) -> Histogram {
        self.heard.clone()
    }

    /// The most memory that the server had.
    pub(super) fn rss_bytes_max(&self) -> u64 {
        self.rss_bytes_max
    }

    /// All rows and marks.
    pub(super) fn into_parts(self) -> (Vec<Point>, Vec<(f64, String)>) {
        (self.points, self.marks)
    }
}

/// The survivors' latency in three parts.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub(super) struct Survivors {
    /// Of the seconds before the outage.
    pub(super) before: Quantiles,
    /// From the outage until all were back.
    pub(super) during: Quantiles,
    /// Of the seconds after that.
    pub(super) after: Quantiles,
}

#[cfg(test)]
mod tests {
    use super::*;
    use leeward_client::drill::Species;

    fn seen(knocks: u64) -> Seen {
        let mut seen = Seen { present: 5, ..Seen::default() };
        seen.kinds.entry(Species::Leeward).or_default().knocks = knocks;
        seen
    }

    #[test]
    fn rates_are_those_between_two_looks_and_times_are_those_since_the_outage() {
        let mut tape = Tape::default();
        let cost = |cpu_us| Some(Cost { cpu_us, rss_bytes: 7 });
        tape.write(10.0, &seen(100), &Seen::default(), cost(0));
        tape.write(10.5, &seen(150), &Seen::default(), cost(250_000));
        tape.outage(11.0);
        tape.mark(11.2, "a mark");
        tape.write(11.5, &seen(20), &Seen::default(), cost(250_000));
        let (points, marks) = tape.into_parts();
        assert_eq!(points[0].at_s, -0.5);
        assert_eq!(points[0].knocks_per_s, 100.0);
        assert_eq!(points[0].server_cpu, 0.5);
        assert_eq!((points[1].at_s, points[1].knocks_per_s), (0.5, 20.0));
        assert!((marks[0].0 - 0.2).abs() < 1e-9);
    }
}
