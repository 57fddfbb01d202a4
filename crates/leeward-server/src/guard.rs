//! The guard on the safeguard: a thread of its own that measures the node ten times a second, and
//! twice a second compares what the limiter believes with what the shards' own tables hold.
//!
//! It waits for nobody: a limiter that does not answer within microseconds counts as silent. Two
//! disagreements in a row, a second of silence, people who wait at an open door while nobody is let
//! in, or the limiter's own doubt, and another limiter is made from what the shards report. When that
//! was of no use it falls back to a fixed rate for a while. It never lets anybody in by itself.

mod measure;
mod progress;
mod shedding;

use crate::node::Node;
use crate::watch;
use leeward_core::hub::Shed;
use leeward_core::storm::{Input, View};
use measure::Gauge;
use progress::{Doubt, Progress, Seen};
use shedding::Shedding;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two measurements.
const SAMPLE: Duration = Duration::from_millis(100);
/// Measurements between two comparisons.
const COMPARE_EVERY: u64 = 5;
/// Measurements in a row that a limiter may leave unanswered: a second.
const SILENT_MAX: u32 = 10;
/// Disagreements in a row.
const MISMATCHES_MAX: u32 = 2;
/// Measurements that shards may take to report; then it goes on without those that have not.
const REPORT_MAX: u32 = 10;
/// The least fixed rate, in admissions a second.
const FALLBACK_PER_S_MIN: u32 = 20;
/// While connections come and go between one look and the other, counts may differ by so many.
const UNSTEADY: usize = 256;

/// What the guard has seen and done.
#[derive(Default)]
pub(crate) struct Guarded {
    looked_us: AtomicU64,
    mismatches: AtomicU64,
    silences: AtomicU64,
    rebuilds: AtomicU64,
    fallbacks: AtomicU64,
    fixed: AtomicU64,
}

/// Its figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GuardFigures {
    /// When it last looked, in milliseconds before the moment asked about.
    pub looked_ms_ago: u64,
    /// Comparisons in which the limiter and the sockets disagreed.
    pub mismatches: u64,
    /// Measurements that the limiter did not take.
    pub silences: u64,
    /// Limiters made from what the sockets say.
    pub rebuilds: u64,
    /// How often that was of no use, so that a fixed rate took over.
    pub fallbacks: u64,
    /// It does at this moment.
    pub fixed: bool,
}

impl Guarded {
    pub(crate) fn figures(&self, now: leeward_core::id::Instant) -> GuardFigures {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        GuardFigures {
            looked_ms_ago: now.0.saturating_sub(of(&self.looked_us)) / 1_000,
            mismatches: of(&self.mismatches),
            silences: of(&self.silences),
            rebuilds: of(&self.rebuilds),
            fallbacks: of(&self.fallbacks),
            fixed: of(&self.fixed) > 0,
        }
    }
}

/// The guard's thread; it ends when this is dropped.
pub(crate) struct Guard {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Guard {
    /// Starts it.
    pub(crate) fn start(node: Arc<Node>) -> io::Result<Self> {
        let (stop, stopped) = sync_channel(0);
        let thread = std::thread::Builder::new()
            .name("guard".into())
            .spawn(move || watch(&node, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Whatever it ended by, it has ended.
            let _ = thread.join();
        }
    }
}

fn watch(node: &Node, stopped: &Receiver<()>) {
    let mut gauge = Gauge::new(node);
    let mut watch = Watch::default();
    while stopped.recv_timeout(SAMPLE) == Err(RecvTimeoutError::Timeout) {
        watch.turn(node, &mut gauge);
    }
}

/// What the guard keeps in mind.
#[derive(Default)]
struct Watch {
    turns: u64,
    mismatches: u32,
    silent: u32,
    reporting: u32,
    progress: Progress,
    shed: Shedding,
}

impl Watch {
    fn turn(&mut self, node: &Node, gauge: &mut Gauge) {
        let now = node.instant();
        node.guarded.looked_us.store(now.0, Ordering::Relaxed);
        let sample = gauge.measure(node, now);
        let told = node.admission.tell(now, Input::Measured(sample));
        node.admission.note_hints();
        let seen = Seen::of(node);
        let shed = self.shed.look(now, sample.lag_us, seen.kept_waiting);
        show(node, shed);
        let doubt = self.progress.look(now, seen);
        if told {
            self.silent = 0;
        } else {
            self.silent += 1;
            node.guarded.silences.fetch_add(1, Ordering::Relaxed);
        }
        self.turns += 1;
        // Without a guard what breaks stays broken: for drills alone.
        if node.config.storm.guard || !node.config.allow_drills {
            self.mend(node, doubt);
        }
    }

    fn mend(&mut self, node: &Node, doubt: Option<Doubt>) {
        match doubt {
            Some(Doubt::Stuck) => return self.replace(node, "nobody is let in who should be"),
            Some(Doubt::StuckAgain) => {
                self.replace(node, "nobody is let in who should be, again");
                return fall_back(node);
            }
            Some(Doubt::Over) => recover(node),
            None => {}
        }
        let Some(believed) = node.admission.believed() else {
            if self.silent >= SILENT_MAX {
                self.replace(node, "the limiter does not answer");
            }
            return;
        };
        if believed.reporting {
            self.reporting += 1;
            if self.reporting > REPORT_MAX {
                tracing::warn!("not every shard has reported: the limiter goes on without");
                node.admission.report_is_over(node.instant());
                self.reporting = 0;
            }
            return;
        }
        self.reporting = 0;
        if believed.stuck {
            return self.replace(node, "the limiter doubts itself");
        }
        if !self.turns.is_multiple_of(COMPARE_EVERY) {
            return;
        }
        if disagrees(node) {
            self.mismatches += 1;
            node.guarded.mismatches.fetch_add(1, Ordering::Relaxed);
        } else {
            self.mismatches = 0;
        }
        if self.mismatches >= MISMATCHES_MAX {
            self.replace(node, "the limiter and the sockets disagree");
        }
    }

    fn replace(&mut self, node: &Node, why: &str) {
        tracing::warn!(why, "the limiter is made anew from what the sockets say");
        node.guarded.rebuilds.fetch_add(1, Ordering::Relaxed);
        let held = node.admission.believed().map(|believed| believed.view.connections());
        node.watch.say(node.now(), watch::rebuilt(why, held, truth(node).0.connections()));
        node.admission.replace(node.instant(), node.now());
        (self.mismatches, self.silent, self.reporting) = (0, 0, 0);
    }
}

fn show(node: &Node, shed: Option<(Shed, &'static str)>) {
    let Some((level, why)) = shed else { return };
    if level > node.shed() {
        node.metrics.sheds.inc();
    }
    tracing::info!(?level, why, "what is shed has changed");
    node.set_shed(level, why);
}

/// A fixed rate, whatever is measured: static, never closed.
fn fall_back(node: &Node) {
    let per_s = (node.admission.mu_per_s() / 4).max(FALLBACK_PER_S_MIN);
    tracing::warn!(per_s, "people are let in at a fixed rate");
    node.guarded.fallbacks.fetch_add(1, Ordering::Relaxed);
    node.guarded.fixed.store(1, Ordering::Relaxed);
    node.admission.tell_after_report(Input::Static { per_s: Some(per_s) });
}

/// Back to what is measured, or to what the operator wants.
fn recover(node: &Node) {
    tracing::info!("people are let in as measured again");
    node.guarded.fixed.store(0, Ordering::Relaxed);
    let (_, per_s, _) = node.admission.wishes();
    node.admission.tell(node.instant(), Input::Static { per_s });
}

/// Whether the limiter's table is another than the shards'. What is on its way between the two counts
/// for neither.
fn disagrees(node: &Node) -> bool {
    let before = truth(node);
    let Some(believed) = node.admission.believed() else { return false };
    let after = truth(node);
    let under_way = believed.words + before.1.max(after.1);
    let apart = believed.view.connections().abs_diff(after.0.connections());
    if before != after {
        return apart > under_way + UNSTEADY;
    }
    let unanswered = under_way == 0 && after.2 > 0;
    unanswered || apart > under_way || (under_way == 0 && !believed.view.agrees(&after.0))
}

/// What the shards' tables hold, what is under way on their side, and how many have heard nothing.
fn truth(node: &Node) -> (View, usize, usize) {
    let (mut under_way, mut asking) = (0, 0);
    for pulse in node.admission.pulses() {
        under_way += pulse.under_way.load(Ordering::Relaxed);
        asking += pulse.asking();
    }
    (node.admission.view(), under_way, asking)
}
