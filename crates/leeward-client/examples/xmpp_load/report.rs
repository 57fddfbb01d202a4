//! What is printed.

use leeward_client::histogram::Quantiles;
use leeward_client::xmpp::numbers::Amiss;
use serde::Serialize;
use std::collections::BTreeMap;

/// All that was measured; parts that were not asked for are missing.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) url: String,
    pub(crate) clients: usize,
    pub(crate) survivors: usize,
    pub(crate) room_size: usize,
    pub(crate) species: String,
    pub(crate) resume: bool,
    pub(crate) sign_in: SignIn,
    pub(crate) idle: Option<Idle>,
    pub(crate) mu: Option<Mu>,
    pub(crate) storm: Option<Storm>,
    pub(crate) delivery: Option<Delivery>,
    /// Of all numbered messages.
    pub(crate) amiss: Amiss,
}

/// Everybody came in, so many at a time.
#[derive(Debug, Default, Serialize)]
pub(crate) struct SignIn {
    pub(crate) clients: usize,
    pub(crate) at_once: usize,
    pub(crate) seconds: f64,
    pub(crate) attempts_each: f64,
    /// Messages of the past that each was told.
    pub(crate) history_each: f64,
    pub(crate) server_cpu_us_each: Option<f64>,
    pub(crate) client_cpu_us_each: f64,
    pub(crate) waited: Quantiles,
    /// Words of the server for those it did not want.
    pub(crate) refusals: BTreeMap<String, u64>,
}

/// Nobody said anything.
#[derive(Debug, Serialize)]
pub(crate) struct Idle {
    pub(crate) rss_bytes: u64,
    /// The growth by each connection.
    pub(crate) rss_bytes_each: f64,
    /// Of one core.
    pub(crate) cpu_percent: f64,
}

/// How fast they can come back at all.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Mu {
    /// The best.
    pub(crate) per_s: f64,
    pub(crate) rounds: Vec<Round>,
}

/// A closed loop.
#[derive(Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) in_flight: usize,
    pub(crate) came: u64,
    pub(crate) seconds: f64,
    pub(crate) per_s: f64,
}

/// All but the survivors lost their connection at once.
#[derive(Debug, Serialize)]
pub(crate) struct Storm {
    pub(crate) clients: usize,
    /// Who was back when it ended, which is when all were or patience was.
    pub(crate) back: usize,
    /// None when not all came back.
    pub(crate) all_back_s: Option<f64>,
    pub(crate) ended_s: f64,
    /// The least possible: clients divided by mu.
    pub(crate) t_star_s: Option<f64>,
    pub(crate) of_t_star: Option<f64>,
    pub(crate) attempts_each: f64,
    pub(crate) server_cpu_us_each: Option<f64>,
    pub(crate) rss_bytes_max: Option<u64>,
    /// The survivors, from sending to seeing.
    pub(crate) before: Quantiles,
    pub(crate) during: Quantiles,
    /// Their messages that were not seen 15 s after the end.
    pub(crate) unseen: usize,
    pub(crate) survivors_lost: u64,
    /// Words of the server for those it did not want.
    pub(crate) refusals: BTreeMap<String, u64>,
}

/// Everybody in a room hears everybody.
#[derive(Debug, Serialize)]
pub(crate) struct Delivery {
    pub(crate) members: usize,
    pub(crate) messages_per_s: f64,
    pub(crate) seconds: f64,
    pub(crate) deliveries: u64,
    /// Of all that were due by then.
    pub(crate) share: f64,
    pub(crate) server_cpu_us_each: Option<f64>,
    pub(crate) took: Quantiles,
    /// Messages not seen 15 s after the end.
    pub(crate) unseen: usize,
}
