//! The planned drain: each is given a time while still connected, and nobody knocks unasked.

use super::rig::Rig;
use super::support::*;
use crate::code::Code;
use crate::storm::*;

fn full(limits: StormLimits, count: u64) -> Rig {
    let start = Start { mu_per_s: Some(1_000), ..start() };
    let mut storm = Storm::new(limits, start);
    storm.handle(at(0), Input::Static { per_s: Some(1_000_000) });
    let mut rig = Rig::new(storm, 1);
    for conn in 0..count {
        rig.tell(knock(conn, Class::SignIn));
    }
    rig.run(50);
    assert_eq!(rig.storm.view().live as u64, count);
    rig.tell(Input::Static { per_s: None });
    rig
}

#[test]
fn goodbyes_are_spread_over_the_period_and_every_slot_lies_beyond_it() {
    let mut rig = full(StormLimits::default(), 1_000);
    let began = rig.ms();
    rig.tell(Input::Drain { over_ms: 2_000 });
    rig.run(1_000);
    let half = rig.goodbyes.len();
    assert!((480..=520).contains(&half), "{half} of 1,000 after half the time");
    rig.run(1_100);
    assert_eq!(rig.goodbyes.len(), 1_000);
    let times: std::collections::BTreeSet<u64> =
        rig.goodbyes.iter().map(|(_, slot, _)| slot.at.0 - start().wall.0).collect();
    assert_eq!(times.len(), 1_000, "a moment for each");
    assert!(times.first().is_some_and(|first| *first > began + 2_000));
    assert!(
        times.last().is_some_and(|last| *last < began + 3_100),
        "as fast as they can be let in"
    );
}

#[test]
fn with_another_node_to_go_to_nobody_waits_for_the_end() {
    let limits = StormLimits { elsewhere: true, ..StormLimits::default() };
    let mut rig = full(limits, 100);
    rig.tell(Input::Drain { over_ms: 10_000 });
    rig.run(10_000);
    assert!(rig.goodbyes.iter().all(|(_, _, after_ms)| (1_000..1_200).contains(after_ms)));
}

#[test]
fn whoever_knocks_meanwhile_is_told_a_time_beyond_it_and_whoever_waits_too() {
    let mut rig = full(StormLimits::default(), 10);
    rig.tell(Input::Static { per_s: Some(1) });
    for conn in 50..60 {
        rig.tell(knock(conn, Class::SignIn));
    }
    rig.tell(Input::Drain { over_ms: 8_000 });
    let out = rig.refused.len();
    assert!(out >= 9, "those who waited are told: {out}");
    rig.tell(knock(70, Class::ResumeHere));
    let mut storm = rig.storm.clone();
    let (refusal, slot) = answer(&mut storm, rig.now(), knock(71, Class::ResumeHere)).refusal();
    assert_eq!(refusal.code, Code::Drain);
    assert!(refusal.after_ms.is_some_and(|ms| ms >= 8_000) && slot.is_some());
}

#[test]
fn a_drain_that_is_ended_lets_people_in_again() {
    let mut rig = full(StormLimits::default(), 10);
    rig.tell(Input::Drain { over_ms: 60_000 });
    rig.run(100);
    let told = rig.goodbyes.len();
    rig.tell(Input::EndDrain);
    rig.run(5_000);
    assert_eq!(rig.goodbyes.len(), told, "nobody else is sent away");
    let mut storm = rig.storm.clone();
    assert_eq!(answer(&mut storm, rig.now(), knock(90, Class::SignIn)), Answer::Admitted);
}

#[test]
fn a_cursor_that_has_run_away_sends_nobody_away_for_an_hour() {
    let mut rig = full(StormLimits::default(), 100);
    rig.tell(Input::Fault(Fault::FreezeCursor));
    let now = rig.now();
    let times: Vec<u32> = (0..100).filter_map(|_| rig.storm.goodbye(now).0.after_ms).collect();
    assert!(times.iter().all(|ms| *ms <= 5_000), "{times:?}");
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "in order: {times:?}");
}
