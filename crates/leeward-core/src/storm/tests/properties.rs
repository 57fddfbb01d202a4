//! What holds whatever comes: permits are what was given and not taken back, one answer to a knock, the
//! ceiling, order within a class, slots good once, and never idle while somebody waits.

use super::support::*;
use crate::id::Millis;
use crate::storm::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const LIMITS: StormLimits = StormLimits {
    connections_max: 12,
    operator_reserve: 1,
    admitting_max: 3,
    admitting_ms: 10_000,
    knocks_per_s: 10,
    parked_bytes_max: 6 * 1_256,
    slots_max: 100_000,
    refusal_percent: 100,
    connection_bytes: 1_000,
    elsewhere: false,
    control: true,
};

#[derive(Clone, Debug)]
enum Step {
    Knock { conn: u64, class: Class, with_slot: Option<usize>, bound: u64 },
    Admitted(u64),
    Gone(u64),
    Gate(Option<Class>, Gate),
    Static(Option<u32>),
    Drain(bool),
    Measured,
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let class = || prop::sample::select(Class::ALL.as_slice());
    let gate = prop_oneof![
        3 => Just(Gate::Open),
        1 => (0u32..50).prop_map(|per_s| Gate::Paced { per_s, message: String::new() }),
        1 => (0u32..9_000).prop_map(|after_ms| Gate::Closed { after_ms, message: String::new() }),
    ];
    prop_oneof![
        12 => (0u64..60, class(), prop::option::of(0usize..20), 0u64..40).prop_map(
            |(conn, class, with_slot, bound)| Step::Knock { conn, class, with_slot, bound }),
        6 => (0u64..60).prop_map(Step::Admitted),
        6 => (0u64..60).prop_map(Step::Gone),
        1 => (prop::option::of(class()), gate).prop_map(|(class, gate)| Step::Gate(class, gate)),
        1 => prop::option::of(1u32..50).prop_map(Step::Static),
        1 => any::<bool>().prop_map(Step::Drain),
        2 => Just(Step::Measured),
        3 => Just(Step::Tick),
    ]
}

/// Truth, kept apart from the machine.
#[derive(Default)]
struct World {
    /// Being let in since, or in.
    inside: BTreeMap<u64, Option<u64>>,
    /// Waiting: of which class, since when, and whether by a slot.
    waiting: BTreeMap<u64, (Class, Millis)>,
    slots: Vec<Slot>,
}

impl World {
    fn connections(&self) -> usize {
        self.inside.len() + self.waiting.len()
    }

    fn hears(&mut self, now: u64, output: &Output) -> Result<(), TestCaseError> {
        match output {
            Output::Admit { conn } => {
                self.waiting.remove(conn);
                prop_assert!(self.inside.insert(*conn, Some(now)).is_none());
            }
            Output::Expire { conn } => {
                self.inside.remove(conn);
                self.waiting.remove(conn);
            }
            Output::Refuse { conn, refusal, slot } => {
                self.waiting.remove(conn);
                prop_assert!(refusal.after_ms.is_some_and(|ms| ms > 0), "a time for everybody");
                self.slots.extend(*slot);
            }
            Output::Park { conn, .. } => prop_assert!(!self.inside.contains_key(conn)),
            Output::Goodbye { conn, slot, .. } => {
                prop_assert_eq!(self.inside.get(conn), Some(&None), "only who is in");
                prop_assert!(slot.is_some());
                self.slots.extend(*slot);
            }
            Output::Stuck => {}
        }
        Ok(())
    }
}

fn input_of(step: &Step, world: &World) -> Input {
    match step.clone() {
        Step::Knock { conn, class, with_slot, bound } => {
            let slot = with_slot.and_then(|n| world.slots.get(n).copied());
            let bound = slot.map_or(bound, |slot| slot.bound);
            Input::Knock { conn, class, slot, bound, source: Source(bound), bytes: 1_000 }
        }
        Step::Admitted(conn) => Input::Admitted { conn },
        Step::Gone(conn) => Input::Gone { conn },
        Step::Gate(class, gate) => Input::Gate { class, gate },
        Step::Static(per_s) => Input::Static { per_s },
        Step::Drain(true) => Input::Drain { over_ms: 3_000 },
        Step::Drain(false) => Input::EndDrain,
        Step::Measured => Input::Measured(Sample::default()),
        Step::Tick => Input::Tick,
    }
}

fn run(steps: Vec<(u64, Step)>) -> Result<(), TestCaseError> {
    let mut storm = storm(LIMITS);
    let mut world = World::default();
    let mut now = 0;
    for (wait_ms, step) in steps {
        now += wait_ms;
        // What time ends has ended before anything else happens.
        for output in told(&mut storm, at(now), Input::Tick) {
            world.hears(now, &output)?;
        }
        let input = input_of(&step, &world);
        let mut asked = None;
        if let Input::Knock { conn, .. } = &input {
            let known = world.inside.contains_key(conn) || world.waiting.contains_key(conn);
            if !known {
                asked = Some(*conn);
            }
        }
        storm.handle(at(now), input.clone());
        let outputs = drained(&mut storm);
        let mut answers = 0;
        for output in &outputs {
            world.hears(now, output)?;
            let (Output::Admit { conn } | Output::Refuse { conn, .. } | Output::Park { conn, .. }) =
                output
            else {
                continue;
            };
            answers += u32::from(asked == Some(*conn));
            if let (Output::Park { conn, .. }, Input::Knock { class, .. }) = (output, &input)
                && asked == Some(*conn)
            {
                world.waiting.insert(*conn, (*class, start().wall));
            }
        }
        prop_assert_eq!(answers, u32::from(asked.is_some()), "one answer to a knock");
        match step {
            Step::Gone(conn) => {
                world.inside.remove(&conn);
                world.waiting.remove(&conn);
            }
            Step::Admitted(conn) => {
                if let Some(entry) = world.inside.get_mut(&conn) {
                    *entry = None;
                }
            }
            Step::Knock { .. }
            | Step::Gate(..)
            | Step::Static(_)
            | Step::Drain(_)
            | Step::Measured
            | Step::Tick => {}
        }
        holds(&mut storm, &world, now)?;
    }
    Ok(())
}

fn holds(storm: &mut Storm, world: &World, now: u64) -> Result<(), TestCaseError> {
    let admitting = world.inside.values().flatten().count();
    prop_assert_eq!(storm.connections(), world.connections(), "permits are live admissions");
    prop_assert_eq!((storm.admitting(), storm.parked()), (admitting, world.waiting.len()));
    prop_assert!(storm.connections() <= LIMITS.connections_max);
    let figures = storm.figures(at(now));
    prop_assert!(figures.parked_bytes <= LIMITS.parked_bytes_max);
    prop_assert!(world.inside.values().flatten().all(|since| now < since + 10_000));
    let given: BTreeSet<u64> = world.slots.iter().map(|slot| slot.seq).collect();
    prop_assert!(figures.slots.kept <= given.len() as u64, "a slot is good once");
    // Never idle while somebody waits whom the operator would let in, and there is room.
    let open = |class: &Class| storm.gates.ready(at(now), *class) && storm.lot.waiting(*class) > 0;
    if Class::ALL.iter().any(open) {
        let room = storm.admitting() < storm.rate.window(&LIMITS);
        prop_assert!(!room || storm.rate.credit(at(now)) < 1.0, "idle while somebody waits");
    }
    let due = storm.deadline();
    prop_assert!(world.connections() == world.inside.len() - admitting || due.is_some());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_comes_the_machine_keeps_to_its_rules(
        steps in prop::collection::vec((0u64..1_500, step()), 1..200)
    ) {
        run(steps)?;
    }

    /// Among those who wait, the one of its class who has waited longest is let in.
    #[test]
    fn nobody_overtakes_within_a_class(
        knocks in prop::collection::vec((0u64..300, 0usize..3, prop::option::of(0u64..3_000)), 2..80),
        per_s in 5u32..100,
    ) {
        let mut storm = fixed(StormLimits::default(), per_s);
        let mut waiting: BTreeMap<u64, (usize, Millis)> = BTreeMap::new();
        let (mut now, mut last) = (5_000, 0);
        for (conn, (wait_ms, class, aged_ms)) in (0u64..).zip(knocks) {
            now += wait_ms;
            last = now;
            let wall = Millis(start().wall.0 + now);
            // Some bring a slot of another node, and with it the time for which they have waited.
            let slot = aged_ms.map(|ms| Slot {
                class: Class::SignIn,
                node: 9,
                epoch: 9,
                seq: conn,
                at: wall,
                issued: Millis(wall.0 - ms),
                bound: conn,
            });
            waiting.insert(conn, (class, slot.map_or(wall, |slot| slot.issued)));
            let class = [Class::ResumeHere, Class::SignIn, Class::Stranger][class];
            storm.handle(at(now), knock_with(conn, class, slot));
            let out = drained(&mut storm);
            for conn in admitted(&out) {
                let (class, since) = waiting.remove(&conn).expect("it waited");
                prop_assert!(waiting.values().all(|(of, other)| *of != class || *other >= since));
            }
        }
        for ms in (last..last + 60_000).step_by(10) {
            let out = told(&mut storm, at(ms), Input::Tick);
            for conn in admitted(&out) {
                let (class, since) = waiting.remove(&conn).expect("it waited");
                prop_assert!(waiting.values().all(|(of, other)| *of != class || *other >= since));
                storm.handle(at(ms), Input::Admitted { conn });
            }
        }
        prop_assert!(waiting.is_empty(), "everybody is in");
    }

    /// Admissions in any second are at most what the limit allows, and what may be begun at once.
    #[test]
    fn admissions_in_any_window_are_within_the_limit(
        knocks in prop::collection::vec(0u64..40, 50..400), per_s in 10u32..400,
    ) {
        let mut storm = fixed(StormLimits::default(), per_s);
        let mut begun: Vec<u64> = Vec::new();
        let mut now = 0;
        let mut conns = 0u64..;
        for wait_ms in knocks {
            let until = now + wait_ms;
            while now < until {
                now += 1;
                begun.extend(admitted(&told(&mut storm, at(now), Input::Tick)).iter().map(|_| now));
            }
            let conn = conns.next().expect("no end");
            storm.handle(at(now), knock(conn, Class::ResumeHere));
            begun.extend(admitted(&drained(&mut storm)).iter().map(|_| now));
        }
        for from in &begun {
            let within = begun.iter().filter(|at| (*from..*from + 1_000).contains(*at)).count();
            let most = per_s as usize + (f64::from(per_s) * 0.05).max(32.0) as usize + 1;
            prop_assert!(within <= most, "{within} in a second");
        }
    }
}
