//! What a node finishes when it is offered more than it can do: newcomers who knock once, each from a
//! place of its own, and leave as soon as they are in.

use crate::setup::Setup;
use crate::species::Species;
use crate::world::World;

/// The share of mu that is finished, when so many times mu knock for so many seconds.
pub fn share(mu_per_s: u32, times: u32, seconds: u32) -> f64 {
    // Enough of them that nobody has to knock twice.
    let mut setup = Setup::storm(mu_per_s * times * (seconds + 2), mu_per_s);
    setup.species = vec![Species::Hammer];
    setup.disobedient_percent = 100;
    setup.plan.0.clear();
    setup.connections_max = setup.clients;
    setup.visitors = true;
    let mut world = World::new(setup);
    let (mut due, mut next) = (Vec::new(), 0);
    let mut before = 0;
    for ms in 0..(seconds + 2) * 1_000 {
        for _ in 0..mu_per_s * times / 1_000 {
            world.newcomer(next);
            next += 1;
        }
        world.turn(&mut due);
        if ms == 2_000 {
            before = world.tally.finished;
        }
    }
    (world.tally.finished - before) as f64 / f64::from(mu_per_s * seconds)
}
