//! The doctor of a node that serves: looks at the start, every few minutes, and when asked.
//!
//! It has a thread of its own, because disks and directories may take their time to answer. What it
//! finds is kept for whoever shows it; a finding that was not there before is logged once.

use super::examine;
use super::facts::Plan;
use super::finding::{Finding, Report, Severity};
use super::gather::{Eyes, Inside};
use crate::node::Node;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, RwLock, Weak};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often the doctor looks when nobody asks.
const ROUND: Duration = Duration::from_secs(180);
/// How often it writes to the disk to see how long that takes.
const PROBE: Duration = Duration::from_secs(900);
/// A look that is younger than this is not repeated for whoever asks.
const FRESH: Duration = Duration::from_secs(2);
/// How long whoever asks waits for a look, before they get the last one.
const PATIENCE: Duration = Duration::from_secs(3);
/// Questions that may wait for the doctor.
const QUESTIONS_MAX: usize = 16;

/// What the doctor of a node has found, and the way to ask.
#[derive(Debug, Default)]
pub struct Doctor {
    last: RwLock<Option<Arc<Report>>>,
    ask: Mutex<Option<SyncSender<oneshot::Sender<()>>>>,
}

impl Doctor {
    /// The last report; none as long as nobody has looked.
    pub fn report(&self) -> Option<Arc<Report>> {
        self.last.read().expect("nothing panics while it holds this lock").clone()
    }

    /// A fresh report, or the last one where the machine takes too long to be looked at.
    pub async fn asked(&self) -> Option<Arc<Report>> {
        let (done, looked) = oneshot::channel();
        let ask = self.ask.lock().expect("nothing panics while it holds this lock").clone();
        if ask.is_some_and(|ask| ask.try_send(done).is_ok()) {
            // Too late, or the doctor is gone: the last report has to do.
            let _ = tokio::time::timeout(PATIENCE, looked).await;
        }
        self.report()
    }

    fn keep(&self, report: Arc<Report>) {
        *self.last.write().expect("nothing panics while it holds this lock") = Some(report);
    }
}

/// Looks once, without writing, and goes on looking for as long as the node lives. `dropped` counts
/// lines of the log that nobody read.
///
/// # Errors
/// When the system gives no thread.
pub fn attend(
    node: &Arc<Node>,
    plan: Plan,
    dropped: Arc<AtomicU64>,
) -> std::io::Result<Arc<Report>> {
    let mut round = Round { plan, dropped, eyes: Eyes::new(true), said: BTreeSet::new(), at: None };
    let report = round.look(node);
    let (ask, questions) = sync_channel(QUESTIONS_MAX);
    *node.doctor.ask.lock().expect("nothing panics while it holds this lock") = Some(ask);
    let weak = Arc::downgrade(node);
    std::thread::Builder::new()
        .name("doctor".into())
        .spawn(move || rounds(round, &weak, &questions))?;
    Ok(report)
}

fn rounds(mut round: Round, node: &Weak<Node>, questions: &Receiver<oneshot::Sender<()>>) {
    let mut probed: Option<Instant> = None;
    let mut asked: Option<oneshot::Sender<()>> = None;
    loop {
        let Some(node) = node.upgrade() else { return };
        if probed.is_none_or(|at| at.elapsed() >= PROBE) {
            round.eyes.probe(&round.plan);
            probed = Some(Instant::now());
            round.at = None;
        }
        if round.at.is_none_or(|at| at.elapsed() >= FRESH) {
            round.look(&node);
        }
        drop(node);
        if let Some(done) = asked.take() {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
        asked = match questions.recv_timeout(ROUND) {
            Ok(done) => Some(done),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
    }
}

struct Round {
    plan: Plan,
    dropped: Arc<AtomicU64>,
    eyes: Eyes,
    /// Findings that have been logged, with their severity: what stays as it is, is said once.
    said: BTreeSet<(String, Severity)>,
    at: Option<Instant>,
}

impl Round {
    fn look(&mut self, node: &Node) -> Arc<Report> {
        let inside = Inside {
            live: u64::try_from(node.metrics.connections()).unwrap_or(0),
            log_dropped: self.dropped.load(Ordering::Relaxed),
        };
        let findings = examine(&self.eyes.look(&self.plan, inside));
        let report = Arc::new(Report::new(node.now(), true, findings));
        self.say(&report);
        node.metrics.examined(&report, self.eyes.fsync());
        node.doctor.keep(Arc::clone(&report));
        self.at = Some(Instant::now());
        report
    }

    fn say(&mut self, report: &Report) {
        let bad = report.findings.iter().filter(|f| f.severity >= Severity::Warning);
        let (mut said, mut fresh) = (BTreeSet::new(), Vec::new());
        for finding in bad {
            let key = (format!("{}: {}", finding.check, finding.will), finding.severity);
            if !self.said.contains(&key) {
                let Finding { check, severity, measured, will, .. } = finding;
                let change = finding.change.first().map_or("", |change| change.line.as_str());
                let severity = severity.as_str();
                fresh.push(format!("{severity}: {check}: {measured}: {will} [{change}]"));
            }
            said.insert(key);
        }
        self.said = said;
        if !fresh.is_empty() {
            tracing::warn!(findings = fresh.len(), "the doctor says: {}", fresh.join("; "));
        }
    }
}
