//! Gates: the operator's hand holds back its class, says why, and touches nobody who is in.

use super::support::*;
use crate::code::Code;
use crate::storm::*;

fn closed() -> Gate {
    Gate::Closed { after_ms: 60_000, message: "back at ten".into() }
}

#[test]
fn a_closed_gate_refuses_its_class_in_the_operators_words_and_keeps_places() {
    let mut storm = storm(StormLimits::default());
    storm.handle(at(0), Input::Gate { class: Some(Class::SignIn), gate: closed() });
    let times: Vec<(u32, u64)> = (1..4)
        .map(|conn| {
            let (refusal, slot) = answer(&mut storm, at(0), knock(conn, Class::SignIn)).refusal();
            assert_eq!((refusal.code, refusal.message.as_str()), (Code::Gate, "back at ten"));
            (refusal.after_ms.expect("a time"), slot.expect("a place").seq)
        })
        .collect();
    assert_eq!(times, [(60_001, 0), (60_002, 1), (60_003, 2)], "spread beyond the time given");
    assert_eq!(answer(&mut storm, at(0), knock(9, Class::ResumeHere)), Answer::Admitted);
    storm.handle(at(1), Input::Gate { class: Some(Class::SignIn), gate: Gate::Open });
    assert_eq!(answer(&mut storm, at(1), knock(10, Class::SignIn)), Answer::Admitted);
}

#[test]
fn a_gate_for_all_leaves_the_operator_a_way_in() {
    let mut storm = storm(StormLimits::default());
    storm.handle(at(0), Input::Gate { class: None, gate: closed() });
    for (conn, class) in (0..).zip(Class::ALL) {
        let is_in = answer(&mut storm, at(0), knock(conn, class)) == Answer::Admitted;
        assert_eq!(is_in, class == Class::Operator, "{class:?}");
    }
}

#[test]
fn a_paced_gate_lets_in_so_many_and_the_others_wait_with_the_operators_words() {
    let mut storm = storm(StormLimits::default());
    let gate = Gate::Paced { per_s: 2, message: "one by one".into() };
    storm.handle(at(0), Input::Gate { class: Some(Class::SignIn), gate });
    assert_eq!(answer(&mut storm, at(0), knock(1, Class::SignIn)), Answer::Admitted);
    let out = told(&mut storm, at(0), knock(2, Class::SignIn));
    let message = Some("one by one".to_owned());
    assert_eq!(out, [Output::Park { conn: 2, place: 0, wait_ms: 500, message }]);
    for conn in 3..20 {
        storm.handle(at(0), knock(conn, Class::SignIn));
    }
    drained(&mut storm);
    assert_eq!(answer(&mut storm, at(10), knock(50, Class::Guest)), Answer::Admitted);
    let mut count = 0;
    for ms in (0..4_000).step_by(20) {
        count += admitted(&told(&mut storm, at(ms), Input::Tick)).len();
    }
    assert!((7..=8).contains(&count), "two a second for four seconds: {count}");
    assert_eq!(storm.figures(at(4_000)).limited_by, LimitedBy::Gate);
}

#[test]
fn a_long_line_at_a_paced_gate_is_given_slots_and_leaves_the_lot_to_others() {
    let mut storm = storm(StormLimits::default());
    let gate = Gate::Paced { per_s: 1, message: String::new() };
    storm.handle(at(0), Input::Gate { class: Some(Class::SignIn), gate });
    let mut slots = 0;
    for conn in 1..200 {
        if let Answer::Refused(refusal, slot) =
            answer(&mut storm, at(0), knock(conn, Class::SignIn))
        {
            slots += 1;
            assert_eq!(refusal.code, Code::Gate);
            let at_ms = slot.expect("a place").at.0 - start().wall.0;
            assert!((60_000..200_000).contains(&at_ms), "{at_ms}");
        }
    }
    assert_eq!((slots, storm.parked()), (138, 60));
}

#[test]
fn those_who_wait_when_a_gate_closes_stay_and_go_in_when_it_opens() {
    let mut storm = fixed(StormLimits::default(), 10);
    for conn in 0..20 {
        storm.handle(at(0), knock(conn, Class::SignIn));
    }
    drained(&mut storm);
    storm.handle(at(50), Input::Gate { class: None, gate: closed() });
    for ms in (50..5_000).step_by(50) {
        assert!(admitted(&told(&mut storm, at(ms), Input::Tick)).is_empty());
    }
    storm.handle(at(5_000), Input::Gate { class: None, gate: Gate::Open });
    assert!(!admitted(&drained(&mut storm)).is_empty(), "at once");
}

#[test]
fn a_gate_does_not_touch_who_is_in() {
    let mut storm = storm(StormLimits::default());
    storm.handle(at(0), knock(1, Class::SignIn));
    storm.handle(at(0), Input::Admitted { conn: 1 });
    drained(&mut storm);
    assert_eq!(told(&mut storm, at(1), Input::Gate { class: None, gate: closed() }), []);
    assert_eq!(storm.view().live, 1);
}
