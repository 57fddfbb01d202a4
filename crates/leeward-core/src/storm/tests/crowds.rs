//! A source that knocks by the thousand waits in a line of its own; who comes too early pays for it.

use super::support::*;
use crate::storm::*;

fn from(conn: u64, source: u64) -> Input {
    Input::Knock {
        conn,
        class: Class::SignIn,
        slot: None,
        bound: conn,
        source: Source(source),
        bytes: 1_000,
    }
}

#[test]
fn a_source_that_knocks_by_the_thousand_pushes_nobody_back() {
    let mut storm = fixed(StormLimits::default(), 10);
    let mut parked = 0;
    let mut last = 0;
    for conn in 0..5_000 {
        match answer(&mut storm, at(0), from(conn, 66)) {
            Answer::Parked { .. } => parked += 1,
            Answer::Refused(refusal, slot) => {
                assert_eq!(slot, None, "no place is kept for it");
                last = refusal.after_ms.expect("a time");
            }
            Answer::Admitted => {}
        }
    }
    assert!(parked <= 500, "{parked} wait");
    assert!(last > 80_000, "its line is long: {last}");
    let figures = storm.figures(at(0));
    assert!(figures.slowed >= 4_499, "{}", figures.slowed);
    let Answer::Parked { place, .. } = answer(&mut storm, at(1), from(9_000, 67)) else {
        panic!("another source has room")
    };
    assert!(place <= 500);
}

#[test]
fn an_office_behind_one_address_is_back_at_once() {
    let mut storm = fixed(StormLimits::default(), 10_000);
    let mut slowed = 0;
    for conn in 0..400 {
        slowed +=
            u32::from(matches!(answer(&mut storm, at(conn), from(conn, 5)), Answer::Refused(..)));
    }
    assert_eq!(slowed, 0);
}

#[test]
fn whoever_resumes_is_nobodys_crowd() {
    let mut storm = fixed(StormLimits::default(), 10);
    for conn in 0..2_000 {
        let knock = Input::Knock {
            conn,
            class: Class::ResumeHere,
            slot: None,
            bound: conn,
            source: Source(66),
            bytes: 1_000,
        };
        assert!(!matches!(answer(&mut storm, at(0), knock), Answer::Refused(..)));
    }
    assert_eq!(storm.figures(at(0)).slowed, 0);
}

#[test]
fn the_memory_of_sources_is_bounded_and_forgets_the_quiet() {
    let mut sources = Sources::default();
    for _ in 0..500 {
        assert!(sources.pass(at(0), Source(1)).is_ok());
    }
    assert!(sources.pass(at(0), Source(1)).is_err());
    for source in 2..200_000 {
        assert!(sources.pass(at(1), Source(source)).is_ok());
    }
    // Ten seconds later it has paid, whether or not it was forgotten.
    assert!(sources.pass(at(10_001), Source(1)).is_ok());
    assert!((0..100_000).all(|_| sources.pass(at(0), Source::EXEMPT).is_ok()));
}

#[test]
fn whoever_comes_too_early_again_and_again_waits_elsewhere_and_still_gets_in() {
    let limits = StormLimits { parked_bytes_max: 0, ..StormLimits::default() };
    let mut storm = Storm::new(limits, Start { mu_per_s: Some(10), ..start() });
    storm.handle(at(0), Input::Static { per_s: Some(10) });
    let mut slot = None;
    for conn in 0..50 {
        slot = slot.or(match answer(&mut storm, at(0), knock(conn, Class::SignIn)) {
            Answer::Refused(_, slot) if conn == 40 => slot,
            Answer::Admitted | Answer::Parked { .. } | Answer::Refused(..) => None,
        });
    }
    let slot = slot.expect("the lot is full");
    storm.limits.parked_bytes_max = 1 << 20;
    let early = |n: u64| knock_with(100 + n, Class::SignIn, Some(slot));
    let mut parked = 0;
    for n in 0..8 {
        // Others keep the node busy.
        storm.handle(at(10 + n), knock(1_000 + n, Class::SignIn));
        match answer(&mut storm, at(10 + n), early(n)) {
            Answer::Parked { .. } => {
                parked += 1;
                // It does not stay either, and its memory is as if it had been refused.
                storm.handle(at(10 + n), Input::Gone { conn: 100 + n });
            }
            Answer::Refused(_, same) => assert_eq!(same, Some(slot)),
            Answer::Admitted => panic!("it is not its time"),
        }
    }
    assert!(parked < 8, "it is not given room for ever: {parked}");
    let now = at(slot.at.0 - start().wall.0 + 10_000);
    storm.handle(now, Input::Tick);
    drained(&mut storm);
    let answered = answer(&mut storm, now.plus_ms(200), early(50));
    assert_eq!(answered, Answer::Admitted, "at its time it is like everybody");
}
