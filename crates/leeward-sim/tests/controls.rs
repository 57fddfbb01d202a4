//! The same checks on worlds without the guards: each must fail, or it would prove nothing.

use leeward_sim::fault::{Fault, Plan};
use leeward_sim::setup::{Policy, Setup};
use leeward_sim::tally::Outcome;
use leeward_sim::world::World;

/// A storm that is longer than anybody's patience: a minute at best.
fn storm(policy: Policy) -> Setup {
    let mut setup = Setup { policy, disobedient_percent: 30, ..Setup::storm(6_000, 100) };
    setup.strict = policy == Policy::Ours;
    setup.ends_ms = 4 * setup.least_ms(setup.clients) as u32;
    setup
}

fn run(setup: Setup) -> Outcome {
    World::new(setup).run()
}

#[test]
fn slots_and_guards_bring_everybody_back() {
    let outcome = run(storm(Policy::Ours));
    assert_eq!(outcome.broken, Vec::<String>::new());
    assert!(outcome.recovery().is_some_and(|ratio| ratio < 1.4), "{:?}", outcome.recovery());
}

#[test]
fn first_in_first_out_never_recovers() {
    let outcome = run(storm(Policy::Fifo));
    assert!(outcome.missing.1 > outcome.setup.clients / 2, "{:?}", outcome.missing);
}

#[test]
fn shedding_with_a_fixed_retry_never_recovers() {
    let outcome = run(storm(Policy::ShedFixed));
    assert!(outcome.missing.1 > outcome.setup.clients / 2, "{:?}", outcome.missing);
}

#[test]
fn shedding_with_jitter_recovers_late() {
    let (shed, ours) = (run(storm(Policy::ShedExponential)), run(storm(Policy::Ours)));
    let worse = shed.recovery().is_none_or(|shed| ours.recovery().is_some_and(|o| shed > 1.2 * o));
    assert!(worse, "{:?} against {:?}", shed.recovery(), ours.recovery());
}

/// A wedge in the middle of a storm.
fn wedged(fault: Fault) -> World {
    let mut setup = Setup::storm(2_000, 200);
    setup.strict = true;
    setup.plan = Plan::drop(100).and(3_000, fault);
    World::new(setup)
}

const WEDGES: [Fault; 4] = [
    Fault::LeakPermits(100_000),
    Fault::NegativeCount,
    Fault::FreezeCursor,
    Fault::ClockAhead(3_600_000),
];

#[test]
fn every_wedge_is_mended_in_time() {
    for fault in WEDGES {
        let outcome = wedged(fault).run();
        assert_eq!(outcome.broken, Vec::<String>::new(), "{fault:?}");
        assert!(outcome.healed(), "{fault:?}");
    }
}

#[test]
fn without_the_watchdog_every_wedge_is_seen() {
    for fault in WEDGES {
        let mut world = wedged(fault);
        world.blind();
        let outcome = world.run();
        assert!(!outcome.broken.is_empty(), "{fault:?} went unnoticed");
    }
}

#[test]
fn a_property_that_is_broken_is_seen() {
    // More than the node carries, by a policy that does not look.
    let mut setup = storm(Policy::ShedExponential);
    (setup.strict, setup.connections_max) = (true, 1_000);
    let outcome = run(setup);
    assert!(outcome.broken.iter().any(|what| what.contains("where 1000 are carried")));
    // Refused for ever.
    let mut setup = storm(Policy::ShedFixed);
    setup.strict = true;
    assert!(!run(setup).broken.is_empty());
}
