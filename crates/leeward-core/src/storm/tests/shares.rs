//! Classes have shares while they wait, use what others leave, and none starves.

use super::support::*;
use crate::storm::*;
use proptest::prelude::*;

/// Who goes in first of a hundred of each class, one every 10 ms.
fn first(count: usize, classes: &[Class]) -> Vec<Class> {
    let mut storm = fixed(StormLimits::default(), 100);
    let class_of = |conn: u64| classes[(conn / 1_000) as usize];
    for n in 0..100 {
        for class in 0..classes.len() as u64 {
            let conn = class * 1_000 + n;
            storm.handle(at(0), knock(conn, class_of(conn)));
        }
    }
    let mut order = admitted(&drained(&mut storm));
    let mut ms = 0;
    while order.len() < count {
        ms += 10;
        assert!(ms < 60_000, "nobody goes in");
        order.extend(admitted(&told(&mut storm, at(ms), Input::Tick)));
    }
    order.into_iter().take(count).map(class_of).collect()
}

#[test]
fn each_class_gets_its_weight_while_all_wait() {
    let classes = [Class::ResumeHere, Class::ResumeElsewhere, Class::SignIn, Class::Stranger];
    let order = first(116, &classes);
    let count = |class| order[..].iter().filter(|c| **c == class).count();
    assert!((58..=68).contains(&count(Class::ResumeHere)), "{}", count(Class::ResumeHere));
    assert!((28..=34).contains(&count(Class::ResumeElsewhere)));
    assert!((14..=18).contains(&count(Class::SignIn)));
    assert!((3..=5).contains(&count(Class::Stranger)), "a floor for each");
}

#[test]
fn what_one_class_does_not_use_is_the_others() {
    let order = first(100, &[Class::Stranger]);
    assert_eq!(order.len(), 100, "all of it");
}

#[test]
fn a_class_saves_up_nothing_while_it_does_not_wait() {
    let mut storm = fixed(StormLimits::default(), 100);
    for conn in 0..200 {
        storm.handle(at(0), knock(conn, Class::Guest));
    }
    drained(&mut storm);
    let mut ms = 0;
    while storm.parked() > 100 {
        ms += 10;
        storm.handle(at(ms), Input::Tick);
    }
    for conn in 1_000..1_100 {
        storm.handle(at(ms), knock(conn, Class::SignIn));
    }
    drained(&mut storm);
    let mut order = Vec::new();
    while order.len() < 30 {
        ms += 10;
        order.extend(admitted(&told(&mut storm, at(ms), Input::Tick)));
    }
    let guests = order[..30].iter().filter(|conn| **conn < 1_000).count();
    assert!((8..=12).contains(&guests), "a third, as its weight is: {guests}");
}

#[test]
fn the_operator_waits_for_nobody() {
    let mut storm = fixed(StormLimits::default(), 1);
    for conn in 0..50 {
        storm.handle(at(0), knock(conn, Class::ResumeHere));
    }
    drained(&mut storm);
    assert_eq!(answer(&mut storm, at(1), knock(90, Class::Operator)), Answer::Admitted);
}

#[test]
fn operators_by_the_dozen_wait_for_each_other() {
    let mut storm = fixed(StormLimits::default(), 1);
    storm.handle(at(0), knock(0, Class::ResumeHere));
    let is_in = |conn: &u64| {
        let answer = answer(&mut storm, at(1), knock(*conn, Class::Operator));
        answer == Answer::Admitted
    };
    assert_eq!((100..150).filter(is_in).count(), StormLimits::default().operator_reserve);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// wait <= rank / (weight * mu_min) + slack, whoever else comes, and whenever.
    #[test]
    fn nobody_waits_longer_than_its_rank_and_weight_say(
        crowd in prop::collection::vec((0usize..7, 0u64..2_000), 2..120), per_s in 20u32..200,
    ) {
        let mut storm = fixed(StormLimits::default(), per_s);
        let mut knocks: Vec<(u64, Class)> =
            crowd.iter().map(|(class, ms)| (*ms, Class::ALL[*class])).collect();
        knocks.sort_unstable();
        let mut bound = Vec::new();
        let mut inside = vec![false; knocks.len()];
        let mut next = 0;
        for ms in 0..60_000u64 {
            while let Some((_, class)) = knocks.get(next).filter(|(at, _)| *at <= ms) {
                let ahead = |(other, (_, of)): (usize, &(u64, Class))| of == class && !inside[other];
                let rank = knocks[..next].iter().enumerate().filter(|k| ahead(*k)).count() + 1;
                let share = f64::from(class.weight()) / f64::from(Class::WEIGHTS);
                // The slack: one of each other class may be before it, and a tick is late.
                let slack_s = 7.0 / f64::from(per_s) + 0.01;
                let wait_s = rank as f64 / (share * f64::from(per_s)) + slack_s;
                bound.push(ms + (wait_s * 1e3) as u64);
                storm.handle(at(ms), knock(next as u64, *class));
                next += 1;
            }
            storm.handle(at(ms), Input::Tick);
            for conn in admitted(&drained(&mut storm)) {
                inside[conn as usize] = true;
                prop_assert!(ms <= bound[conn as usize], "{:?}", knocks[conn as usize]);
                storm.handle(at(ms), Input::Admitted { conn });
            }
            if next == knocks.len() && storm.parked() == 0 {
                break;
            }
        }
        prop_assert!(inside.iter().all(|is_in| *is_in));
    }
}
