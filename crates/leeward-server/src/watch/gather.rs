//! Where a reading comes from: the one place of the console that knows the node.

use super::observe::LIMITS;
use super::reading::{Reading, SlotsRead};
use super::status::{ClassNow, DoctorNow, FindingNow, GateNow, Guard};
use crate::doctor::Severity;
use crate::node::Node;
use leeward_core::storm::{Class, Figures, Gate};

/// How things stand.
pub(super) fn reading(node: &Node) -> Reading {
    let now = node.instant();
    let figures = node.admission.figures(now);
    let (mut live, mut admitting, mut waiting, mut came) = (0, 0, 0, 0);
    // The shards' own tables, which are right even while the limiter is not.
    for pulse in node.admission.pulses() {
        let view = pulse.view();
        live += view.live as u64;
        admitting += view.admitting as u64;
        waiting += view.parked as u64;
        came += pulse.finished_total();
    }
    let guarded = node.guarded.figures(now);
    Reading {
        now: node.now(),
        up_ms: now.0 / 1_000,
        ready: node.ready(),
        live,
        admitting,
        waiting,
        waiting_bytes: figures.parked_bytes,
        connections_max: node.config.connections_max.into(),
        limit_per_s: Some(figures.limit_per_s.into()),
        limited_by: figures.limited_by.as_str(),
        fixed_per_s: node.admission.wishes().1.map(u64::from),
        mu_per_s: figures.mu_per_s.into(),
        classes: classes(&figures),
        slots: SlotsRead {
            out: figures.slots_out,
            promised_per_s: figures.promised_per_s.into(),
            kept: figures.slots.kept,
            early: figures.slots.early,
            late: figures.slots.late,
            no_show: figures.slots.no_shows,
        },
        came,
        ended: came.saturating_sub(live),
        recover_ms: Some(node.admission.recover_ms().into()),
        spread_ms: node.admission.spread_ms().into(),
        shed: shed(node),
        leases_expired: node.metrics.leases_expired.get(),
        terms: node.terms().into(),
        guard: Guard {
            watchdog_ms_ago: Some(guarded.looked_ms_ago),
            mismatches: guarded.mismatches,
            rebuilds: guarded.rebuilds,
            fallbacks: figures.fallbacks,
            fixed: figures.fallen_back,
        },
        draining: figures.draining,
        drain: None,
        send_to_seen: node.watch.send_to_seen.counts(),
        in_sync: node.watch.in_sync.counts(),
        store: node.store.health(),
        unstored: node.metrics.posts_unstored.get(),
        doctor: doctor(node),
    }
}

fn classes(figures: &Figures) -> Vec<ClassNow> {
    let all = Class::ALL.into_iter().zip(&figures.classes);
    let now = all.map(|(class, figures)| ClassNow {
        class: class.as_str(),
        waiting: figures.waiting as u64,
        wait_ms: if figures.waiting == 0 { 0 } else { figures.wait_ms.into() },
        gate: match figures.gate.clone() {
            Gate::Open => GateNow::Open,
            Gate::Paced { per_s, message } => GateNow::Paced { per_s, message },
            Gate::Closed { after_ms, message } => GateNow::Closed { after_ms, message },
        },
        admitted: figures.admitted,
        refused: figures.refused,
        knocks: figures.knocks,
    });
    now.collect()
}

/// What is left out, with the reason in words.
fn shed(node: &Node) -> Vec<(&'static str, &'static str)> {
    let words = |why| match why {
        "delay" => "deliveries lag",
        "storm" => "people wait to be let in",
        "coming back" => "it comes back last",
        other => other,
    };
    node.shed_why().into_iter().map(|(what, why)| (what, words(why))).collect()
}

fn doctor(node: &Node) -> DoctorNow {
    let Some(report) = node.doctor.report() else { return DoctorNow::default() };
    let findings = report.findings.iter().filter(|f| f.severity > Severity::Fine);
    let findings = findings.map(|f| FindingNow {
        check: f.check.to_string(),
        severity: f.severity.as_str(),
        measured: f.measured.clone(),
        will: f.will.clone(),
        change: f.change.iter().map(|c| format!("{}: {}", c.place, c.line)).collect(),
    });
    DoctorNow { worst: Some(report.worst.as_str()), findings: findings.collect() }
}

/// A reading of a node at which nothing has happened, with all that there can be.
pub(super) fn blank() -> Reading {
    let class = |class: Class| ClassNow {
        class: class.as_str(),
        waiting: 0,
        wait_ms: 0,
        gate: GateNow::Open,
        admitted: 0,
        refused: 0,
        knocks: 0,
    };
    Reading { limited_by: LIMITS[0], classes: Class::ALL.map(class).into(), ..Reading::default() }
}
