//! The observer, given readings by and by: what the document, the history and the journal say.

use super::*;
use crate::watch::status::{ClassNow, GateNow};
use leeward_core::durations::Durations;

/// Half past nine on some day.
const START: u64 = 1_800_000_000_000;

/// A node that is looked at four times a second.
struct World {
    observer: Observer,
    reading: Reading,
    send: Durations,
    writes: Durations,
    told: Vec<String>,
}

impl World {
    fn with(live: u64) -> Self {
        let class = |class| ClassNow {
            class,
            waiting: 0,
            wait_ms: 0,
            gate: GateNow::Open,
            admitted: 0,
            refused: 0,
            knocks: 0,
        };
        let reading = Reading {
            live,
            came: live,
            ready: true,
            classes: ["operator", "resume_here", "sign_in"].map(class).into(),
            recover_ms: Some(8_000),
            limited_by: "cpu",
            ..Reading::default()
        };
        let (send, writes, told) = Default::default();
        let mut world = Self { observer: Observer::default(), reading, send, writes, told };
        world.pass(3_000);
        world.told.clear();
        world
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 250 {
            self.reading.up_ms += 250;
            self.reading.now = Millis(START + self.reading.up_ms);
            self.reading.send_to_seen = self.send.counts();
            self.reading.store.writes.took = self.writes.counts();
            let told = self.observer.look(self.reading.clone());
            self.told.extend(told.into_iter().map(|entry| entry.text));
        }
    }

    fn lose(&mut self, count: u64) {
        self.reading.live -= count;
        self.reading.ended += count;
    }

    fn admit(&mut self, count: u64) {
        self.reading.live += count;
        self.reading.came += count;
        self.reading.waiting = self.reading.waiting.saturating_sub(count);
        self.reading.classes[1].admitted += count;
        self.reading.classes[1].knocks += count;
    }

    fn status(&self) -> Status {
        self.observer.status("web/1", 0).expect("it has looked")
    }
}

#[test]
fn a_storm_from_its_first_second_to_its_last() {
    let mut world = World::with(10_000);
    assert_eq!(world.status().state, State::Calm);
    world.lose(9_800);
    world.reading.waiting = 9_000;
    world.pass(500);
    let status = world.status();
    assert_eq!(status.state, State::Storm);
    assert_eq!((status.connections.live, status.connections.gone), (200, 800));
    assert!(status.sentence.starts_with("Storm, 00:00. 0 of 9,800 back"), "{}", status.sentence);
    for _ in 0..40 {
        world.admit(55);
        world.pass(250);
    }
    let status = world.status();
    assert_eq!(status.rate.admissions_per_s, 220);
    let wanted = "Storm, 00:10. 2,200 of 9,800 back · letting in 220/s · about 35 s to go · \
        nothing lost.";
    assert_eq!(status.sentence, wanted);
    world.admit(7_600);
    world.pass(4_000);
    assert_eq!(world.status().state, State::Calm);
    assert_eq!(
        world.told,
        [
            "Storm began: 9,800 of 10,000 connections lost within 1 s.",
            "Storm over after 00:10: all are back; nothing lost."
        ]
    );
}

#[test]
fn drafts_that_could_not_be_stored_are_not_passed_over() {
    let mut world = World::with(100);
    world.reading.unstored = 7;
    world.pass(1_000);
    world.lose(90);
    world.pass(1_000);
    assert!(world.status().sentence.ends_with("nothing lost."), "what was before is no part of it");
    world.reading.unstored = 9;
    world.admit(30);
    world.pass(250);
    let said = world.status().sentence;
    assert!(said.ends_with("2 drafts could not be stored and stay with their writers."), "{said}");
}

#[test]
fn the_most_pressing_state_is_the_one_shown() {
    let mut world = World::with(1_000);
    let closed = GateNow::Closed { after_ms: 30_000, message: "Later.".into() };
    world.reading.classes[2].gate = closed.clone();
    world.pass(250);
    assert_eq!(world.status().state, State::Gate);
    world.lose(900);
    world.pass(500);
    assert_eq!(world.status().state, State::Storm, "a gate for some does not explain a storm");
    world.reading.classes[1].gate = closed;
    world.pass(250);
    assert_eq!(world.status().state, State::Gate, "a gate for all is what keeps them out");
    world.reading.draining = true;
    world.pass(250);
    assert_eq!(world.status().state, State::Drain);
    world.reading.guard.fixed = true;
    world.pass(250);
    assert_eq!(world.status().state, State::Static);
}

#[test]
fn a_drain_is_followed_to_its_end() {
    let mut world = World::with(1_000);
    world.reading.draining = true;
    world.pass(250);
    for _ in 0..20 {
        world.lose(20);
        world.pass(250);
    }
    let wanted = "Draining, 00:05. 400 of 1,000 have gone · about 8 s to go.";
    assert_eq!(world.status().sentence, wanted);
    world.reading.draining = false;
    world.pass(250);
    assert_eq!(world.status().state, State::Calm);
    let wanted = [
        "The operator drains the node: 1,000 connections are told when to come back, each at a \
            time of its own.",
        "The drain has ended: 400 of 1,000 have gone.",
    ];
    assert_eq!(world.told, wanted);
}

#[test]
fn rates_are_of_the_last_second() {
    let mut world = World::with(10);
    world.reading.classes[1].knocks += 400;
    world.reading.classes[2].refused += 100;
    world.pass(1_000);
    let rate = world.status().rate;
    assert_eq!((rate.arrivals_per_s, rate.refusals_per_s), (400, 100));
    world.pass(1_250);
    let rate = world.status().rate;
    assert_eq!((rate.arrivals_per_s, rate.refusals_per_s), (0, 0));
}

#[test]
fn quantiles_forget_what_is_ten_seconds_old() {
    let mut world = World::with(10);
    (0..1_000).for_each(|_| world.send.add(2_000_000));
    world.pass(1_000);
    let p50 = world.status().users.send_to_seen_ms.p50.expect("some were sent");
    assert!((2_000.0..2_250.0).contains(&p50), "{p50}");
    world.pass(12_000);
    assert_eq!(world.status().users.send_to_seen_ms, Quantiles::default());
    world.send.add(3_000);
    world.pass(250);
    assert!(world.status().users.send_to_seen_ms.p99.is_some_and(|ms| ms < 4.0));
}

#[test]
fn a_database_that_fails_is_told_of_until_it_answers() {
    let mut world = World::with(10);
    (0..97).for_each(|_| world.writes.add(4_000));
    world.reading.store.writes.failed += 3;
    world.pass(250);
    let matrix = world.status().matrix;
    assert_eq!((matrix[0].ok, matrix[0].failed), (97, 3));
    assert_eq!(world.told, ["The database fails to store: 3 of 100 in ten seconds."]);
    world.pass(12_000);
    assert_eq!(world.told[1..], ["The database answers everything again."]);
}

#[test]
fn one_row_is_written_each_second() {
    let mut world = World::with(50);
    world.pass(20_000);
    let rows = world.observer.rows();
    assert_eq!(rows.len(), 23);
    assert!(rows.windows(2).all(|pair| pair[1].at.0 - pair[0].at.0 == 1_000), "{rows:?}");
    assert_eq!((rows[5].live, rows[5].limited_by), (50, 1));
}

#[test]
fn every_number_of_the_document_has_its_metric() {
    let mut world = World::with(100);
    // Everything that may be left out is there.
    world.lose(90);
    world.send.add(1_000);
    world.reading.in_sync = world.send.counts();
    world.writes.add(1_000);
    world.reading.store.reads.took = world.send.counts();
    world.reading.limit_per_s = Some(50);
    world.reading.fixed_per_s = Some(60);
    world.reading.guard.watchdog_ms_ago = Some(3);
    world.reading.shed = vec![("typing", "lag")];
    world.reading.classes[1].gate = GateNow::Paced { per_s: 4, message: String::new() };
    world.reading.classes[2].gate = GateNow::Closed { after_ms: 4_000, message: String::new() };
    world.pass(250);
    world.admit(20);
    world.pass(750);
    let status = world.status();
    let figures = crate::watch::figures::figures(&status);
    let mut missing = Vec::new();
    let json = serde_json::to_value(&status).expect("it is made of text and numbers");
    numbers(&json, "", &mut |path, number| {
        // Times of the day are no figures.
        if path == "now" || path.starts_with("journal/") {
            return;
        }
        match figures.iter().find(|f| f.path == path) {
            None => missing.push(path.to_owned()),
            Some(figure) => {
                let same = |factor: f64| (figure.value * factor - number).abs() < 1e-6;
                let seconds = figure.name.ends_with("_seconds");
                assert!(same(if seconds { 1_000.0 } else { 1.0 }), "{path}: {number} {figure:?}");
            }
        }
    });
    assert_eq!(missing, Vec::<String>::new());
}

fn numbers(value: &serde_json::Value, path: &str, found: &mut impl FnMut(&str, f64)) {
    use serde_json::Value;
    let join = |part: &str| match path {
        "" => part.to_owned(),
        path => format!("{path}/{part}"),
    };
    match value {
        Value::Number(number) => found(path, number.as_f64().expect("a number")),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| numbers(v, &join(&i.to_string()), found));
        }
        Value::Object(fields) => fields.iter().for_each(|(k, v)| numbers(v, &join(k), found)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
