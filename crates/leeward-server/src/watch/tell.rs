//! What the journal is told: the differences between two moments, as sentences.
//!
//! Sentences name what changed, by whom where that is known, and with which figures. What swings to
//! and fro is told by its beginning and its end, not by each swing.

use super::detect::{Kind, SILENT_MS, Storm, Turn};
use super::reading::Reading;
use super::sentence::{capital, clock, counted, grouped, kept};
use super::status::{ClassNow, GateNow};
use std::collections::BTreeMap;

/// The class whose gate nobody shuts: whoever mends the node must get in.
const OPERATOR: &str = "operator";

/// What changed from one moment to the next.
pub(crate) fn changes(before: &Reading, after: &Reading) -> Vec<String> {
    let mut told = gates(before, after);
    told.extend(drain(before, after));
    told.extend(guard(before, after));
    told.extend(rate(before, after));
    told.extend(doctor(before, after));
    if before.terms != after.terms {
        let (visible, hidden) = (after.terms.visible, after.terms.hidden);
        told.push(format!(
            "The terms of leases were changed: {} s to who is looked at, {} s to pages in the \
             background; leases that are held stay as they were granted.",
            visible.lease_ms / 1_000,
            hidden.lease_ms / 1_000
        ));
    }
    if before.ready != after.ready {
        told.push(match after.ready {
            true => "The node takes connections.".to_owned(),
            false => "The node takes no more connections.".to_owned(),
        });
    }
    told
}

/// A storm that began or is over.
pub(crate) fn turn(turn: &Turn, unstored: u64) -> String {
    match turn {
        Turn::Began(Storm { kind: Kind::Lost, before, of, within_ms, .. }) => {
            let within_s = within_ms.div_ceil(1_000);
            format!(
                "Storm began: {} of {} lost within {within_s} s.",
                grouped(*of),
                counted(*before, "connection")
            )
        }
        Turn::Began(Storm { of, before, .. }) => format!(
            "Storm began: {} at the door of a node with {}.",
            grouped(*of),
            counted(*before, "connection")
        ),
        Turn::Over(storm, took_ms) => {
            let (back, of, kept) = (grouped(storm.back), grouped(storm.of), kept(unstored));
            let after = clock(*took_ms);
            match storm.out() {
                0 => format!("Storm over after {after}: all are back; {kept}."),
                out if storm.is_over_for(out) => {
                    format!("Storm over after {after}: {back} of {of} are back; {kept}.")
                }
                out => format!(
                    "Storm over: {} of {of} stay away, nobody has come for {} s; {kept}.",
                    grouped(out),
                    SILENT_MS / 1_000
                ),
            }
        }
    }
}

/// The watchdog has put another limiter in the place of one that held so many permits, unless it did
/// not answer, while so many connections were there.
pub(crate) fn rebuilt(why: &str, held: Option<usize>, there: usize) -> String {
    let count = |n: usize| grouped(n as u64);
    let found = match held {
        None => "it did not answer".to_owned(),
        Some(held) if held > there => {
            format!("it held {} permits that no socket had", count(held - there))
        }
        Some(held) if held < there => {
            format!("it had lost {} of the connections that are there", count(there - held))
        }
        Some(_) => why.to_owned(),
    };
    format!("The watchdog rebuilt the limiter: {found}.")
}

/// How a class is called in a sentence.
pub(crate) fn words(class: &str) -> String {
    match class {
        "resume_here" => "who return here".to_owned(),
        "resume_elsewhere" => "who return from other nodes".to_owned(),
        "sign_in" => "sign-in".to_owned(),
        "guest" => "guests".to_owned(),
        "stale" => "stale builds".to_owned(),
        "stranger" => "strangers".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Gates that are not open, in words: what is done to whom.
pub(crate) fn shut(classes: &[ClassNow]) -> Vec<String> {
    let mut by_deed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for class in classes.iter().filter(|c| c.gate != GateNow::Open) {
        by_deed.entry(deed(&class.gate)).or_default().push(class.class);
    }
    let others = classes.iter().filter(|c| c.class != OPERATOR).count();
    let said = by_deed.into_iter().map(|(deed, whose)| {
        let all = whose.iter().filter(|c| **c != OPERATOR).count() == others;
        if all { deed } else { format!("{deed} for {}", list(&whose)) }
    });
    said.collect()
}

fn deed(gate: &GateNow) -> String {
    match gate {
        GateNow::Open => "open".to_owned(),
        GateNow::Paced { per_s, .. } => format!("paced to {per_s}/s"),
        GateNow::Closed { .. } => "closed".to_owned(),
    }
}

fn list(classes: &[&str]) -> String {
    let words: Vec<String> = classes.iter().map(|class| words(class)).collect();
    join(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn gates(before: &Reading, after: &Reading) -> Vec<String> {
    let mut by_deed: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for (old, new) in before.classes.iter().zip(&after.classes) {
        if old.gate != new.gate {
            let message = match &new.gate {
                GateNow::Open => "",
                GateNow::Paced { message, .. } | GateNow::Closed { message, .. } => message,
            };
            by_deed.entry((past(&new.gate), message.to_owned())).or_default().push(new.class);
        }
    }
    let others = after.classes.iter().filter(|c| c.class != OPERATOR).count();
    let said = by_deed.into_iter().map(|((deed, message), whose)| {
        let all = whose.iter().filter(|c| **c != OPERATOR).count() == others;
        let whose = if all { String::new() } else { format!(" for {}", list(&whose)) };
        let end = match message.chars().last() {
            None => ".".to_owned(),
            Some('.' | '!' | '?') => format!(" and says “{message}”"),
            Some(_) => format!(" and says “{message}”."),
        };
        format!("The gate{whose} was {deed} by the operator{end}")
    });
    said.collect()
}

fn past(gate: &GateNow) -> String {
    match gate {
        GateNow::Open => "opened".to_owned(),
        GateNow::Paced { .. } | GateNow::Closed { .. } => deed(gate),
    }
}

fn drain(before: &Reading, after: &Reading) -> Option<String> {
    match (before.drain, after.drain) {
        (None, Some(drain)) => Some(format!(
            "The operator drains the node: {} are told when to come back, each at a time of its own.",
            counted(drain.of, "connection")
        )),
        (Some(drain), None) => Some(format!(
            "The drain has ended: {} of {} have gone.",
            grouped(drain.gone),
            grouped(drain.of)
        )),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

fn guard(before: &Reading, after: &Reading) -> Vec<String> {
    let mut told = Vec::new();
    match (before.guard.fixed, after.guard.fixed) {
        (false, true) => told.push(
            "The limiter failed again soon after: a fixed rate is held, a quarter of the last \
             good one."
                .to_owned(),
        ),
        (true, false) => told.push("The limiter sets the rate again.".to_owned()),
        (false, false) | (true, true) => {}
    }
    told
}

fn rate(before: &Reading, after: &Reading) -> Option<String> {
    match (before.fixed_per_s, after.fixed_per_s) {
        (old, new) if old == new => None,
        (_, Some(per_s)) => Some(format!("The operator holds the rate at {}/s.", grouped(per_s))),
        (_, None) => Some("The operator lets the limiter set the rate again.".to_owned()),
    }
}

/// What is left out for the first time since all was there, and that all is back. `known` is what has
/// been told; what swings to and fro meanwhile is not.
pub(crate) fn shed(
    known: &mut Vec<&'static str>,
    shed: &[(&'static str, &'static str)],
) -> Vec<String> {
    if shed.is_empty() {
        let back = std::mem::take(known);
        return if back.is_empty() {
            Vec::new()
        } else {
            vec![format!("{} back.", subject(&back))]
        };
    }
    let fresh: Vec<_> = shed.iter().filter(|(what, _)| !known.contains(what)).copied().collect();
    let Some((_, why)) = fresh.first() else { return Vec::new() };
    let names: Vec<&str> = fresh.iter().map(|(what, _)| *what).collect();
    known.extend(&names);
    vec![format!("{} left out: {why}.", subject(&names))]
}

/// Things with their verb.
fn subject(what: &[&str]) -> String {
    let many = what.len() > 1 || what.iter().any(|one| one.ends_with('s'));
    format!("{} {}", capital(&join(what)), if many { "are" } else { "is" })
}

fn join(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn doctor(before: &Reading, after: &Reading) -> Vec<String> {
    if before.doctor == after.doctor {
        return Vec::new();
    }
    let known = |check: &str| before.doctor.findings.iter().find(|f| f.check == check);
    let fresh = after.doctor.findings.iter().filter(|f| {
        matches!(f.severity, "warning" | "critical")
            && known(&f.check).is_none_or(|k| k.severity != f.severity)
    });
    fresh.map(|f| format!("The doctor: {}; {}.", f.measured, f.will)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::reading::DrainRead;
    use crate::watch::status::{FindingNow, Guard};

    fn reading() -> Reading {
        let class = |class| ClassNow {
            class,
            waiting: 0,
            wait_ms: 0,
            gate: GateNow::Open,
            admitted: 0,
            refused: 0,
            knocks: 0,
        };
        let classes = ["operator", "resume_here", "sign_in", "guest"].map(class);
        Reading { classes: classes.into(), ready: true, ..Reading::default() }
    }

    fn closed(message: &str) -> GateNow {
        GateNow::Closed { after_ms: 30_000, message: message.into() }
    }

    #[test]
    fn nothing_is_told_where_nothing_changed() {
        assert_eq!(changes(&reading(), &reading()), Vec::<String>::new());
    }

    #[test]
    fn a_gate_is_told_with_whom_it_is_for_and_what_it_says() {
        let (before, mut after) = (reading(), reading());
        after.classes[2].gate = closed("Back at noon.");
        let told = changes(&before, &after);
        let wanted = "The gate for sign-in was closed by the operator and says “Back at noon.”";
        assert_eq!(told, [wanted]);
        assert_eq!(shut(&after.classes), ["closed for sign-in"]);
        assert_eq!(changes(&after, &before), ["The gate for sign-in was opened by the operator."]);
    }

    #[test]
    fn a_gate_for_all_is_told_once() {
        let (before, mut after) = (reading(), reading());
        for class in &mut after.classes[1..] {
            class.gate = GateNow::Paced { per_s: 50, message: String::new() };
        }
        assert_eq!(changes(&before, &after), ["The gate was paced to 50/s by the operator."]);
        assert_eq!(shut(&after.classes), ["paced to 50/s"]);
        after.classes[1].gate = closed("");
        assert_eq!(
            shut(&after.classes),
            ["closed for who return here", "paced to 50/s for sign-in and guests"]
        );
    }

    #[test]
    fn a_drain_is_told_from_its_beginning_to_its_end() {
        let (before, mut after) = (reading(), reading());
        after.drain = Some(DrainRead { gone: 0, of: 1_200, to_go_ms: None });
        let wanted = "The operator drains the node: 1,200 connections are told when to come back, \
            each at a time of its own.";
        assert_eq!(changes(&before, &after), [wanted]);
        after.drain = Some(DrainRead { gone: 1_180, of: 1_200, to_go_ms: Some(0) });
        assert_eq!(changes(&after, &before), ["The drain has ended: 1,180 of 1,200 have gone."]);
    }

    #[test]
    fn a_rebuilt_limiter_is_told_with_what_was_wrong() {
        let said = |held, there| rebuilt("nobody is let in who should be", held, there);
        assert_eq!(
            said(Some(10_512), 10_000),
            "The watchdog rebuilt the limiter: it held 512 permits that no socket had."
        );
        assert!(
            said(Some(0), 1_200).ends_with("it had lost 1,200 of the connections that are there.")
        );
        assert!(said(None, 7).ends_with(": it did not answer."));
        assert!(said(Some(7), 7).ends_with(": nobody is let in who should be."));
    }

    #[test]
    fn a_fixed_rate_is_told_when_it_begins_and_when_it_ends() {
        let (before, mut after) = (reading(), reading());
        after.guard = Guard { fallbacks: 1, fixed: true, ..Guard::default() };
        let told = changes(&before, &after);
        assert!(told.len() == 1 && told[0].contains("a fixed rate is held"), "{told:?}");
        assert_eq!(changes(&after, &before), ["The limiter sets the rate again."]);
    }

    #[test]
    fn what_is_shed_is_told_when_it_goes_and_when_all_is_back() {
        let mut known = Vec::new();
        let (presence, search) = (("presence", "deliveries lag"), ("search", "people wait"));
        let told = shed(&mut known, &[presence]);
        assert_eq!(told, ["Presence is left out: deliveries lag."]);
        assert_eq!(shed(&mut known, &[presence, search]), ["Search is left out: people wait."]);
        for swing in [&[presence][..], &[presence, search], &[presence]] {
            assert_eq!(shed(&mut known, swing), Vec::<String>::new());
        }
        assert_eq!(shed(&mut known, &[]), ["Presence and search are back."]);
        assert_eq!(shed(&mut known, &[]), Vec::<String>::new());
        assert_eq!(shed(&mut known, &[search]), ["Search is left out: people wait."]);
    }

    #[test]
    fn a_rate_that_the_operator_holds_is_told() {
        let before = reading();
        let held = Reading { fixed_per_s: Some(1_500), ..reading() };
        assert_eq!(changes(&before, &held), ["The operator holds the rate at 1,500/s."]);
        let told = changes(&held, &before);
        assert_eq!(told, ["The operator lets the limiter set the rate again."]);
    }

    #[test]
    fn a_finding_is_told_once_and_again_when_it_gets_worse() {
        let (before, mut after) = (reading(), reading());
        let finding = |severity| FindingNow {
            check: "disk".into(),
            severity,
            measured: "1 GiB is free".into(),
            will: "nothing can be stored in two days".into(),
            change: Vec::new(),
        };
        after.doctor.findings = vec![finding("warning")];
        let told = ["The doctor: 1 GiB is free; nothing can be stored in two days."];
        assert_eq!(changes(&before, &after), told);
        assert_eq!(changes(&after, &after.clone()), Vec::<String>::new());
        let mut worse = after.clone();
        worse.doctor.findings = vec![finding("critical")];
        assert_eq!(changes(&after, &worse), told);
    }

    #[test]
    fn a_storm_is_told_with_its_figures() {
        use crate::watch::detect::{Detector, Seen};
        let mut detector = Detector::default();
        let mut told = Vec::new();
        for (at_ms, live, admitted) in [
            (0, 10_000, 10_000),
            (1_000, 10_000, 10_000),
            (1_250, 3_000, 10_000),
            (2_500, 200, 10_000),
            (3_000, 200, 10_000),
            (10_000, 9_990, 19_790),
            (13_000, 9_990, 19_790),
        ] {
            let ended = admitted - live;
            let seen = Seen { at_ms, live, admitted, ended, ..Seen::default() };
            told.extend(detector.look(seen).map(|t| turn(&t, 0)));
        }
        assert_eq!(
            told,
            [
                "Storm began: 9,800 of 10,000 connections lost within 2 s.",
                "Storm over after 00:09: 9,790 of 9,800 are back; nothing lost."
            ]
        );
    }
}
