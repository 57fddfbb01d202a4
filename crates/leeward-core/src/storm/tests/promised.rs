//! Whom memory cannot keep is given a slot: a moment that it need not defend.

use super::support::*;
use crate::code::Code;
use crate::id::Millis;
use crate::storm::*;

/// A node whose lot is one place, that lets in ten a second.
fn no_lot() -> Storm {
    let limits = StormLimits { parked_bytes_max: 0, ..StormLimits::default() };
    let start = Start { mu_per_s: Some(10), ..start() };
    let mut storm = Storm::new(limits, start);
    storm.handle(at(0), Input::Static { per_s: Some(10) });
    assert_eq!(answer(&mut storm, at(0), knock(1, Class::SignIn)), Answer::Admitted);
    storm
}

fn slot_of(storm: &mut Storm, now: Instant, conn: u64) -> (u32, Slot) {
    let (refusal, slot) = answer(storm, now, knock(conn, Class::SignIn)).refusal();
    assert_eq!(refusal.code, Code::Full);
    (refusal.after_ms.expect("a time"), slot.expect("a slot"))
}

#[test]
fn each_is_given_a_moment_of_its_own_as_far_apart_as_the_node_admits() {
    let mut storm = no_lot();
    let times: Vec<u64> =
        (2..30).map(|conn| slot_of(&mut storm, at(0), conn).1.at.0 - start().wall.0).collect();
    assert_eq!(times[..4], [1_100, 1_200, 1_300, 1_400]);
    assert_eq!(times[27], 3_800);
    let (after_ms, slot) = slot_of(&mut storm, at(0), 40);
    assert_eq!((after_ms, slot.at.0 - start().wall.0), (3_900, 3_900));
    assert_eq!((slot.issued, slot.bound, slot.node, slot.epoch), (start().wall, 40, 1, 1));
}

#[test]
fn whoever_comes_at_its_moment_is_let_in() {
    let mut storm = no_lot();
    let (after_ms, slot) = slot_of(&mut storm, at(0), 2);
    let now = at(after_ms.into());
    let come = knock_with(3, Class::SignIn, Some(slot));
    assert_eq!(answer(&mut storm, now, come), Answer::Admitted);
    assert_eq!(storm.figures(now).slots.kept, 1);
}

#[test]
fn knocking_early_returns_the_same_slot_and_moves_nobody() {
    let mut storm = no_lot();
    let (_, slot) = (0..20).map(|n| slot_of(&mut storm, at(0), 10 + n)).last().expect("twenty");
    let (early, same) =
        answer(&mut storm, at(50), knock_with(90, Class::SignIn, Some(slot))).refusal();
    assert_eq!((same, early.after_ms), (Some(slot), Some(2_950)));
    // The same without its ticket, by what only it can show.
    let lost = Input::Knock {
        conn: 91,
        class: Class::SignIn,
        slot: None,
        bound: slot.bound,
        source: Source::EXEMPT,
        bytes: 0,
    };
    let (early, same) = answer(&mut storm, at(60), lost).refusal();
    assert_eq!((same, early.after_ms), (Some(slot), Some(2_940)));
    let (_, next) = slot_of(&mut storm, at(60), 92);
    assert_eq!(next.at.0, slot.at.0 + 100, "behind it, and one step only");
}

#[test]
fn a_slot_is_good_once() {
    let mut storm = no_lot();
    let (after_ms, slot) = slot_of(&mut storm, at(0), 2);
    let now = at(after_ms.into());
    assert_eq!(answer(&mut storm, now, knock_with(3, Class::SignIn, Some(slot))), Answer::Admitted);
    let again = answer(&mut storm, now, knock_with(4, Class::SignIn, Some(slot)));
    let (_, other) = again.refusal();
    assert_ne!(other.expect("its own").seq, slot.seq, "it is somebody new");
    assert_eq!(storm.figures(now).slots.replayed, 1);
}

#[test]
fn two_who_wait_with_one_slot_are_one_who_goes_first_and_one_at_the_end() {
    let mut storm = no_lot();
    let (_, slot) = slot_of(&mut storm, at(0), 2);
    // The same node with room to wait.
    storm.limits.parked_bytes_max = 1 << 20;
    for conn in 10..14 {
        storm.handle(at(10), knock(conn, Class::SignIn));
    }
    storm.handle(at(20), knock_with(20, Class::SignIn, Some(slot)));
    storm.handle(at(20), knock_with(21, Class::SignIn, Some(slot)));
    drained(&mut storm);
    let mut order = Vec::new();
    for ms in (20..1_000).step_by(10) {
        order.extend(admitted(&told(&mut storm, at(ms), Input::Tick)));
    }
    assert_eq!(order, [20, 10, 11, 12, 13, 21]);
}

#[test]
fn whoever_is_late_keeps_its_place() {
    let mut storm = no_lot();
    let (_, slot) = slot_of(&mut storm, at(0), 2);
    storm.limits.parked_bytes_max = 1 << 20;
    let late = at(60_000);
    for conn in 10..60 {
        storm.handle(late, knock(conn, Class::SignIn));
    }
    drained(&mut storm);
    let Answer::Parked { place, .. } =
        answer(&mut storm, late, knock_with(90, Class::SignIn, Some(slot)))
    else {
        panic!("there is room")
    };
    assert_eq!(place, 0);
    let out = told(&mut storm, at(60_100), Input::Tick);
    assert_eq!(admitted(&out), [90]);
}

#[test]
fn what_is_not_theirs_or_not_of_this_time_is_worth_nothing_and_harms_nothing() {
    let mut storm = no_lot();
    let (_, slot) = slot_of(&mut storm, at(0), 2);
    let hour = 3_600_000;
    let worthless = [
        Slot { bound: 77, ..slot },
        Slot { seq: 9_999_999, ..slot },
        Slot { issued: Millis(slot.issued.0 + hour), at: Millis(slot.at.0 + hour), ..slot },
        Slot { issued: Millis(slot.issued.0 - hour), at: Millis(slot.at.0 - hour), ..slot },
        Slot { issued: Millis(slot.at.0 + 1), ..slot },
        Slot { at: Millis(slot.at.0 + 3 * hour), ..slot },
    ];
    for (conn, slot) in (100..).zip(worthless) {
        let knock = Input::Knock {
            conn,
            class: Class::SignIn,
            slot: Some(slot),
            bound: 2,
            source: Source::EXEMPT,
            bytes: 0,
        };
        // A copy: the node remembers who came.
        let (_, given) = answer(&mut storm.clone(), at(1), knock).refusal();
        assert_ne!(given, Some(slot), "{slot:?}");
    }
    let good = answer(&mut storm, at(1_100), knock_with(200, Class::SignIn, Some(slot)));
    assert_eq!(good, Answer::Admitted, "the true one is as good as before");
}

#[test]
fn a_slot_of_another_node_or_life_keeps_its_age_once() {
    let mut storm = no_lot();
    storm.limits.parked_bytes_max = 1 << 20;
    let now = at(10_000);
    for conn in 10..20 {
        storm.handle(now, knock(conn, Class::ResumeElsewhere));
    }
    drained(&mut storm);
    let wall = start().wall.0;
    let (issued, at_wall) = (Millis(wall + 5_000), Millis(wall + 9_000));
    let slot = Slot {
        class: Class::ResumeHere,
        node: 7,
        epoch: 3,
        seq: 123_456,
        at: at_wall,
        issued,
        bound: 5,
    };
    let place = |storm: &mut Storm, conn, slot| match answer(
        storm,
        now,
        knock_with(conn, Class::ResumeElsewhere, Some(slot)),
    ) {
        Answer::Parked { place, .. } => place,
        other @ (Answer::Admitted | Answer::Refused(..)) => panic!("{other:?}"),
    };
    assert_eq!(place(&mut storm, 50, slot), 0, "it has waited longest");
    let out = told(&mut storm, at(10_150), Input::Tick);
    assert_eq!(admitted(&out), [50]);
    let behind = place(&mut storm, 51, slot);
    assert!(behind > 5, "used: at the end of the line, {behind}");
    let unused = Slot { seq: 123_457, ..slot };
    assert_eq!(place(&mut storm, 52, unused), 0);
}

#[test]
fn no_slot_is_given_out_beyond_those_that_can_be_remembered() {
    let mut storm = no_lot();
    storm.limits.slots_max = 4_096;
    let given = (10..10_000).filter(|conn| {
        answer(&mut storm, at(0), knock(*conn, Class::SignIn)).refusal().1.is_some()
    });
    assert_eq!(given.count(), 4_096);
    assert!(storm.deadline().is_some());
}

#[test]
fn slots_that_nobody_comes_for_are_counted_and_forgotten() {
    let mut storm = no_lot();
    for conn in 10..20 {
        slot_of(&mut storm, at(0), conn);
    }
    assert_eq!(storm.figures(at(0)).slots_out, 10);
    storm.handle(at(20_000), Input::Measured(Sample::default()));
    let figures = storm.figures(at(20_000));
    assert_eq!((figures.slots.no_shows, figures.slots_out), (10, 0));
}
