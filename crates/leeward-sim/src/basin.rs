//! The basin map: from which states a node comes back by itself. Every cell is a world with a
//! background load, a share of the house dropped at once, and a share of clients that obey nobody.

use crate::fault::Plan;
use crate::setup::{Policy, Setup};
use crate::world::World;

/// Background load of a full house, in hundredths of the processor.
pub const LOADS: [u32; 6] = [0, 20, 40, 60, 70, 80];
/// Share of the house that is dropped, in hundredths.
pub const DROPS: [u32; 7] = [1, 5, 10, 25, 50, 75, 100];
/// Share of clients that knock every second for ever, in hundredths.
pub const DISOBEDIENT: [u32; 4] = [0, 30, 60, 90];

/// What became of a cell.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cell {
    /// Background load, in hundredths.
    pub load: u32,
    /// Share dropped, in hundredths.
    pub drop: u32,
    /// Share disobedient, in hundredths.
    pub disobedient: u32,
    /// Recovery over the least possible time; none if it did not come.
    pub recovery: Option<f64>,
}

/// Clients of a cell's world, and what its node lets in in a second: a hundred seconds at best.
const HOUSE: (u32, u32) = (10_000, 100);

/// The world of a cell.
pub fn setup(policy: Policy, (load, drop, disobedient): (u32, u32, u32)) -> Setup {
    let mut setup = Setup {
        policy,
        load_percent: load,
        disobedient_percent: disobedient,
        plan: Plan::drop(drop),
        ..Setup::storm(HOUSE.0, HOUSE.1)
    };
    // Four times the least time, and what the longest back-off takes.
    setup.ends_ms = 120_000 + 4 * setup.least_ms(setup.dropped()) as u32;
    setup
}

/// Every cell of a policy's map.
pub fn map(policy: Policy) -> Vec<Cell> {
    let mut cells = Vec::new();
    for disobedient in DISOBEDIENT {
        for load in LOADS {
            for drop in DROPS {
                let outcome = World::new(setup(policy, (load, drop, disobedient))).run();
                cells.push(Cell { load, drop, disobedient, recovery: outcome.recovery() });
            }
        }
    }
    cells
}
