//! The ceiling holds; permits are entries that come and go with their connections.

use super::support::*;
use crate::code::Code;
use crate::storm::*;

const LIMITS: StormLimits = StormLimits {
    connections_max: 5,
    operator_reserve: 1,
    admitting_max: 3,
    admitting_ms: 10_000,
    knocks_per_s: 10,
    parked_bytes_max: 0,
    slots_max: 100_000,
    refusal_percent: 100,
    connection_bytes: 1_000,
    elsewhere: false,
    control: true,
};

fn full_house() -> Storm {
    let mut storm = storm(LIMITS);
    for conn in 0..4 {
        assert_eq!(answer(&mut storm, at(0), knock(conn, Class::SignIn)), Answer::Admitted);
        storm.handle(at(0), Input::Admitted { conn });
    }
    storm
}

#[test]
fn a_connection_is_admitted_and_leaves_nothing_behind() {
    let mut storm = storm(LIMITS);
    assert_eq!(told(&mut storm, at(0), knock(1, Class::SignIn)), [Output::Admit { conn: 1 }]);
    assert_eq!(storm.deadline(), Some(at(10_000)));
    assert!(told(&mut storm, at(5), Input::Admitted { conn: 1 }).is_empty());
    assert_eq!((storm.connections(), storm.admitting(), storm.deadline()), (1, 0, None));
    assert!(told(&mut storm, at(9), Input::Gone { conn: 1 }).is_empty());
    assert_eq!(storm.view(), View::default());
}

#[test]
fn whoever_does_not_get_in_within_ten_seconds_is_put_out() {
    let mut storm = storm(LIMITS);
    storm.handle(at(0), knock(1, Class::Stranger));
    drained(&mut storm);
    assert!(told(&mut storm, at(9_999), Input::Tick).is_empty());
    assert_eq!(told(&mut storm, at(10_000), Input::Tick), [Output::Expire { conn: 1 }]);
    assert_eq!(storm.connections(), 0);
    let late = told(&mut storm, at(10_001), Input::Admitted { conn: 1 });
    assert_eq!(late, [Output::Expire { conn: 1 }]);
}

#[test]
fn the_ceiling_holds_and_the_operator_still_gets_in() {
    let mut storm = full_house();
    let (refusal, slot) = answer(&mut storm, at(1), knock(10, Class::ResumeHere)).refusal();
    assert_eq!((refusal.code, slot), (Code::Full, None));
    assert_eq!(answer(&mut storm, at(1), knock(11, Class::Operator)), Answer::Admitted);
    let (refusal, _) = answer(&mut storm, at(1), knock(12, Class::Operator)).refusal();
    assert_eq!(refusal.code, Code::Full);
    assert_eq!(storm.connections(), LIMITS.connections_max);
}

#[test]
fn a_place_that_becomes_free_is_given_to_the_next_who_knocks() {
    let mut storm = full_house();
    answer(&mut storm, at(1), knock(10, Class::SignIn)).refusal();
    storm.handle(at(2), Input::Gone { conn: 0 });
    assert_eq!(answer(&mut storm, at(3), knock(11, Class::SignIn)), Answer::Admitted);
}

#[test]
fn those_refused_at_the_ceiling_are_told_times_as_far_apart_as_knocks_are_no_burden() {
    let mut storm = full_house();
    let times: Vec<u32> = (10..15)
        .map(|conn| answer(&mut storm, at(0), knock(conn, Class::SignIn)).refusal().0)
        .map(|refusal| refusal.after_ms.expect("a time"))
        .collect();
    assert_eq!(times, [1_000, 1_100, 1_200, 1_300, 1_400]);
}

#[test]
fn a_crowd_is_told_to_come_back_within_minutes_all_the_same() {
    let mut storm = full_house();
    let mut last = 0;
    for conn in 10..10_000 {
        let (refusal, _) = answer(&mut storm, at(0), knock(conn, Class::SignIn)).refusal();
        last = refusal.after_ms.expect("a time");
    }
    assert_eq!(last, 301_000);
}

#[test]
fn only_so_many_are_let_in_at_once() {
    let mut storm = storm(LIMITS);
    for conn in 0..3 {
        assert_eq!(answer(&mut storm, at(0), knock(conn, Class::SignIn)), Answer::Admitted);
    }
    answer(&mut storm, at(0), knock(3, Class::SignIn)).refusal();
    storm.handle(at(1), Input::Admitted { conn: 0 });
    assert_eq!(answer(&mut storm, at(1), knock(4, Class::SignIn)), Answer::Admitted);
}

#[test]
fn an_idle_connection_takes_at_most_64_bytes_here() {
    // A key, an entry, and what a B-tree node that is half full adds to both.
    let entry = size_of::<u64>() + size_of::<table::Permit>();
    assert!(entry * 11 / 6 + 16 <= 64, "{entry} bytes");
}

#[test]
fn whoever_waits_gives_way_to_somebody_who_goes_before_them_and_keeps_the_place_in_line() {
    let limits = StormLimits { parked_bytes_max: 1 << 20, admitting_max: 9, ..LIMITS };
    let mut storm = fixed(limits, 1);
    assert_eq!(answer(&mut storm, at(0), knock(0, Class::SignIn)), Answer::Admitted);
    for conn in 1..4 {
        let parked = answer(&mut storm, at(conn), knock(conn, Class::Stranger));
        assert!(matches!(parked, Answer::Parked { .. }), "{parked:?}");
    }
    let (full, _) = answer(&mut storm, at(5), knock(4, Class::Stranger)).refusal();
    assert_eq!(full.code, Code::Full, "nobody goes after a stranger");
    let out = told(&mut storm, at(6), knock(5, Class::ResumeHere));
    let Some(Output::Refuse { conn: 3, refusal, slot: Some(_) }) = out.first() else {
        panic!("the last of them gives way: {out:?}")
    };
    assert_eq!(refusal.code, Code::Full);
    assert!(matches!(out.last(), Some(Output::Park { conn: 5, place: 0, .. })), "{out:?}");
    assert_eq!(storm.connections(), limits.connections_max - limits.operator_reserve);
    let mut order = Vec::new();
    for ms in (100..4_000).step_by(100) {
        order.extend(admitted(&told(&mut storm, at(ms), Input::Tick)));
    }
    assert_eq!(order, [5, 1, 2]);
}

#[test]
fn nobody_gives_way_to_somebody_whom_a_closed_gate_keeps_out() {
    let limits = StormLimits { parked_bytes_max: 1 << 20, ..LIMITS };
    let mut storm = fixed(limits, 1);
    for conn in 0..4 {
        storm.handle(at(conn), knock(conn, Class::Stranger));
    }
    let gate = Gate::Closed { after_ms: 5_000, message: String::new() };
    storm.handle(at(5), Input::Gate { class: Some(Class::ResumeHere), gate });
    drained(&mut storm);
    let before = storm.view();
    answer(&mut storm, at(6), knock(9, Class::ResumeHere)).refusal();
    assert_eq!(storm.view(), before);
}
