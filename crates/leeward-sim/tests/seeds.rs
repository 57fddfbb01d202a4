//! Worlds in which everything goes wrong, as seeds make them: every property holds in every one. A
//! failure prints its seed and how to see it again.

use leeward_sim::seeds;
use leeward_sim::setup::Policy;

/// What a tests' build has time for; `examples/replay.rs` runs as many as are wanted.
const SEEDS: u64 = 30;

#[test]
fn every_property_holds_in_the_world_of_every_seed() {
    let mut faults = 0;
    for seed in 1..=SEEDS {
        let outcome = seeds::run(seed, Policy::Ours);
        assert!(outcome.broken.is_empty(), "{}", seeds::said(seed, &outcome));
        faults += outcome.tally.faults;
    }
    assert!(faults > SEEDS, "hardly anything went wrong: {faults} faults");
}

/// Seeds that found something. What each found is in its name; it stays found.
mod found {
    use super::*;

    fn holds(seed: u64) {
        let outcome = seeds::run(seed, Policy::Ours);
        assert!(outcome.broken.is_empty(), "{}", seeds::said(seed, &outcome));
    }

    #[test]
    fn a_cursor_set_far_ahead_sends_nobody_away_for_an_hour() {
        [6, 25, 38].into_iter().for_each(holds);
    }

    #[test]
    fn knocks_in_bursts_do_not_hide_a_wedge() {
        [18, 37].into_iter().for_each(holds);
    }

    #[test]
    fn a_processor_busy_with_refusals_does_not_hide_a_wedge() {
        holds(19);
    }

    #[test]
    fn leaked_permits_do_not_stretch_the_come_back_window() {
        [81, 158].into_iter().for_each(holds);
    }

    #[test]
    fn those_whose_slot_is_over_do_not_all_come_back_every_second() {
        [38, 43].into_iter().for_each(holds);
    }
}
