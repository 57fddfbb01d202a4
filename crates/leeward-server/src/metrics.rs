//! What the node counts, in OpenMetrics.
//!
//! Handles are plain atomics, cloned at start: nothing is looked up by name while serving, and
//! nothing is labelled by room or by account. What is known elsewhere is asked for when it is shown.

use crate::doctor::facts::Fsync;
use crate::doctor::{Report, Severity};
use leeward_core::code::Code;
use leeward_store::StoreError;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

type Seconds = Gauge<f64, AtomicU64>;
type Labels = [(&'static str, &'static str); 1];

/// The counters of one node.
pub struct Metrics {
    registry: Registry,
    /// Sockets accepted on the public listener.
    pub(crate) accepted: Counter,
    /// Sockets closed at once, because too many came from there.
    pub(crate) turned_away: Counter,
    handshakes: [Counter; 2],
    /// Live connections, those included that have not said hello.
    pub(crate) connections: Gauge,
    /// Leases that ran out.
    pub(crate) leases_expired: Counter,
    /// Reads of the database that the live side asked for: rooms, holes, snapshots, account lists.
    pub(crate) store_reads: Counter,
    /// Holes filled from the database.
    pub(crate) caught_up: Counter,
    /// Times that a shard lost news.
    pub(crate) news_lost: Counter,
    /// Times that something more was shed.
    pub(crate) sheds: Counter,
    posts: Counter,
    posts_repeated: Counter,
    posts_failed: Counter,
    /// Drafts that the database did not take: busy, full or damaged.
    pub(crate) posts_unstored: Counter,
    post_seconds: Histogram,
    deliveries: Counter,
    delivered_bytes: Counter,
    begun: Counter,
    resumed: Counter,
    /// One for each code, in the order of the table.
    refusals: Vec<Counter>,
    gauges: Vec<(&'static str, Gauge)>,
    /// One for each severity, from the mildest.
    findings: Vec<Gauge>,
    /// The one in the middle, and the longest.
    fsync_seconds: [Seconds; 2],
}

/// What is asked for when metrics are shown.
const GAUGES: [(&str, &str); 9] = [
    ("admissions", "Connections with a permit"),
    ("admitting", "Connections being let in"),
    ("accounts", "Accounts"),
    ("news_bytes", "Bytes that wait in the inboxes of the shards"),
    ("memory_allocated_bytes", "Bytes that the program has allocated"),
    ("memory_active_bytes", "Bytes in pages that hold allocations"),
    ("memory_resident_bytes", "Bytes that the allocator holds of the machine's memory"),
    ("memory_retained_bytes", "Bytes of address space kept for later"),
    ("ready", "Whether the node takes connections"),
];

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("leeward");
        let connections = Gauge::default();
        registry.register("connections", "Live connections", connections.clone());
        let gauges = GAUGES.map(|(name, help)| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            (name, gauge)
        });
        let refused = Family::<Labels, Counter>::default();
        let refusals = Code::ALL.iter().map(|code| [("code", code.as_str())]);
        let refusals = refusals.map(|labels| refused.get_or_create(&labels).clone()).collect();
        registry.register("refusals", "Connections refused or ended, by reason", refused);
        let welcomed = Family::<Labels, Counter>::default();
        let kind = |kind| welcomed.get_or_create(&[("kind", kind)]).clone();
        let (begun, resumed) = (kind("begun"), kind("resumed"));
        registry.register("welcomes", "Sessions begun and resumed", welcomed.clone());
        let found = Family::<Labels, Gauge>::default();
        let findings = Severity::ALL.iter().map(|severity| [("severity", severity.as_str())]);
        let findings = findings.map(|labels| found.get_or_create(&labels).clone()).collect();
        registry.register("doctor_findings", "What the doctor has to say, by severity", found);
        let fsync = Family::<Labels, Seconds>::default();
        let fsync_seconds =
            ["median", "worst"].map(|of| fsync.get_or_create(&[("of", of)]).clone());
        let help = "Time until a block is safe on the disk of the data, as last measured";
        registry.register_with_unit("doctor_fsync", help, Unit::Seconds, fsync);
        let post_seconds = Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0]);
        let help = "From a draft's arrival at the store to its commit";
        registry.register_with_unit("post", help, Unit::Seconds, post_seconds.clone());
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        Self {
            accepted: counter("accepted", "Sockets accepted"),
            turned_away: counter("turned_away", "Sockets from where too many came"),
            handshakes: [
                counter("tls_handshakes_full", "TLS handshakes with a signature"),
                counter("tls_handshakes_resumed", "TLS handshakes by a session ticket"),
            ],
            // The status document shows it.
            leases_expired: Counter::default(),
            store_reads: counter("store_reads", "Reads that the live side asked for"),
            caught_up: counter("caught_up", "Holes filled from the database"),
            news_lost: counter("news_lost", "Times that a shard did not keep up with the news"),
            sheds: counter("sheds", "Times that something was shed"),
            posts: counter("posts", "Drafts stored"),
            posts_repeated: counter("posts_repeated", "Drafts that had been stored before"),
            posts_unstored: counter("posts_unstored", "Drafts that the database did not take"),
            posts_failed: counter("posts_failed", "Drafts that were refused or not stored"),
            deliveries: counter("deliveries", "Events given to connections"),
            delivered_bytes: counter("delivered_bytes", "Bytes of events given to connections"),
            registry,
            connections,
            post_seconds,
            begun,
            resumed,
            refusals,
            gauges: gauges.into(),
            findings,
            fsync_seconds,
        }
    }

    /// The same, together with what somebody else shows.
    pub(crate) fn with(shown: Box<dyn Collector>) -> Self {
        let mut metrics = Self::new();
        metrics.registry.register_collector(shown);
        metrics
    }

    /// Somebody spoke TLS.
    pub(crate) fn shook_hands(&self, resumed: bool) {
        self.handshakes[usize::from(resumed)].inc();
    }

    pub(crate) fn posted(&self, micros: u64, repeated: bool) {
        if repeated {
            self.posts_repeated.inc()
        } else {
            self.posts.inc()
        };
        self.post_seconds.observe(micros as f64 / 1e6);
    }

    pub(crate) fn post_failed(&self, why: &StoreError) {
        self.posts_failed.inc();
        if !matches!(why, StoreError::Refused(_)) {
            self.posts_unstored.inc();
        }
    }

    pub(crate) fn delivered(&self, connections: usize, frame_bytes: usize) {
        self.deliveries.inc_by(connections as u64);
        self.delivered_bytes.inc_by((connections * frame_bytes) as u64);
    }

    pub(crate) fn welcomed(&self, resumed: bool) {
        if resumed {
            self.resumed.inc()
        } else {
            self.begun.inc()
        };
    }

    pub(crate) fn refused(&self, code: Code) {
        if let Some(counter) = self.refusals.get(code as usize) {
            counter.inc();
        }
    }

    /// The doctor has looked.
    pub(crate) fn examined(&self, report: &Report, fsync: Option<Fsync>) {
        for (severity, gauge) in Severity::ALL.iter().zip(&self.findings) {
            gauge.set(i64::try_from(report.count(*severity)).unwrap_or(i64::MAX));
        }
        if let Some(fsync) = fsync {
            let [median, worst] = &self.fsync_seconds;
            median.set(fsync.median_us as f64 / 1e6);
            worst.set(fsync.worst_us as f64 / 1e6);
        }
    }

    /// Sets what has been asked for.
    pub(crate) fn set(&self, name: &str, value: usize) {
        if let Some((_, gauge)) = self.gauges.iter().find(|(known, _)| *known == name) {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }

    /// Everything, as OpenMetrics text.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        encode(&mut out, &self.registry).expect("a String takes all that is written to it");
        out
    }

    /// Reads of the database that the live side has asked for so far.
    pub fn store_reads(&self) -> u64 {
        self.store_reads.get()
    }

    /// Sessions begun and resumed so far.
    pub fn welcomes(&self) -> (u64, u64) {
        (self.begun.get(), self.resumed.get())
    }

    /// Live connections, those included that have not said hello.
    pub fn connections(&self) -> i64 {
        self.connections.get()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_counter() {
        let metrics = Metrics::new();
        for code in Code::ALL {
            metrics.refused(*code);
        }
        let text = metrics.text();
        for code in Code::ALL {
            let line = format!("leeward_refusals_total{{code=\"{}\"}} 1\n", code.as_str());
            assert!(text.contains(&line), "{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
