//! Gates: the operator's hand on each class. A gate never touches who is in.

use super::Class;
use crate::id::Instant;

/// The operator's hand on one class.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Gate {
    /// Let in as the node can.
    #[default]
    Open,
    /// So many a second at most.
    Paced {
        /// Admissions per second, at least 1.
        per_s: u32,
        /// What the waiting are told.
        message: String,
    },
    /// Nobody is let in.
    Closed {
        /// When to ask again, in milliseconds; the askers are spread beyond it.
        after_ms: u32,
        /// What the refused are told.
        message: String,
    },
}

impl Gate {
    /// What people are told.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Paced { message, .. } | Self::Closed { message, .. } => Some(message),
        }
    }

    /// What it lets through in a second; none: no bound.
    pub fn per_s(&self) -> Option<u32> {
        match self {
            Self::Open => None,
            Self::Paced { per_s, .. } => Some((*per_s).max(1)),
            Self::Closed { .. } => Some(0),
        }
    }
}

/// The gates of all classes, and when each paced one opens next.
#[derive(Clone, Debug)]
pub(super) struct Gates {
    pub(super) gates: [Gate; Class::ALL.len()],
    pub(super) next: [Instant; Class::ALL.len()],
}

impl Gates {
    pub(super) fn open() -> Self {
        Self {
            gates: std::array::from_fn(|_| Gate::Open),
            next: [Instant::default(); Class::ALL.len()],
        }
    }

    pub(super) fn of(&self, class: Class) -> &Gate {
        &self.gates[class as usize]
    }

    pub(super) fn set(&mut self, now: Instant, class: Option<Class>, gate: &Gate) {
        for of in Class::ALL {
            let meant = class.map_or(of != Class::Operator, |class| class == of);
            if meant {
                self.gates[of as usize] = gate.clone();
                self.next[of as usize] = now;
            }
        }
    }

    /// Whether one of this class may pass at this moment.
    pub(super) fn ready(&self, now: Instant, class: Class) -> bool {
        match self.of(class) {
            Gate::Open => true,
            Gate::Paced { .. } => self.next[class as usize] <= now,
            Gate::Closed { .. } => false,
        }
    }

    /// One of this class has passed.
    pub(super) fn passed(&mut self, now: Instant, class: Class) {
        if let Gate::Paced { per_s, .. } = self.of(class) {
            let each_us = 1_000_000 / u64::from((*per_s).max(1));
            let next = &mut self.next[class as usize];
            // A tenth of a second may be made up for: ticks are late, and the pace is kept.
            let from = next.0.max(now.0.saturating_sub(100_000));
            *next = Instant(from.saturating_add(each_us));
        }
    }

    /// When the gate of this class lets the next one through; none: it is closed.
    pub(super) fn opens(&self, class: Class) -> Option<Instant> {
        match self.of(class) {
            Gate::Open => Some(Instant::default()),
            Gate::Paced { .. } => Some(self.next[class as usize]),
            Gate::Closed { .. } => None,
        }
    }

    /// Every gate opens its next at this moment.
    pub(super) fn reset(&mut self, now: Instant) {
        self.next = [now; Class::ALL.len()];
    }
}
