//! A seed and the world that it makes: small, with everything that may go wrong in it.

use crate::fault::Plan;
use crate::random::Random;
use crate::setup::{Policy, Setup};
use crate::species::Species;
use crate::tally::Outcome;
use crate::world::World;

/// The world of a seed.
pub fn setup(seed: u64) -> Setup {
    let mut random = Random::new(seed);
    let clients = random.between(50, 3_000) as u32;
    let mu_per_s = random.between(u64::from(clients) / 20 + 20, u64::from(clients) / 2 + 50) as u32;
    let mut setup = Setup::storm(clients, mu_per_s);
    setup.seed = seed;
    setup.strict = true;
    setup.classes = random.percent(50);
    setup.machines = random.percent(50);
    setup.rho_permille = *random.one(&[20, 100, 300, 700]);
    setup.load_percent = *random.one(&[0, 0, 20, 50]);
    setup.disobedient_percent = *random.one(&[0, 0, 10, 30, 50, 90]);
    setup.species = match random.below(3) {
        0 => vec![Species::Hammer],
        1 => Species::PROFILES.to_vec(),
        _ => vec![*random.one(&Species::PROFILES)],
    };
    setup.parked_bytes = *random.one(&[1 << 10, 8 << 10]);
    // From a lot for nobody to one for everybody.
    let parked = *random.one(&[0, 10, 100, u64::from(clients)]);
    setup.lot_bytes = parked * u64::from(setup.parked_bytes + 256);
    let storm_ms = setup.least_ms(clients) as u32;
    setup.plan = Plan::random(&mut random, storm_ms.max(1_000), setup.machines);
    setup
}

/// Runs the world of a seed with a policy.
pub fn run(seed: u64, policy: Policy) -> Outcome {
    let mut setup = setup(seed);
    setup.policy = policy;
    setup.machines &= policy == Policy::Ours;
    World::new(setup).run()
}

/// What is to be said when a world breaks a property: what, where, and how to see it again.
pub fn said(seed: u64, outcome: &Outcome) -> String {
    let Outcome { setup, broken, ended_ms, missing, stragglers, .. } = outcome;
    format!(
        "seed {seed}: {}\nended at {ended_ms} ms with {missing:?} missing, as {stragglers:?}\nmade of {setup:?}\n\
         again: cargo run -p leeward-sim --release --example replay -- {seed}",
        broken.join("; ")
    )
}
