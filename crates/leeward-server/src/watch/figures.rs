//! Every figure of the status document as a metric: one list, from which `/metrics`, statsd and the
//! test that none is missing are made.
//!
//! A metric that is there is there always, with 0 or with "not a number" where nothing is known, so
//! that an alert never waits for a series that has not begun. Times are in seconds, as the field has
//! it.

use super::status::{GateNow, LeaseNow, Quantiles, State, Status};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

type Label = (&'static str, &'static str);

/// What may be shed, by its name on the wire.
pub(crate) const SHEDDABLE: [&str; 4] = ["typing", "presence", "snapshots", "search"];

/// One figure.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Figure {
    /// Where the document has it, as a path of names with `/` between; empty where the document says
    /// it in words.
    pub(crate) path: String,
    /// Without the prefix of the program, without `_total`.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) counter: bool,
    pub(crate) labels: Vec<Label>,
    pub(crate) value: f64,
}

/// The list being made.
#[derive(Default)]
struct List(Vec<Figure>);

impl List {
    fn gauge(&mut self, path: &str, name: &'static str, help: &'static str, value: f64) {
        self.labelled(path, (name, help), &[], value);
    }

    fn labelled(
        &mut self,
        path: &str,
        (name, help): (&'static str, &'static str),
        labels: &[Label],
        value: f64,
    ) {
        let (path, labels) = (path.to_owned(), labels.to_vec());
        self.0.push(Figure { path, name, help, counter: false, labels, value });
    }

    fn counter(
        &mut self,
        path: &str,
        (name, help): (&'static str, &'static str),
        labels: &[Label],
        value: u64,
    ) {
        self.labelled(path, (name, help), labels, value as f64);
        self.0.last_mut().into_iter().for_each(|figure| figure.counter = true);
    }
}

/// All of them. Those of one name stand together.
pub(crate) fn figures(status: &Status) -> Vec<Figure> {
    let mut list = List::default();
    state(&mut list, status);
    connections(&mut list, status);
    slots(&mut list, status);
    classes(&mut list, status);
    users(&mut list, status);
    leases(&mut list, status);
    guard(&mut list, status);
    matrix(&mut list, status);
    // Those of one name have to stand together, and the order is a table's.
    let mut names: Vec<&str> = Vec::new();
    for figure in &list.0 {
        if !names.contains(&figure.name) {
            names.push(figure.name);
        }
    }
    let place = |figure: &Figure| names.iter().position(|name| *name == figure.name);
    list.0.sort_by_key(place);
    list.0
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

fn maybe_seconds(ms: Option<u64>) -> f64 {
    ms.map_or(f64::NAN, seconds)
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn state(list: &mut List, status: &Status) {
    for state in State::ALL {
        let what = ("state", "What is going on: 1 for the state it is");
        list.labelled("", what, &[("state", state.as_str())], flag(state == status.state));
    }
    let since = seconds(status.since_ms);
    list.gauge("since_ms", "state_seconds", "For how long it has been so", since);
    list.gauge("up_ms", "up_seconds", "Since the node started", seconds(status.up_ms));
    let storm = status.storm.as_ref();
    let count = |of: fn(&super::status::StormNow) -> u64| storm.map_or(0.0, |s| of(s) as f64);
    let help = "Connections that the storm under way concerns, as far as is known";
    list.gauge("storm/of", "storm_of", help, count(|s| s.of));
    list.gauge("storm/back", "storm_back", "How many of them are in", count(|s| s.back));
    list.gauge("storm/before", "storm_before", "Connections before it", count(|s| s.before));
    let since = storm.map_or(0.0, |s| seconds(s.since_ms));
    list.gauge("storm/since_ms", "storm_seconds", "Since it began", since);
    let help = "Until all are in; not a number while nobody is let in";
    let to_go = storm.map_or(0.0, |s| maybe_seconds(s.to_go_ms));
    list.gauge("storm/to_go_ms", "storm_to_go_seconds", help, to_go);
    let help = "Drafts that could not be stored since it began";
    list.gauge("storm/unstored", "storm_unstored", help, count(|s| s.unstored));
}

fn connections(list: &mut List, status: &Status) {
    let c = status.connections;
    let of = [
        ("connections/live", "live", c.live),
        ("connections/admitting", "admitting", c.admitting),
        ("connections/waiting", "waiting", c.waiting),
        ("connections/gone", "gone", c.gone),
    ];
    for (path, is, value) in of {
        let what = ("standing", "Connections in, being let in, waiting, lost and not back");
        list.labelled(path, what, &[("is", is)], value as f64);
    }
    let help = "Most connections there can be";
    list.gauge("connections/max", "connections_max", help, c.max as f64);
    let help = "Memory that the waiting take";
    list.gauge("connections/waiting_bytes", "waiting_bytes", help, c.waiting_bytes as f64);
    let rate = &status.rate;
    let help = "Admissions that are allowed; not a number: as many as come";
    let limit = rate.limit_per_s.map_or(f64::NAN, |n| n as f64);
    list.gauge("rate/limit_per_s", "limit_per_second", help, limit);
    let help = "Admissions that the operator has fixed; 0: the limiter measures";
    let fixed = rate.fixed_per_s.unwrap_or(0) as f64;
    list.gauge("rate/fixed_per_s", "fixed_per_second", help, fixed);
    for by in super::observe::LIMITS {
        let what = ("limited_by", "What sets the limit: 1 for what it is");
        list.labelled("", what, &[("by", by)], flag(by == rate.limited_by));
    }
    let rates = [
        ("rate/arrivals_per_s", "arrivals_per_second", "Knocks", rate.arrivals_per_s),
        ("rate/admissions_per_s", "admissions_per_second", "Admissions", rate.admissions_per_s),
        ("rate/refusals_per_s", "refusals_per_second", "Refusals", rate.refusals_per_s),
        ("rate/mu_per_s", "mu_per_second", "Admissions that the node can finish", rate.mu_per_s),
    ];
    for (path, name, help, value) in rates {
        list.gauge(path, name, help, value as f64);
    }
    let help = "To let all in if they lost their connection at once, as measured";
    list.gauge("recover_ms", "recover_seconds", help, maybe_seconds(status.recover_ms));
    let help = "Over which clients that lose the node without a word are asked to spread";
    list.gauge("spread_ms", "spread_seconds", help, seconds(status.spread_ms));
    for what in SHEDDABLE {
        let shed = status.shed.iter().any(|shed| shed.what == what);
        list.labelled("", ("shed", "What is left out: 1 if it is"), &[("what", what)], flag(shed));
    }
}

fn slots(list: &mut List, status: &Status) {
    let slots = status.slots;
    let help = "Reservations given and neither used nor forfeit";
    list.gauge("slots/out", "slots_out", help, slots.out as f64);
    let outcomes = [
        ("slots/kept", "kept", slots.kept),
        ("slots/early", "early", slots.early),
        ("slots/late", "late", slots.late),
        ("slots/no_show", "no_show", slots.no_show),
    ];
    for (path, outcome, value) in outcomes {
        let what = ("slots", "What became of reservations");
        list.counter(path, what, &[("outcome", outcome)], value);
    }
    let promised = slots.promised_per_s as f64;
    let help = "Reservations that fall due";
    list.gauge("slots/promised_per_s", "slots_promised_per_second", help, promised);
    let kept = slots.kept_per_s as f64;
    list.gauge("slots/kept_per_s", "slots_kept_per_second", "Reservations that are used", kept);
}

fn classes(list: &mut List, status: &Status) {
    for (i, class) in status.classes.iter().enumerate() {
        let path = |of: &str| format!("classes/{i}/{of}");
        let labels = [("class", class.class)];
        let what = ("class_waiting", "Waiting at the door, by class");
        list.labelled(&path("waiting"), what, &labels, class.waiting as f64);
        let what = ("class_wait_seconds", "How long the last of them waits, about");
        list.labelled(&path("wait_ms"), what, &labels, seconds(class.wait_ms));
        let (per_s, after_ms) = match class.gate {
            GateNow::Open => (0, 0),
            GateNow::Paced { per_s, .. } => (per_s, 0),
            GateNow::Closed { after_ms, .. } => (0, after_ms),
        };
        for (state, is) in [
            ("open", class.gate == GateNow::Open),
            ("paced", matches!(class.gate, GateNow::Paced { .. })),
            ("closed", matches!(class.gate, GateNow::Closed { .. })),
        ] {
            let what = ("gate", "The operator's hand on a class: 1 for what it is");
            list.labelled("", what, &[labels[0], ("state", state)], flag(is));
        }
        let what =
            ("gate_per_second", "Admissions of a class that the operator allows; 0: no pace");
        list.labelled(&path("gate/per_s"), what, &labels, per_s.into());
        let what = ("gate_seconds", "When those are to ask again whom a closed gate turns away");
        list.labelled(&path("gate/after_ms"), what, &labels, seconds(after_ms.into()));
        list.counter(&path("knocks"), ("class_knocks", "Knocks"), &labels, class.knocks);
        let what = ("class_admitted", "Admissions");
        list.counter(&path("admitted"), what, &labels, class.admitted);
        let what = ("class_refused", "Refusals for want of room, for a gate or for a drain");
        list.counter(&path("refused"), what, &labels, class.refused);
    }
}

fn users(list: &mut List, status: &Status) {
    let mut quantiles = |of: &str, what: (&'static str, &'static str), q: Quantiles| {
        for (path, p, ms) in [("p50", "50", q.p50), ("p95", "95", q.p95), ("p99", "99", q.p99)] {
            let value = ms.map_or(f64::NAN, |ms| ms / 1_000.0);
            let path = format!("users/{of}/{path}");
            list.labelled(&path, what, &[("p", p)], value);
        }
    };
    let what = (
        "send_to_seen_recent_seconds",
        "From a draft's arrival to its last delivery on a shard, over ten seconds",
    );
    quantiles("send_to_seen_ms", what, status.users.send_to_seen_ms);
    let what = (
        "in_sync_recent_seconds",
        "From a live connection's opening to being in sync, over ten seconds",
    );
    quantiles("in_sync_ms", what, status.users.in_sync_ms);
}

fn leases(list: &mut List, status: &Status) {
    let leases = &status.leases;
    list.gauge("leases/live", "leases_live", "Leases held", leases.live as f64);
    let what = ("leases_expired", "Leases that ran out");
    list.counter("leases/expired", what, &[], leases.expired);
    let terms = [("visible", leases.terms.visible), ("hidden", leases.terms.hidden)];
    for (page, LeaseNow { ping_ms, lease_ms }) in terms {
        let path = |of: &str| format!("leases/terms/{page}/{of}");
        let labels = [("page", page)];
        let what = ("lease_seconds", "The longest silence that is granted");
        list.labelled(&path("lease_ms"), what, &labels, seconds(lease_ms));
        let what = ("ping_seconds", "Between two pings that are asked for");
        list.labelled(&path("ping_ms"), what, &labels, seconds(ping_ms));
    }
}

fn guard(list: &mut List, status: &Status) {
    let guard = status.guard;
    let age = maybe_seconds(guard.watchdog_ms_ago);
    let help = "Since the watchdog looked at the limiter";
    list.gauge("guard/watchdog_ms_ago", "watchdog_age_seconds", help, age);
    let counters = [
        (
            "guard/mismatches",
            "limiter_mismatches",
            "Connections in which the limiter was wrong",
            guard.mismatches,
        ),
        (
            "guard/rebuilds",
            "limiter_rebuilds",
            "Times that the limiter was rebuilt",
            guard.rebuilds,
        ),
        (
            "guard/fallbacks",
            "limiter_fallbacks",
            "Times that a fixed rate had to be held",
            guard.fallbacks,
        ),
    ];
    for (path, name, help, value) in counters {
        list.counter(path, (name, help), &[], value);
    }
    list.gauge("", "limiter_static", "A fixed rate is held", flag(guard.fixed));
    let journal = status.journal.first().map_or(0, |entry| entry.number);
    list.counter("", ("journal_entries", "Sentences told to the journal"), &[], journal);
    let help = "Watching the event stream of the console";
    list.gauge("watchers", "watchers", help, status.watchers as f64);
}

fn matrix(list: &mut List, status: &Status) {
    for (i, cell) in status.matrix.iter().enumerate() {
        let path = |of: &str| format!("matrix/{i}/{of}");
        let labels = [("node", cell.node), ("dependency", cell.dependency)];
        let what = ("dependency_ok", "Requests answered within ten seconds");
        list.labelled(&path("ok"), what, &labels, cell.ok as f64);
        let what = ("dependency_failed", "Requests not answered within ten seconds");
        list.labelled(&path("failed"), what, &labels, cell.failed as f64);
        let what = ("dependency_p99_seconds", "All but one in a hundred took no longer");
        let p99 = cell.p99_ms.map_or(f64::NAN, |ms| ms / 1_000.0);
        list.labelled(&path("p99_ms"), what, &labels, p99);
    }
}

/// Writes them as OpenMetrics.
pub(crate) fn encode(
    figures: &[Figure],
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), std::fmt::Error> {
    for family in figures.chunk_by(|a, b| a.name == b.name) {
        let Some(Figure { name, help, counter, .. }) = family.first() else { continue };
        let kind = if *counter { MetricType::Counter } else { MetricType::Gauge };
        let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
        if let [Figure { labels, value, .. }] = family
            && labels.is_empty()
        {
            write(metric, *counter, *value)?;
            continue;
        }
        for figure in family {
            write(metric.encode_family(&figure.labels)?, *counter, figure.value)?;
        }
    }
    Ok(())
}

/// Whole numbers are written as such.
fn write(sample: MetricEncoder<'_>, counter: bool, value: f64) -> Result<(), std::fmt::Error> {
    if counter {
        ConstCounter::new(value as u64).encode(sample)
    } else if value.fract() == 0.0 {
        ConstGauge::new(value as i64).encode(sample)
    } else {
        ConstGauge::new(value).encode(sample)
    }
}
