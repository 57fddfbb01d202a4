//! What a drill found: the figures of a run, the promises that were held or broken, as text and as
//! JSON. Never measures.

use super::tape::{Point, Survivors};
use leeward_client::drill::Species;
use leeward_client::drill::ledger::Verdict;
use leeward_client::histogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    pub(super) drill: &'static str,
    /// What was done, in a sentence or two.
    pub(super) story: String,
    pub(super) version: String,
    pub(super) machine: String,
    /// When it was run, UTC.
    pub(super) at: String,
    pub(super) clients: usize,
    pub(super) survivors: usize,
    pub(super) room_size: usize,
    pub(super) species: String,
    pub(super) tls: bool,
    pub(super) run: Run,
    /// The same outage without storm control, with clients that take no advice.
    pub(super) control: Option<Run>,
    pub(super) promises: Vec<Promise>,
    pub(super) passed: bool,
}

/// Something that was promised.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Promise {
    /// A short name, for scripts.
    pub(super) name: &'static str,
    pub(super) words: String,
    pub(super) measured: String,
    pub(super) bound: String,
    pub(super) held: bool,
    /// It is about time, so that a slower machine may break it.
    pub(super) timed: bool,
}

/// The figures of one run of an outage.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Run {
    pub(super) species: String,
    /// What the machine can do.
    pub(super) mu: Mu,
    /// The least possible time to bring everybody back, in seconds.
    pub(super) t_star_s: f64,
    /// Until all were back, in seconds; none if they were not within the drill's patience.
    pub(super) recovery_s: Option<f64>,
    /// The same of the clients that obey.
    pub(super) obedient_s: Option<f64>,
    /// The longest from a client's own first attempt to its being in, in seconds.
    pub(super) longest_wait_s: f64,
    /// Who was to come back, and who had not when the drill gave up.
    pub(super) dropped: u64,
    pub(super) missing: u64,
    pub(super) patience_s: f64,
    pub(super) kinds: Vec<KindRow>,
    /// Those who came back with their session and the right build, and those with an old one.
    pub(super) plain: Option<KindRow>,
    pub(super) stale: Option<KindRow>,
    /// Old builds that were told so.
    pub(super) told_stale: u64,
    /// The server's processor time for each admission, in microseconds, whatever it also did.
    pub(super) cpu_us_each: Option<f64>,
    pub(super) survivors: Survivors,
    pub(super) verdict: Verdict,
    /// Events that came again on the wire, and holes found in what came.
    pub(super) wire: (u64, u64),
    /// Posts that nobody had answered in the end.
    pub(super) unanswered: usize,
    pub(super) refusals: BTreeMap<String, u64>,
    /// Sign-ins by XMPP that the server said had failed.
    pub(super) signed_out: u64,
    pub(super) parked: u64,
    /// Connections of survivors and bystanders that ended without the drill ending them.
    pub(super) survivors_cut: u64,
    /// The same of others, once they were back.
    pub(super) cut: u64,
    pub(super) memory_before_bytes: u64,
    pub(super) memory_max_bytes: u64,
    /// Bytes that a returning client read on its way in, on average.
    pub(super) bytes_each: f64,
    /// Reads of the database that the live side asked for, for each who came back.
    pub(super) store_reads_each: Option<f64>,
    /// When people came back was decided by the drill: the time that took says nothing.
    pub(super) steered: bool,
    /// The figures to remember, in place of those of a recovery: what, how much, and a note.
    pub(super) tiles: Vec<[String; 3]>,
    /// Figures of this drill alone.
    pub(super) figures: Vec<(String, String)>,
    pub(super) points: Vec<Point>,
    pub(super) marks: Vec<(f64, String)>,
}

/// How fast this machine can let these clients in.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Mu {
    /// Of the best round, per second.
    pub(super) per_s: f64,
    pub(super) rounds: Vec<Round>,
}

/// Everybody once, so many in flight.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Round {
    pub(super) in_flight: usize,
    pub(super) seconds: f64,
    pub(super) per_s: f64,
    /// The server's processor time for each.
    pub(super) cpu_us_each: Option<f64>,
    /// Share of the machine's processor time that nobody used.
    pub(super) idle_percent: f64,
    /// Share that neither the server nor the drill used, but other programs did.
    pub(super) others_percent: Option<f64>,
}

/// One kind of client.
#[derive(Clone, Debug, Serialize)]
pub(super) struct KindRow {
    pub(super) species: String,
    pub(super) clients: u64,
    pub(super) back: u64,
    pub(super) knocks: u64,
    /// Of those who are back: on average, and the most.
    pub(super) knocks_each: f64,
    pub(super) knocks_max: u64,
    /// From the outage to being in: half of them, and the last, in seconds.
    pub(super) half_s: f64,
    pub(super) last_s: f64,
    /// From the first attempt to being in: half of them, and the longest, in seconds.
    pub(super) wait_half_s: f64,
    pub(super) wait_max_s: f64,
}

impl KindRow {
    pub(super) fn new(species: String, kind: &leeward_client::drill::Kind) -> Self {
        let seconds = |histogram: &Histogram| histogram.quantiles().max_ms / 1_000.0;
        let (back, knocks_each) = (kind.came.count(), &kind.knocks_each);
        Self {
            species,
            clients: kind.lost,
            back,
            knocks: kind.knocks,
            knocks_each: knocks_each.mean(),
            knocks_max: knocks_each.quantile_us(1.0),
            half_s: kind.came.quantile_us(0.5) as f64 / 1e6,
            last_s: seconds(&kind.came),
            wait_half_s: kind.waited.quantile_us(0.5) as f64 / 1e6,
            wait_max_s: seconds(&kind.waited),
        }
    }
}

impl Run {
    /// Sets what the machine can do. Where the outage itself let people in faster than the best round
    /// did, it has shown what the machine can do, and is measured by that.
    pub(super) fn measure_by(&mut self, mut mu: Mu) {
        let clients = self.dropped as f64;
        if let Some(seconds) = self.recovery_s.filter(|s| *s > 0.0) {
            mu.per_s = mu.per_s.max(clients / seconds);
        }
        self.t_star_s = clients / mu.per_s.max(1e-3);
        self.mu = mu;
    }

    /// How many times the least possible time a recovery took.
    pub(super) fn ratio(&self, recovery_s: Option<f64>) -> Option<f64> {
        recovery_s.filter(|_| self.t_star_s > 0.0).map(|s| s / self.t_star_s)
    }
}

impl Promise {
    /// A promise about a count.
    pub(super) fn count(name: &'static str, words: &str, measured: u64, most: u64) -> Self {
        Self {
            name,
            words: words.to_owned(),
            measured: measured.to_string(),
            bound: if most == 0 { "0".to_owned() } else { format!("≤ {most}") },
            held: measured <= most,
            timed: false,
        }
    }

    /// A promise that holds or does not.
    pub(super) fn fact(name: &'static str, words: &str, held: bool, measured: String) -> Self {
        let words = words.to_owned();
        Self { name, words, measured, bound: "yes".to_owned(), held, timed: false }
    }

    /// A promise about seconds; none is never.
    pub(super) fn seconds(name: &'static str, words: &str, s: Option<f64>, most: f64) -> Self {
        Self {
            name,
            words: words.to_owned(),
            measured: s.map_or("never".to_owned(), |s| format!("{s:.2} s")),
            bound: format!("≤ {most:.2} s"),
            held: s.is_some_and(|s| s <= most),
            timed: true,
        }
    }

    /// A promise about milliseconds.
    pub(super) fn milliseconds(name: &'static str, words: &str, ms: f64, most: f64) -> Self {
        Self {
            name,
            words: words.to_owned(),
            measured: format!("{ms:.1} ms"),
            bound: format!("≤ {most:.0} ms"),
            held: ms <= most,
            timed: true,
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { drill, version, machine, clients, species, tls, .. } = self;
        let tls = if *tls { ", TLS" } else { "" };
        writeln!(
            f,
            "drill {drill}: {clients} clients ({species}{tls}), leeward {version}, {machine}"
        )?;
        writeln!(f, "{}\n", self.story)?;
        if let Some(control) = &self.control {
            writeln!(f, "{:<44} {:>18} {:>18}", "", "this server", "control")?;
            for ((what, ours), (_, theirs)) in rows(&self.run).iter().zip(rows(control)) {
                writeln!(f, "{what:<44} {ours:>18} {theirs:>18}")?;
            }
        } else {
            for (what, ours) in rows(&self.run) {
                writeln!(f, "{what:<44} {ours:>18}")?;
            }
        }
        for (what, value) in &self.run.figures {
            writeln!(f, "{what:<44} {value:>18}")?;
        }
        writeln!(f)?;
        for row in &self.run.kinds {
            writeln!(f, "{row}")?;
        }
        writeln!(f)?;
        for promise in &self.promises {
            writeln!(f, "{promise}")?;
        }
        let broken = self.promises.iter().filter(|p| !p.held).count();
        match broken {
            0 => writeln!(f, "\nall {} promises held", self.promises.len()),
            _ => writeln!(f, "\n{broken} of {} promises broke", self.promises.len()),
        }
    }
}

impl Display for KindRow {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { species, clients, back, knocks_each, knocks_max, half_s, last_s, .. } = self;
        write!(f, "{species:<14} {back:>6} of {clients:<6} back, half in {half_s:.2} s, ")?;
        write!(f, "last in {last_s:.2} s; {knocks_each:.2} knocks each, {knocks_max} at most; ")?;
        write!(f, "waited {:.2} s at most", self.wait_max_s)
    }
}

impl Display for Promise {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { words, measured, bound, .. } = self;
        let word = if self.held { "held  " } else { "BROKEN" };
        write!(f, "{word}  {words}: {measured} ({bound})")
    }
}

/// The figures that every run has, in words.
pub(super) fn rows(run: &Run) -> Vec<(&'static str, String)> {
    let mib = |bytes: u64| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20));
    let took = |s: Option<f64>| match (s, run.ratio(s)) {
        (Some(s), Some(ratio)) => format!("{s:.2} s = {ratio:.2} T*"),
        (Some(s), None) => format!("{s:.2} s"),
        (None, _) => format!("not in {:.0} s", run.patience_s),
    };
    let latency = |q: leeward_client::histogram::Quantiles| match q.count {
        0 => "–".to_owned(),
        _ => format!("{:.1} / {:.1} ms", q.p50_ms, q.p99_ms),
    };
    let (knocks, back) =
        run.kinds.iter().fold((0, 0), |(k, b), row| (k + row.knocks, b + row.back));
    let refused: u64 = run.refusals.values().sum();
    let obey = run.kinds.iter().any(|row| row.species == Species::Leeward.as_str());
    let mut rows = vec![
        ("clients of", run.species.clone()),
        ("admissions the machine can do (mu)", format!("{:.0}/s", run.mu.per_s)),
    ];
    if !run.steered {
        let each = format!("{:.2}", knocks as f64 / back.max(1) as f64);
        rows.extend([
            ("least possible recovery (T* = N/mu)", format!("{:.2} s", run.t_star_s)),
            ("all back after", took(run.recovery_s)),
            (
                "those who obey back after",
                match obey {
                    true => took(run.obedient_s),
                    false => "nobody obeys".to_owned(),
                },
            ),
            ("longest wait from one's own first attempt", format!("{:.2} s", run.longest_wait_s)),
            ("not back", format!("{} of {}", run.missing, run.dropped)),
            ("attempts for each who is back", each),
        ]);
    }
    rows.extend([
        ("survivors' messages seen before, p50 / p99", latency(run.survivors.before)),
        ("… during", latency(run.survivors.during)),
        ("… after", latency(run.survivors.after)),
        ("survivors' connections lost", run.survivors_cut.to_string()),
        ("refused or ended by the server", refused.to_string()),
        ("told to wait where they are", run.parked.to_string()),
        ("bytes read by each on the way in", format!("{:.0}", run.bytes_each)),
        ("server's memory before, at most", {
            format!("{} / {}", mib(run.memory_before_bytes), mib(run.memory_max_bytes))
        }),
        ("events and posts checked", format!("{}", run.verdict.events + run.verdict.posts)),
        ("lost / duplicated / reordered", {
            let v = run.verdict;
            format!("{} / {} / {}", v.lost, v.duplicated, v.reordered)
        }),
    ]);
    if let Some(us) = run.cpu_us_each {
        rows.push(("server's processor time for each admission", format!("{us:.0} µs")));
    }
    if let Some(reads) = run.store_reads_each {
        rows.push(("reads of the database for each return", format!("{reads:.3}")));
    }
    rows
}
