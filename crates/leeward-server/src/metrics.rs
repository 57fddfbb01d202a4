//! What the node counts, in OpenMetrics.
//!
//! Handles are plain atomics, cloned at start: nothing is looked up by name while serving, and
//! nothing is labelled by room or by account.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The counters of one node.
pub struct Metrics {
    registry: Registry,
    posts: Counter,
    posts_repeated: Counter,
    posts_failed: Counter,
    post_seconds: Histogram,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("leeward");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let posts = counter("posts", "Drafts stored");
        let posts_repeated = counter("posts_repeated", "Drafts that had been stored before");
        let posts_failed = counter("posts_failed", "Drafts that were refused or not stored");
        let post_seconds = Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0]);
        let help = "From a draft's arrival at the store to its commit";
        registry.register_with_unit("post", help, Unit::Seconds, post_seconds.clone());
        Self { registry, posts, posts_repeated, posts_failed, post_seconds }
    }

    pub(crate) fn posted(&self, micros: u64, repeated: bool) {
        if repeated {
            self.posts_repeated.inc()
        } else {
            self.posts.inc()
        };
        self.post_seconds.observe(micros as f64 / 1e6);
    }

    pub(crate) fn post_failed(&self) {
        self.posts_failed.inc();
    }

    /// The registry, to be written out.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
