//! The status document: everything the console shows, as one value. `GET /api/storm` answers with it,
//! the event stream sends it, `leeward top` prints it, and every figure in it is a metric.

use super::journal::Entry;
use leeward_core::id::Millis;
use leeward_core::lease::Terms;
use leeward_core::wire::Lease;
use serde::Serialize;

/// What is going on, the most pressing first where two are true.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Nothing.
    #[default]
    Calm,
    /// Many have to be let in.
    Storm,
    /// The operator's hand is on a gate.
    Gate,
    /// Everybody is being sent elsewhere.
    Drain,
    /// The limiter failed: a fixed rate is held.
    Static,
}

impl State {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Calm, Self::Storm, Self::Gate, Self::Drain, Self::Static];

    /// As it is written everywhere.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Storm => "storm",
            Self::Gate => "gate",
            Self::Drain => "drain",
            Self::Static => "static",
        }
    }
}

/// The document.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Status {
    /// When it was made.
    pub(crate) now: Millis,
    /// How long the node has been up, in milliseconds.
    pub(crate) up_ms: u64,
    /// Of the program.
    pub(crate) version: &'static str,
    /// Of the web app that it serves.
    pub(crate) build: String,
    /// Takes connections.
    pub(crate) ready: bool,
    /// What is going on.
    pub(crate) state: State,
    /// For how long, in milliseconds.
    pub(crate) since_ms: u64,
    /// The same in words.
    pub(crate) sentence: String,
    /// The storm that is under way.
    pub(crate) storm: Option<StormNow>,
    /// Who is in and who is not.
    pub(crate) connections: Connections,
    /// How fast people come and get in.
    pub(crate) rate: Rates,
    /// Reservations.
    pub(crate) slots: Slots,
    /// By class, first in line first.
    pub(crate) classes: Vec<ClassNow>,
    /// What people notice.
    pub(crate) users: Users,
    /// How long it would take to let all in if they lost their connection at once.
    pub(crate) recover_ms: Option<u64>,
    /// Over how long clients that lose the node without a word are asked to spread.
    pub(crate) spread_ms: u64,
    /// What is left out for the time being.
    pub(crate) shed: Vec<Shed>,
    /// How long connections may be silent.
    pub(crate) leases: Leases,
    /// The guard on the limiter.
    pub(crate) guard: Guard,
    /// How each dependency answers each node.
    pub(crate) matrix: Vec<Cell>,
    /// What the doctor says.
    pub(crate) doctor: DoctorNow,
    /// What happened, latest first.
    pub(crate) journal: Vec<Entry>,
    /// Watching the event stream.
    pub(crate) watchers: u64,
}

/// A storm under way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct StormNow {
    /// `lost`: connections were lost; `crowd`: people came whom nobody saw go.
    pub(crate) kind: &'static str,
    /// How long it has been, in milliseconds.
    pub(crate) since_ms: u64,
    /// Connections before it.
    pub(crate) before: u64,
    /// How many have to be let in, as far as is known.
    pub(crate) of: u64,
    /// How many of them are in.
    pub(crate) back: u64,
    /// Until all are, in milliseconds; nothing while nobody is let in.
    pub(crate) to_go_ms: Option<u64>,
    /// Drafts that could not be stored since it began.
    pub(crate) unstored: u64,
}

/// Who is in and who is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Connections {
    /// Are in.
    pub(crate) live: u64,
    /// Are being let in.
    pub(crate) admitting: u64,
    /// Wait at the door.
    pub(crate) waiting: u64,
    /// Were lost in a storm and are not back.
    pub(crate) gone: u64,
    /// Most there can be.
    pub(crate) max: u64,
    /// Bytes that the waiting take.
    pub(crate) waiting_bytes: u64,
}

/// How fast people come and get in.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(crate) struct Rates {
    /// Admissions that are allowed; nothing: as many as come.
    pub(crate) limit_per_s: Option<u64>,
    /// What sets the limit.
    pub(crate) limited_by: &'static str,
    /// Admissions that the operator has fixed; nothing: the limiter measures.
    pub(crate) fixed_per_s: Option<u64>,
    /// Knocks.
    pub(crate) arrivals_per_s: u64,
    /// Admissions.
    pub(crate) admissions_per_s: u64,
    /// Refusals.
    pub(crate) refusals_per_s: u64,
    /// Admissions that the node can finish.
    pub(crate) mu_per_s: u64,
}

/// Reservations.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Slots {
    /// Given and neither used nor forfeit.
    pub(crate) out: u64,
    /// Used in their time, so far.
    pub(crate) kept: u64,
    /// Shown before their time, so far.
    pub(crate) early: u64,
    /// Used after their time, so far.
    pub(crate) late: u64,
    /// Never used, so far.
    pub(crate) no_show: u64,
    /// That fall due each second.
    pub(crate) promised_per_s: u64,
    /// Used each second.
    pub(crate) kept_per_s: u64,
}

/// One class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct ClassNow {
    /// Its name.
    pub(crate) class: &'static str,
    /// At the door.
    pub(crate) waiting: u64,
    /// How long the last of them waits, about.
    pub(crate) wait_ms: u64,
    /// The operator's hand on it.
    pub(crate) gate: GateNow,
    /// Let in so far.
    pub(crate) admitted: u64,
    /// Turned away so far.
    pub(crate) refused: u64,
    /// Knocks so far.
    pub(crate) knocks: u64,
}

/// The operator's hand on a class.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum GateNow {
    /// Let in as they come.
    #[default]
    Open,
    /// So many a second.
    Paced {
        /// How many.
        per_s: u32,
        /// What the waiting are told.
        message: String,
    },
    /// Nobody.
    Closed {
        /// When to ask again.
        after_ms: u32,
        /// What they are told.
        message: String,
    },
}

/// What people notice, over the last ten seconds.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub(crate) struct Users {
    /// From a draft's arrival to the last write of its delivery on a shard.
    pub(crate) send_to_seen_ms: Quantiles,
    /// From a live connection's opening to all that it missed having been sent; waiting included.
    pub(crate) in_sync_ms: Quantiles,
}

/// Durations in milliseconds; nothing while there are none.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub(crate) struct Quantiles {
    /// Half took no longer.
    pub(crate) p50: Option<f64>,
    /// Nineteen of twenty.
    pub(crate) p95: Option<f64>,
    /// All but one in a hundred.
    pub(crate) p99: Option<f64>,
}

/// Something that is left out for the time being.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Shed {
    /// What.
    pub(crate) what: &'static str,
    /// Why.
    pub(crate) why: &'static str,
}

/// How long connections may be silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Leases {
    /// Held.
    pub(crate) live: u64,
    /// That ran out, so far.
    pub(crate) expired: u64,
    /// What is granted.
    pub(crate) terms: TermsNow,
}

/// What is granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct TermsNow {
    /// To who is looked at.
    pub(crate) visible: LeaseNow,
    /// To pages in the background.
    pub(crate) hidden: LeaseNow,
}

/// One grant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct LeaseNow {
    /// Between two pings, in milliseconds.
    pub(crate) ping_ms: u64,
    /// The longest silence, in milliseconds.
    pub(crate) lease_ms: u64,
}

impl From<Lease> for LeaseNow {
    fn from(lease: Lease) -> Self {
        Self { ping_ms: lease.ping_ms.into(), lease_ms: lease.lease_ms.into() }
    }
}

impl From<Terms> for TermsNow {
    fn from(terms: Terms) -> Self {
        Self { visible: terms.visible.into(), hidden: terms.hidden.into() }
    }
}

/// The guard on the limiter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Guard {
    /// When the watchdog last looked; nothing while there is none.
    pub(crate) watchdog_ms_ago: Option<u64>,
    /// Times that the limiter's view was not the truth.
    pub(crate) mismatches: u64,
    /// Times that it was rebuilt.
    pub(crate) rebuilds: u64,
    /// Times that a fixed rate had to be held.
    pub(crate) fallbacks: u64,
    /// One is held.
    #[serde(rename = "static")]
    pub(crate) fixed: bool,
}

/// How one dependency answered one node over the last ten seconds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Cell {
    /// Who asked.
    pub(crate) node: &'static str,
    /// Who answered.
    pub(crate) dependency: &'static str,
    /// Requests that were answered.
    pub(crate) ok: u64,
    /// Requests that were not.
    pub(crate) failed: u64,
    /// All but one in a hundred took no longer, in milliseconds.
    pub(crate) p99_ms: Option<f64>,
}

/// What the doctor says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct DoctorNow {
    /// The worst of it; nothing until it has looked.
    pub(crate) worst: Option<&'static str>,
    /// What is not fine, the worst first.
    pub(crate) findings: Vec<FindingNow>,
}

/// One thing that the doctor says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct FindingNow {
    /// Which check says it.
    pub(crate) check: String,
    /// How bad it is.
    pub(crate) severity: &'static str,
    /// What there is.
    pub(crate) measured: String,
    /// What will happen.
    pub(crate) will: String,
    /// The lines that would change it.
    pub(crate) change: Vec<String>,
}
