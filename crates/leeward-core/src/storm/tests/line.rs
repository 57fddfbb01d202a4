//! Whoever cannot be let in at once waits on its connection, in order, and hears its place.

use super::support::*;
use crate::storm::*;

/// Nobody gets in but by the fixed rate of one a second; the lot has room for ten.
fn waiting_room() -> Storm {
    let limits = StormLimits { parked_bytes_max: 16 * 1_256, ..StormLimits::default() };
    let mut storm = fixed(limits, 1);
    assert_eq!(answer(&mut storm, at(0), knock(1, Class::SignIn)), Answer::Admitted);
    storm
}

#[test]
fn the_first_to_come_is_the_first_to_go_in() {
    let mut storm = waiting_room();
    for conn in 2..6 {
        let place = u32::try_from(conn - 2).expect("small");
        let wait_ms = (place + 1) * 1_000;
        let parked = Answer::Parked { place, wait_ms };
        assert_eq!(answer(&mut storm, at(0), knock(conn, Class::SignIn)), parked);
    }
    let mut order = Vec::new();
    for ms in (0..4_100).step_by(50) {
        order.extend(admitted(&told(&mut storm, at(ms), Input::Tick)));
    }
    assert_eq!(order, [2, 3, 4, 5]);
    assert_eq!((storm.parked(), storm.admitting()), (0, 5));
}

#[test]
fn the_deadline_is_the_moment_at_which_the_next_may_go_in() {
    let mut storm = waiting_room();
    storm.handle(at(0), knock(2, Class::SignIn));
    drained(&mut storm);
    let mut now = at(0);
    let mut ticks = 0;
    while storm.parked() > 0 {
        now = storm.deadline().expect("somebody waits").max(now);
        storm.handle(now, Input::Tick);
        ticks += 1;
        assert!(ticks < 40, "the deadline leads there without haste");
    }
    assert!((at(990)..=at(1_100)).contains(&now), "{} ms", now.ms_since(at(0)));
}

#[test]
fn whoever_waits_hears_its_place_again_within_ten_seconds() {
    let mut storm = fixed(StormLimits::default(), 1);
    for conn in 0..60 {
        storm.handle(at(0), knock(conn, Class::SignIn));
    }
    drained(&mut storm);
    let mut heard = [at(0); 60];
    for ms in (0..40_000).step_by(50) {
        for output in told(&mut storm, at(ms), Input::Tick) {
            if let Output::Park { conn, place, wait_ms, .. } = output {
                heard[conn as usize] = at(ms);
                let gone = ms / 1_000 + 1;
                assert!(u64::from(place).abs_diff(conn - gone) <= 1, "{conn} at {ms}: {place}");
                assert!(wait_ms.abs_diff((place + 1) * 1_000) < 10, "{place}: {wait_ms}");
            }
        }
        for (conn, heard) in heard.iter().enumerate().skip(ms as usize / 1_000 + 1) {
            assert!(at(ms).ms_since(*heard) < 10_000, "{conn} has heard nothing");
        }
    }
}

#[test]
fn the_lot_is_bounded_in_bytes_and_keeps_a_quarter_for_those_who_have_a_slot() {
    let mut storm = waiting_room();
    let mut parked = 0;
    let mut slot = None;
    for conn in 2..20 {
        match answer(&mut storm, at(0), knock(conn, Class::SignIn)) {
            Answer::Parked { .. } => parked += 1,
            Answer::Refused(_, given) => slot = given,
            Answer::Admitted => panic!("{conn} is in"),
        }
    }
    assert_eq!(parked, 12, "three quarters of sixteen");
    assert!(storm.figures(at(0)).parked_bytes <= 16 * 1_256);
    let slot = slot.expect("the others are given slots");
    let on_time = at(slot.at.0 - start().wall.0);
    let holder = knock_with(50, Class::SignIn, Some(slot));
    // Nobody has gone in meanwhile: no tick came.
    let answered = answer(&mut storm.clone(), at(1), holder);
    assert!(matches!(answered, Answer::Parked { .. }), "{answered:?} before {on_time:?}");
}

#[test]
fn whoever_gives_up_waiting_and_comes_back_keeps_its_place() {
    let mut storm = waiting_room();
    for conn in 2..8 {
        storm.handle(at(0), knock(conn, Class::SignIn));
    }
    drained(&mut storm);
    storm.handle(at(100), Input::Gone { conn: 2 });
    let again = |conn| Input::Knock {
        conn,
        class: Class::SignIn,
        slot: None,
        bound: 2,
        source: Source::EXEMPT,
        bytes: 1_000,
    };
    let Answer::Parked { place, .. } = answer(&mut storm, at(200), again(90)) else {
        panic!("there is room")
    };
    assert_eq!(place, 0, "before all who came after it");
    let mut order = Vec::new();
    for ms in (200..2_500).step_by(50) {
        order.extend(admitted(&told(&mut storm, at(ms), Input::Tick)));
    }
    assert_eq!(order[..2], [90, 3]);
}

#[test]
fn whoever_leaves_while_waiting_leaves_nothing_behind() {
    let mut storm = waiting_room();
    storm.handle(at(0), knock(2, Class::SignIn));
    storm.handle(at(1), Input::Gone { conn: 2 });
    drained(&mut storm);
    assert_eq!((storm.parked(), storm.connections()), (0, 1));
    assert_eq!(storm.figures(at(1)).parked_bytes, 0);
    assert_eq!(storm.deadline(), Some(at(10_000)), "nothing but the one being let in");
}

#[test]
fn whoever_says_it_is_in_while_it_waits_is_put_out() {
    let mut storm = waiting_room();
    storm.handle(at(0), knock(2, Class::SignIn));
    drained(&mut storm);
    let out = told(&mut storm, at(1), Input::Admitted { conn: 2 });
    assert_eq!(out, [Output::Expire { conn: 2 }]);
}
