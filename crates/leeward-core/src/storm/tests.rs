//! What the machine answers, and what it keeps to under random input.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const LIMITS: StormLimits = StormLimits {
    connections_max: 5,
    operator_reserve: 1,
    admitting_max: 3,
    admitting_ms: 10_000,
    knocks_per_s: 10,
    slots_max: 100,
};

fn at(ms: u64) -> Instant {
    Instant(ms * 1_000)
}

fn knock(conn: u64, class: Class) -> Input {
    Input::Knock { conn, class, slot: None, random: conn }
}

fn drained(storm: &mut Storm) -> Vec<Output> {
    std::iter::from_fn(|| storm.next_output()).collect()
}

fn told(storm: &mut Storm, now: Instant, input: Input) -> Vec<Output> {
    storm.handle(now, input);
    drained(storm)
}

/// Knocks once, while others may run out of time; the time to come back and the slot when refused.
fn answer(storm: &mut Storm, now: Instant, input: Input) -> Result<(), (Refusal, Option<Slot>)> {
    match told(storm, now, input).as_slice() {
        [.., Output::Admit { .. }] => Ok(()),
        [.., Output::Refuse { refusal, slot, .. }] => Err((refusal.clone(), *slot)),
        other => panic!("no answer to a knock: {other:?}"),
    }
}

fn full_house() -> Storm {
    let mut storm = Storm::new(LIMITS);
    for conn in 0..4 {
        assert!(answer(&mut storm, at(0), knock(conn, Class::SignIn)).is_ok());
        storm.handle(at(0), Input::Admitted { conn });
    }
    storm
}

#[test]
fn a_connection_is_admitted_and_leaves_nothing_behind() {
    let mut storm = Storm::new(LIMITS);
    assert_eq!(told(&mut storm, at(0), knock(1, Class::SignIn)), [Output::Admit { conn: 1 }]);
    assert_eq!(storm.deadline(), Some(at(10_000)));
    assert!(told(&mut storm, at(5), Input::Admitted { conn: 1 }).is_empty());
    assert_eq!((storm.connections(), storm.admitting(), storm.deadline()), (1, 0, None));
    assert!(told(&mut storm, at(9), Input::Gone { conn: 1 }).is_empty());
    assert_eq!(storm.connections(), 0);
}

#[test]
fn whoever_does_not_get_in_within_ten_seconds_is_put_out() {
    let mut storm = Storm::new(LIMITS);
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
    let (refusal, slot) = answer(&mut storm, at(1), knock(10, Class::ResumeHere)).unwrap_err();
    assert_eq!((refusal.code, slot), (Code::Full, None));
    assert!(answer(&mut storm, at(1), knock(11, Class::Operator)).is_ok());
    let (refusal, _) = answer(&mut storm, at(1), knock(12, Class::Operator)).unwrap_err();
    assert_eq!(refusal.code, Code::Full);
    assert_eq!(storm.connections(), LIMITS.connections_max);
}

#[test]
fn a_place_that_becomes_free_is_given_to_the_next_who_knocks() {
    let mut storm = full_house();
    assert!(answer(&mut storm, at(1), knock(10, Class::SignIn)).is_err());
    storm.handle(at(2), Input::Gone { conn: 0 });
    assert!(answer(&mut storm, at(3), knock(11, Class::SignIn)).is_ok());
}

#[test]
fn the_refused_are_told_times_as_far_apart_as_knocks_are_no_burden() {
    let mut storm = full_house();
    let times: Vec<u32> = (10..15)
        .map(|conn| answer(&mut storm, at(0), knock(conn, Class::SignIn)).unwrap_err().0)
        .map(|refusal| refusal.after_ms.expect("a time"))
        .collect();
    assert_eq!(times, [1_000, 1_100, 1_200, 1_300, 1_400]);
}

#[test]
fn a_crowd_is_told_to_come_back_within_minutes_all_the_same() {
    let mut storm = full_house();
    let mut last = 0;
    for conn in 10..10_000 {
        let (refusal, _) = answer(&mut storm, at(0), knock(conn, Class::SignIn)).unwrap_err();
        last = refusal.after_ms.expect("a time");
    }
    assert_eq!(last, 301_000);
}

#[test]
fn only_so_many_are_let_in_at_once() {
    let mut storm = Storm::new(LIMITS);
    for conn in 0..3 {
        assert!(answer(&mut storm, at(0), knock(conn, Class::SignIn)).is_ok());
    }
    assert!(answer(&mut storm, at(0), knock(3, Class::SignIn)).is_err());
    storm.handle(at(1), Input::Admitted { conn: 0 });
    assert!(answer(&mut storm, at(1), knock(4, Class::SignIn)).is_ok());
}

#[test]
fn a_closed_gate_refuses_its_class_in_the_operators_words() {
    let mut storm = Storm::new(LIMITS);
    let gate = Gate::Closed { after_ms: 60_000, message: "back at ten".into() };
    storm.handle(at(0), Input::Gate { class: Class::SignIn, gate });
    let (refusal, _) = answer(&mut storm, at(0), knock(1, Class::SignIn)).unwrap_err();
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::Gate, "back at ten"));
    assert_eq!(refusal.after_ms, Some(60_000));
    assert!(answer(&mut storm, at(0), knock(2, Class::ResumeHere)).is_ok());
    storm.handle(at(1), Input::Gate { class: Class::SignIn, gate: Gate::Open });
    assert!(answer(&mut storm, at(1), knock(3, Class::SignIn)).is_ok());
}

fn paced() -> Storm {
    let mut storm = Storm::new(StormLimits { connections_max: 100, admitting_max: 100, ..LIMITS });
    let gate = Gate::Paced { per_s: 2, message: "one by one".into() };
    storm.handle(at(0), Input::Gate { class: Class::SignIn, gate });
    storm
}

#[test]
fn a_paced_gate_gives_slots_and_keeps_them() {
    let mut storm = paced();
    assert!(answer(&mut storm, at(0), knock(1, Class::SignIn)).is_ok());
    let (first, slot) = answer(&mut storm, at(0), knock(2, Class::SignIn)).unwrap_err();
    let (second, _) = answer(&mut storm, at(0), knock(3, Class::SignIn)).unwrap_err();
    assert_eq!((first.after_ms, second.after_ms), (Some(500), Some(1_000)));
    let with = |conn| Input::Knock { conn, class: Class::SignIn, slot, random: conn };
    let (early, same) = answer(&mut storm, at(100), with(4)).unwrap_err();
    assert_eq!((early.after_ms, same), (Some(400), slot));
    assert!(answer(&mut storm, at(500), with(5)).is_ok());
    assert!(answer(&mut storm, at(501), with(6)).is_err(), "a slot is good once");
}

#[test]
fn a_slot_of_another_class_or_a_forgotten_one_is_none() {
    let mut storm = paced();
    assert!(answer(&mut storm, at(0), knock(1, Class::SignIn)).is_ok());
    let (_, slot) = answer(&mut storm, at(0), knock(2, Class::SignIn)).unwrap_err();
    let gate = Gate::Paced { per_s: 1, message: String::new() };
    storm.handle(at(0), Input::Gate { class: Class::Guest, gate });
    assert!(answer(&mut storm, at(0), knock(3, Class::Guest)).is_ok());
    let foreign = Input::Knock { conn: 4, class: Class::Guest, slot, random: 4 };
    let (refusal, other) = answer(&mut storm, at(600), foreign).unwrap_err();
    assert_eq!(refusal.after_ms, Some(400));
    assert_ne!(other, slot);
    assert!(answer(&mut storm, at(100_000), knock(5, Class::SignIn)).is_ok());
    assert!(answer(&mut storm, at(100_000), knock(6, Class::SignIn)).is_err());
    let late = Input::Knock { conn: 7, class: Class::SignIn, slot, random: 7 };
    assert!(answer(&mut storm, at(100_000), late).is_err());
}

#[test]
fn a_slot_is_sixteen_characters_and_nothing_else() {
    let slot = Slot::of(0xfeed);
    assert_eq!(slot.to_string(), "000000000000feed");
    assert_eq!("000000000000feed".parse(), Ok(slot));
    for bad in ["", "feed", "+00000000000feed", "000000000000feed0", "00000000000éfee"] {
        assert_eq!(bad.parse::<Slot>(), Err(slots::BadSlot), "{bad}");
    }
}

fn any_input() -> impl Strategy<Value = Input> {
    let class = || prop::sample::select(Class::ALL.as_slice());
    let gate = prop_oneof![
        2 => Just(Gate::Open),
        1 => (0u32..50).prop_map(|per_s| Gate::Paced { per_s, message: String::new() }),
        1 => (0u32..9_000).prop_map(|after_ms| Gate::Closed { after_ms, message: String::new() }),
    ];
    prop_oneof![
        8 => (0u64..40, class(), prop::option::of(0u64..40), 0u64..40).prop_map(
            |(conn, class, slot, random)| {
                Input::Knock { conn, class, slot: slot.map(Slot::of), random }
            }
        ),
        4 => (0u64..40).prop_map(|conn| Input::Admitted { conn }),
        4 => (0u64..40).prop_map(|conn| Input::Gone { conn }),
        1 => (class(), gate).prop_map(|(class, gate)| Input::Gate { class, gate }),
        2 => Just(Input::Tick),
    ]
}

proptest! {
    #[test]
    fn permits_are_the_live_admissions_and_never_above_the_ceiling(
        steps in prop::collection::vec((0u64..3_000, any_input()), 1..200)
    ) {
        let mut storm = Storm::new(LIMITS);
        // Truth, kept apart: who was admitted and has not been put out or left, and since when.
        let mut truth: BTreeMap<u64, (u64, bool)> = BTreeMap::new();
        let mut now = 0;
        for (wait_ms, input) in steps {
            now += wait_ms;
            let knocks = match &input {
                Input::Knock { conn, .. } if !truth.contains_key(conn) => Some(*conn),
                Input::Knock { .. }
                | Input::Admitted { .. }
                | Input::Gone { .. }
                | Input::Gate { .. }
                | Input::Tick => None,
            };
            storm.handle(at(now), input.clone());
            let outputs = drained(&mut storm);
            for output in &outputs {
                match output {
                    Output::Admit { conn } => {
                        prop_assert!(truth.insert(*conn, (now, false)).is_none());
                    }
                    Output::Expire { conn } => { truth.remove(conn); }
                    Output::Refuse { refusal, .. } => {
                        prop_assert!(refusal.after_ms.is_some_and(|ms| ms > 0));
                    }
                }
            }
            match &input {
                Input::Gone { conn } => { truth.remove(conn); }
                Input::Admitted { conn } => {
                    if let Some(entry) = truth.get_mut(conn) { entry.1 = true; }
                }
                Input::Knock { .. } | Input::Gate { .. } | Input::Tick => {}
            }
            if let Some(conn) = knocks {
                let answers = outputs.iter().filter(|output| match output {
                    Output::Admit { conn: c } | Output::Refuse { conn: c, .. } => *c == conn,
                    Output::Expire { .. } => false,
                });
                prop_assert_eq!(answers.count(), 1);
            }
            let admitting = truth.values().filter(|(_, admitted)| !admitted).count();
            prop_assert_eq!(storm.connections(), truth.len());
            prop_assert_eq!(storm.admitting(), admitting);
            prop_assert!(storm.connections() <= LIMITS.connections_max);
            prop_assert!(truth.values().all(|(since, admitted)| *admitted || now < since + 10_000));
            let next = truth.values().filter(|(_, admitted)| !admitted).map(|(since, _)| since + 10_000).min();
            prop_assert_eq!(storm.deadline(), next.map(at));
        }
    }

    #[test]
    fn whoever_obeys_gets_in(
        crowd in 1u64..80, per_s in 1u32..20, stay_ms in 10u64..2_000, paced: bool,
    ) {
        let mut storm = Storm::new(StormLimits { admitting_max: 100, ..LIMITS });
        if paced {
            let gate = Gate::Paced { per_s, message: String::new() };
            storm.handle(at(0), Input::Gate { class: Class::SignIn, gate });
        }
        // Everybody comes at once, obeys, and stays a while; the house holds four.
        let mut agenda: BTreeSet<(u64, u64, Option<u64>, bool)> =
            (0..crowd).map(|conn| (0, conn, None, true)).collect();
        let (mut inside, mut knocks) = (0, 0u64);
        while let Some((now, conn, slot, knocking)) = agenda.pop_first() {
            if !knocking {
                storm.handle(at(now), Input::Gone { conn });
                continue;
            }
            knocks += 1;
            prop_assert!(knocks < 40 * crowd, "the refused are a load of their own");
            let held = slot.map(Slot::of);
            let random = crowd + knocks;
            let input = Input::Knock { conn, class: Class::SignIn, slot: held, random };
            match answer(&mut storm, at(now), input) {
                Ok(()) => {
                    storm.handle(at(now), Input::Admitted { conn });
                    inside += 1;
                    agenda.insert((now + stay_ms, conn, None, false));
                }
                Err((refusal, given)) => {
                    let after_ms = u64::from(refusal.after_ms.expect("a time"));
                    let given = given.map(Slot::number).or(slot);
                    agenda.insert((now + after_ms, conn, given, true));
                }
            }
        }
        prop_assert_eq!(inside, crowd);
    }
}
