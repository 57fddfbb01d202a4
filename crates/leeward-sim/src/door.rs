//! Who decides at the door: the machine of the core, or a control that has none of its guards.

use crate::client::WALL_FIRST;
use crate::setup::{Policy, Setup};
use crate::world::conn_of;
use leeward_core::id::{Instant, Millis};
use leeward_core::storm::{Input, Output, Standing, Start, Storm, StormLimits};
use leeward_core::wire::Lease;

/// The wall clock when a world begins: a week after the earliest that it may step to.
pub(crate) const WALL_START: Millis = Millis(WALL_FIRST.0 + 7 * 86_400_000);

/// Who decides.
#[derive(Debug)]
pub(crate) enum Door {
    /// The machine.
    Ours(Box<Storm>),
    /// Lets everybody in, first come, first served.
    Everybody,
    /// Lets in what is less than so many admissions under way.
    Room(usize),
}

impl Door {
    pub(crate) fn new(setup: &Setup) -> Self {
        match setup.policy {
            Policy::Ours => Self::Ours(Box::new(storm(
                setup,
                Start {
                    node: 0,
                    wall: WALL_START,
                    mu_per_s: Some(setup.mu_per_s),
                    ..Start::default()
                },
            ))),
            Policy::Fifo => Self::Everybody,
            Policy::ShedFixed | Policy::ShedExponential => {
                Self::Room((setup.mu_per_s as usize / 2).max(8))
            }
        }
    }

    /// Everybody is in.
    pub(crate) fn fill(&mut self, clients: u32) {
        let truth = (0..clients).map(|client| (conn_of(client, 0), Standing::Live)).collect();
        self.handle(0, Input::Rebuild { truth });
        while self.next_output().is_some() {}
    }

    /// What is granted at this moment.
    pub(crate) fn lease(&self) -> Lease {
        let spread_ms = match self {
            Self::Ours(storm) => storm.spread_ms(),
            Self::Everybody | Self::Room(_) => 0,
        };
        Lease { ping_ms: 5_000, lease_ms: 15_000, spread_ms }
    }

    /// The machine, if there is one.
    pub(crate) fn storm(&self) -> Option<&Storm> {
        match self {
            Self::Ours(storm) => Some(storm),
            Self::Everybody | Self::Room(_) => None,
        }
    }

    /// Tells the machine.
    pub(crate) fn handle(&mut self, now_us: u64, input: Input) {
        if let Self::Ours(storm) = self {
            storm.handle(Instant(now_us), input);
        }
    }

    pub(crate) fn next_output(&mut self) -> Option<Output> {
        match self {
            Self::Ours(storm) => storm.next_output(),
            Self::Everybody | Self::Room(_) => None,
        }
    }

    pub(crate) fn deadline_us(&self) -> Option<u64> {
        self.storm().and_then(Storm::deadline).map(|at| at.0)
    }
}

/// The machine for the node of a setup.
pub(crate) fn storm(setup: &Setup, start: Start) -> Storm {
    let limits = StormLimits {
        connections_max: setup.connections_max() as usize,
        parked_bytes_max: setup.lot_bytes,
        refusal_percent: setup.rho_permille.div_ceil(10),
        knocks_per_s: knocks_per_s(setup),
        slots_max: u64::from(setup.clients) * 2 + 1_000,
        ..StormLimits::default()
    };
    Storm::new(limits, start)
}

/// A tenth of the processor for refusals.
fn knocks_per_s(setup: &Setup) -> u32 {
    (setup.mu_per_s * 100 / setup.rho_permille.max(1)).max(1)
}
