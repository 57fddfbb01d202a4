//! Whoever obeys gets in, with few knocks, and the number of those outside only falls.

use super::support::*;
use crate::storm::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

struct Crowd {
    storm: Storm,
    /// When, which client, with which slot, as which connection.
    agenda: BTreeSet<(u64, u64)>,
    slots: Vec<Option<Slot>>,
    knocks: Vec<u32>,
    inside: usize,
    next_conn: u64,
    client_of: std::collections::BTreeMap<u64, u64>,
    now: u64,
    /// Finished so many milliseconds after they were begun.
    work_ms: u64,
    finishing: BTreeSet<(u64, u64)>,
}

impl Crowd {
    fn new(storm: Storm, count: u64, spread_ms: u64, work_ms: u64) -> Self {
        Self {
            storm,
            agenda: (0..count).map(|client| (client * spread_ms / count, client)).collect(),
            slots: vec![None; count as usize],
            knocks: vec![0; count as usize],
            inside: 0,
            next_conn: 0,
            client_of: Default::default(),
            now: 0,
            work_ms,
            finishing: BTreeSet::new(),
        }
    }

    fn hear(&mut self) {
        for output in drained(&mut self.storm) {
            match output {
                Output::Admit { conn } => {
                    self.finishing.insert((self.now + self.work_ms, conn));
                }
                Output::Refuse { conn, refusal, slot } => {
                    let client = self.client_of[&conn];
                    let after_ms = u64::from(refusal.after_ms.expect("a time"));
                    self.slots[client as usize] = slot.or(self.slots[client as usize]);
                    self.agenda.insert((self.now + after_ms, client));
                }
                Output::Expire { .. } => panic!("nobody takes so long"),
                Output::Park { .. } | Output::Goodbye { .. } | Output::Stuck => {}
            }
        }
    }

    /// A millisecond.
    fn step(&mut self) {
        self.now += 1;
        while let Some((due, conn)) = self.finishing.first().copied()
            && due <= self.now
        {
            self.finishing.pop_first();
            self.inside += 1;
            self.storm.handle(at(self.now), Input::Admitted { conn });
            self.hear();
        }
        while let Some((due, client)) = self.agenda.first().copied()
            && due <= self.now
        {
            self.agenda.pop_first();
            let conn = self.next_conn;
            self.next_conn += 1;
            self.client_of.insert(conn, client);
            self.knocks[client as usize] += 1;
            let slot = self.slots[client as usize];
            let source = Source::EXEMPT;
            let class = Class::ResumeHere;
            let knock = Input::Knock { conn, class, slot, bound: client, source, bytes: 1_000 };
            self.storm.handle(at(self.now), knock);
            self.hear();
        }
        let input = if self.now.is_multiple_of(100) {
            Input::Measured(Sample::default())
        } else {
            Input::Tick
        };
        self.storm.handle(at(self.now), input);
        self.hear();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whoever_obeys_gets_in_with_few_knocks(
        count in 1u64..600, spread_ms in 1u64..2_000, lot in 16u64..200, per_s in 50u32..400,
    ) {
        let limits = StormLimits { parked_bytes_max: lot * 1_256, ..StormLimits::default() };
        let start = Start { mu_per_s: Some(per_s), ..start() };
        let mut storm = Storm::new(limits, start);
        storm.handle(at(0), Input::Static { per_s: Some(per_s) });
        let mut crowd = Crowd::new(storm, count, spread_ms, 2);
        let least_ms = count * 1_000 / u64::from(per_s);
        let bound_ms = spread_ms + least_ms * 5 / 4 + 3_000;
        let mut outside = count as usize;
        while crowd.inside < count as usize {
            crowd.step();
            prop_assert!(crowd.now <= bound_ms, "{} of {count} after {bound_ms} ms", crowd.inside);
            prop_assert!(count as usize - crowd.inside <= outside, "the number outside falls");
            outside = count as usize - crowd.inside;
        }
        let most = crowd.knocks.iter().max().copied().unwrap_or(0);
        prop_assert!(most <= 4, "{most} knocks");
        let mean = f64::from(crowd.knocks.iter().sum::<u32>()) / count as f64;
        prop_assert!(mean <= 2.05, "{mean} knocks each");
    }
}

#[test]
fn the_hint_is_as_long_as_having_all_back_takes() {
    let mut storm = Storm::new(StormLimits::default(), Start { mu_per_s: Some(1_000), ..start() });
    storm.handle(at(0), Input::Static { per_s: Some(1_000_000) });
    for conn in 0..5_000 {
        storm.handle(at(conn / 10), knock(conn, Class::ResumeHere));
        storm.handle(at(conn / 10), Input::Admitted { conn });
        drained(&mut storm);
    }
    let (live, spread_ms, recover_ms) =
        (storm.view().live as u32, storm.spread_ms(), storm.recover_ms());
    assert_eq!((live, spread_ms), (5_000, 3_750));
    assert!((5_000..7_000).contains(&recover_ms), "{recover_ms}");
}
