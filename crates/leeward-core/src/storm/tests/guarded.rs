//! The guard: whatever is wrong with the machine, admissions resume within 2.5 s, and the full rate
//! within ten.

use super::rig::Rig;
use super::support::*;
use crate::storm::*;
use proptest::prelude::*;

const LIMITS: StormLimits = StormLimits {
    connections_max: 2_000,
    operator_reserve: 8,
    admitting_max: 500,
    admitting_ms: 10_000,
    knocks_per_s: 2_000,
    parked_bytes_max: 4 << 20,
    slots_max: 1 << 20,
    refusal_percent: 100,
    connection_bytes: 8_192,
    elsewhere: false,
    control: true,
};

/// A node that has let in some, in the middle of a crowd of others that come and go.
fn in_a_storm() -> Rig {
    let start = Start { mu_per_s: Some(2_000), ..start() };
    let mut rig = Rig::new(Storm::new(LIMITS, start), 1_000);
    for conn in 0..200 {
        rig.tell(knock(conn, Class::ResumeHere));
    }
    rig.run(1_000);
    rig
}

/// Goes on while one knocks every 5 ms and leaves half a second after it has come in; when somebody
/// was let in next, and how many were in each second.
fn goes_on(rig: &mut Rig, ms: u64) -> (Option<u64>, Vec<u32>) {
    let began = rig.ms();
    let (mut first, mut rates) = (None, vec![0; (ms / 1_000) as usize]);
    let mut conn = 1_000_000;
    for _ in 0..ms {
        if rig.ms().is_multiple_of(5) {
            conn += 1;
            rig.tell(knock(conn, Class::ResumeHere));
        }
        let before = rig.admitted_ms.len();
        rig.step();
        let came = rig.admitted_ms.len() - before;
        if came > 0 {
            first = first.or(Some(rig.ms() - began));
        }
        if let Some(rate) = rates.get_mut(((rig.ms() - began - 1) / 1_000) as usize) {
            *rate += came as u32;
        }
        while let Some((at, conn)) = rig.fresh.front().copied()
            && at + 500 <= rig.ms()
        {
            rig.fresh.pop_front();
            rig.tell(Input::Gone { conn });
        }
    }
    (first, rates)
}

fn recovers_from(faults: &[Fault]) -> u64 {
    let mut rig = in_a_storm();
    faults.iter().for_each(|fault| rig.tell(Input::Fault(*fault)));
    let (first, rates) = goes_on(&mut rig, 12_000);
    let first = first.unwrap_or_else(|| panic!("never after {faults:?}"));
    assert!(first <= 2_500, "{first} ms after {faults:?}");
    assert!(rates[10] >= 190, "200 a second knock: {rates:?} after {faults:?}");
    assert_eq!(rig.storm.figures(rig.now()).fallbacks, 0, "being made anew was enough");
    let truth = rig.truth.iter().map(|(conn, how)| (*conn, *how));
    assert!(rig.storm.view().agrees(&View::of(truth)), "{faults:?}");
    first
}

#[test]
fn each_fault_really_breaks_the_machine_and_is_healed_in_time() {
    let ahead = Fault::ClockAhead(600_000);
    for fault in [Fault::LeakPermits(5_000), Fault::FreezeCursor, Fault::NegativeCount, ahead] {
        let mut broken = in_a_storm();
        broken.heals = false;
        broken.tell(Input::Fault(fault));
        let (first, _) = goes_on(&mut broken, 2_400);
        assert_eq!(first, None, "{fault:?} breaks it");
        let took = recovers_from(&[fault]);
        assert!(took > 1_700, "the guard does not doubt at once: {took} after {fault:?}");
    }
}

#[test]
fn the_guard_is_as_patient_on_a_machine_that_is_late() {
    let mut rig = in_a_storm();
    rig.sample_ms = 300;
    rig.tell(Input::Fault(Fault::NegativeCount));
    let (first, _) = goes_on(&mut rig, 3_000);
    assert!(first.is_some_and(|ms| ms <= 2_500), "{first:?}");
}

#[test]
fn all_faults_at_once_are_healed_too() {
    let ahead = Fault::ClockAhead(5_000);
    recovers_from(&[Fault::LeakPermits(9_000), Fault::FreezeCursor, Fault::NegativeCount, ahead]);
}

#[test]
fn when_being_made_anew_does_not_help_a_fixed_rate_does() {
    let mut rig = in_a_storm();
    // Something breaks it again at each sample, for as long as it is not static.
    let mut conn = 5_000_000;
    let mut first = None;
    let before = rig.admitted_ms.len();
    let began = rig.ms();
    for _ in 0..6_000 {
        rig.storm.rate.credit = -1e15;
        if rig.ms().is_multiple_of(5) {
            conn += 1;
            rig.tell(knock(conn, Class::ResumeHere));
        }
        rig.step();
        if rig.admitted_ms.len() > before {
            first = first.or(Some(rig.ms() - began));
        }
    }
    let figures = rig.storm.figures(rig.now());
    assert!(figures.fallen_back && figures.fallbacks == 1, "{figures:?}");
    assert_eq!(figures.limited_by, LimitedBy::Static);
    assert!(first.is_some_and(|ms| ms < 5_000), "{first:?}");
    goes_on(&mut rig, 12_000);
    assert!(!rig.storm.figures(rig.now()).fallen_back, "ten good seconds end it");
}

#[test]
fn a_gate_that_is_closed_and_a_house_without_guests_are_no_fault() {
    let mut rig = in_a_storm();
    rig.run(5_000);
    let gate = Gate::Closed { after_ms: 5_000, message: String::new() };
    rig.tell(Input::Gate { class: None, gate });
    goes_on(&mut rig, 5_000);
    assert_eq!(rig.storm.figures(rig.now()).rebuilds, 0);
}

#[test]
fn a_node_that_is_truly_full_stays_closed_and_says_so() {
    let mut rig = in_a_storm();
    for conn in 10_000..13_000 {
        rig.tell(knock(conn, Class::SignIn));
    }
    rig.run(5_000);
    assert_eq!(rig.truth.len(), LIMITS.connections_max - LIMITS.operator_reserve);
    for conn in 20_000..20_500 {
        rig.tell(knock(conn, Class::SignIn));
        rig.run(20);
    }
    let figures = rig.storm.figures(rig.now());
    assert_eq!((figures.fallbacks, figures.rebuilds), (0, 0));
    assert_eq!(figures.limited_by, LimitedBy::Connections);
    assert_eq!(rig.truth.len(), LIMITS.connections_max - LIMITS.operator_reserve);
}

#[test]
fn what_is_made_anew_keeps_who_is_in_and_the_order_of_who_waits() {
    let mut storm = fixed(StormLimits::default(), 1);
    for conn in 0..5 {
        storm.handle(at(conn), knock(conn, Class::SignIn));
    }
    drained(&mut storm);
    storm.handle(at(10), Input::Fault(Fault::LeakPermits(50)));
    let parked = |conn: u64| {
        let since = at(conn);
        (conn, Standing::Parked { class: Class::SignIn, bound: conn, bytes: 1_000, since })
    };
    let truth = vec![parked(3), parked(1), (0, Standing::Live), parked(4), parked(2)];
    assert!(!storm.view().agrees(&View::of(truth.clone())), "the leak is seen");
    storm.handle(at(20), Input::Rebuild { truth: truth.clone() });
    assert_eq!((storm.view().live, storm.connections()), (1, 5));
    assert!(storm.view().agrees(&View::of(truth)));
    let mut order = admitted(&drained(&mut storm));
    for ms in (20..5_000).step_by(100) {
        order.extend(admitted(&told(&mut storm, at(ms), Input::Tick)));
    }
    assert_eq!(order, [1, 2, 3, 4]);
}

/// Bytes, free places, who waits as what, shares.
type BadLot = (u64, Vec<u32>, Vec<(usize, u64, u32)>, [u64; 7]);

/// Any state at all, whether or not it can be reached.
#[derive(Clone, Debug)]
struct Corruption {
    table: Vec<(u64, u8, u64)>,
    admitting: Vec<(u64, u64)>,
    hash: u64,
    lot: BadLot,
    numbers: [f64; 8],
    paid_at: u64,
    climb: Option<(u64, f64)>,
    slots: (u64, u64, usize, [f64; 7]),
    times: [u64; 4],
    guard: (u8, u8, bool, Option<u64>, Option<(u32, u64)>),
}

fn corruption() -> impl Strategy<Value = Corruption> {
    let number = || prop_oneof![any::<f64>(), -1e3..1e6, Just(f64::NAN), Just(0.0)];
    let time = || prop_oneof![any::<u64>(), 0u64..1 << 40];
    let rate = prop::array::uniform8(number());
    let climb = prop::option::of((time(), number()));
    let lot = (
        any::<u64>(),
        prop::collection::vec(0u32..50, 0..20),
        prop::collection::vec((0usize..7, any::<u64>(), 0u32..50), 0..20),
        prop::array::uniform7(any::<u64>()),
    );
    let slots = (any::<u64>(), any::<u64>(), 0usize..3, prop::array::uniform7(number()));
    let fallen = prop::option::of((any::<u32>(), time()));
    let guard = (any::<u8>(), any::<u8>(), any::<bool>(), prop::option::of(time()), fallen);
    let table = prop::collection::vec((0u64..5_000_000, 0u8..3, time()), 0..3_000);
    let admitting = prop::collection::vec((time(), 0u64..2_000), 0..800);
    let times = prop::array::uniform4(time());
    (table, admitting, any::<u64>(), lot, rate, time(), climb, slots, times, guard).prop_map(
        |(table, admitting, hash, lot, numbers, paid_at, climb, slots, times, guard)| Corruption {
            table,
            admitting,
            hash,
            lot,
            numbers,
            paid_at,
            climb,
            slots,
            times,
            guard,
        },
    )
}

impl Corruption {
    fn of(&self, storm: &mut Storm) {
        for (conn, kind, number) in &self.table {
            let permit = match kind {
                0 => table::Permit::Live,
                1 => table::Permit::Admitting(Instant(*number)),
                _ => table::Permit::Parked(*number as u32),
            };
            storm.table.entries.insert(*conn, permit);
        }
        storm.table.admitting.extend(self.admitting.iter().map(|(at, c)| (Instant(*at), *c)));
        storm.table.hash = self.hash;
        let (bytes, free, order, passes) = &self.lot;
        storm.lot.bytes = *bytes;
        storm.lot.free.clone_from(free);
        for (class, key, id) in order {
            storm.lot.order[*class].insert((*key, *key, *key), *id);
        }
        storm.lot.passes = *passes;
        let [base, factor, window, credit, cost, mu, mu_issue, busy] = self.numbers;
        let rate = &mut storm.rate;
        (rate.base, rate.factor, rate.window, rate.credit) = (base, factor, window, credit);
        (rate.cost_us, rate.mu, rate.mu_issue) = (cost, mu, mu_issue);
        rate.busy.push_back(busy);
        rate.paid_at = Instant(self.paid_at);
        rate.climb = self.climb.map(|(at, from)| (Instant(at), from));
        let (next, first, chunks, cursors) = &self.slots;
        (storm.slots.next, storm.slots.first, storm.slots.cursors) = (*next, *first, *cursors);
        storm.slots.chunks.truncate(*chunks);
        let [come_back, round, due, gates] = self.times;
        storm.come_back = Instant(come_back);
        storm.lot.round.next = Instant(round);
        storm.slots.due.from = due;
        storm.gates.next.fill(Instant(gates));
        let (still, idle, asked, last, fallen) = self.guard;
        let guard = &mut storm.guard;
        (guard.still, guard.idle, guard.asked) = (still, idle, asked);
        guard.sampled = Instant(round);
        guard.last_rebuild = last.map(Instant);
        guard.fallen_back =
            fallen.map(|(per_s, at)| guard::Fallback { per_s, next: Instant(at), good: 0 });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn from_any_state_admissions_resume_within_two_and_a_half_seconds(bad in corruption()) {
        let mut rig = in_a_storm();
        bad.of(&mut rig.storm);
        let (first, _) = goes_on(&mut rig, 2_500);
        prop_assert!(first.is_some(), "nobody in 2.5 s");
    }
}
