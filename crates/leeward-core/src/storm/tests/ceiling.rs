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
