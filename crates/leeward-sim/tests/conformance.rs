//! The compact client against the machine that people run: the same world with the one and with the
//! other takes the same course.

use leeward_sim::fault::{Fault, Plan};
use leeward_sim::setup::Setup;
use leeward_sim::tally::Outcome;
use leeward_sim::world::World;

/// Small lots and slow nodes, so that clients are parked, refused with slots, dropped and expired.
fn setup(seed: u64) -> Setup {
    let mut setup = Setup::storm(400, 60);
    setup.seed = seed;
    setup.lot_bytes = (seed % 4) * 50 * u64::from(setup.parked_bytes + 256);
    setup.rho_permille = [100, 400][seed as usize % 2];
    setup.plan = Plan::drop(100);
    if seed.is_multiple_of(3) {
        setup.plan = setup.plan.and(2_000, Fault::Crash { for_ms: 700 });
    }
    setup
}

fn run(setup: Setup) -> Outcome {
    World::new(setup).run()
}

#[test]
fn a_world_of_compact_clients_takes_the_course_of_a_world_of_machines() {
    let (mut refused, mut dropped) = (0, 0);
    for seed in 1..=12 {
        let compact = run(setup(seed));
        let machines = run(Setup { machines: true, ..setup(seed) });
        assert!(compact.healed() && machines.healed(), "seed {seed}");
        let course = |o: &Outcome| (o.tally.all_in_ms, o.attempts, o.tally.counts());
        assert_eq!(course(&compact), course(&machines), "seed {seed}");
        refused += compact.tally.refused;
        dropped += compact.tally.dropped;
    }
    assert!(refused > 100 && dropped > 100, "{refused} refused, {dropped} dropped");
}
