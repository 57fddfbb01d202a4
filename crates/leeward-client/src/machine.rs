//! Which machine says when a client connects: Leeward's own, or in drills one that takes no advice.
//! Never decides anything itself.

use crate::drill::Species;
use crate::drill::stubborn::Stubborn;
use leeward_core::id::Instant;
use leeward_core::reconnect::{Input, Output, Reconnect};

/// The machine of a client.
pub(crate) enum Machine {
    Advised(Box<Reconnect>),
    Stubborn(Box<Stubborn>),
}

impl Machine {
    pub(crate) fn of(species: Species) -> Self {
        match species.obeys() {
            true => Self::Advised(Box::default()),
            false => Self::Stubborn(Box::new(Stubborn::new(species))),
        }
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input) {
        match self {
            Self::Advised(machine) => machine.handle(now, input),
            Self::Stubborn(machine) => machine.handle(now, &input),
        }
    }

    pub(crate) fn next_output(&mut self) -> Option<Output> {
        match self {
            Self::Advised(machine) => machine.next_output(),
            Self::Stubborn(machine) => machine.next_output(),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Advised(machine) => machine.deadline(),
            Self::Stubborn(machine) => machine.deadline(),
        }
    }
}
