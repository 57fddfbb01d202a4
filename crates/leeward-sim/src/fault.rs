//! What goes wrong in a world, and when.

use crate::random::Random;

/// One thing that goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// So many of a hundred connections end without a word, within a tenth of a second.
    Drop {
        /// Of a hundred.
        percent: u32,
    },
    /// The network of so many of a hundred is silent for a while: both ends still believe in the
    /// connection. Only for clients that hold leases.
    Silence {
        /// Of a hundred.
        percent: u32,
        /// For so long.
        for_ms: u32,
    },
    /// Letting one in takes so many times as long, in hundredths, for a while.
    Slow {
        /// 200 for half of mu.
        percent: u32,
        /// For so long.
        for_ms: u32,
    },
    /// The machine believes in so many permits that nobody has.
    LeakPermits(u32),
    /// The machine counts fewer than there are.
    NegativeCount,
    /// The cursors of the slots stand still.
    FreezeCursor,
    /// The machine's clock is so many milliseconds ahead.
    ClockAhead(u32),
    /// The wall clock steps.
    Wall {
        /// By so much, in milliseconds.
        by_ms: i32,
    },
    /// The node is gone with all connections, for a while, and begins anew.
    Crash {
        /// For so long.
        for_ms: u32,
    },
    /// So many of a hundred of those that are away never come back.
    NoShows {
        /// Of a hundred.
        percent: u32,
    },
    /// One address knocks like mad for a while.
    Flood {
        /// Knocks in a second.
        per_s: u32,
        /// For so long.
        for_ms: u32,
    },
}

impl Fault {
    /// How long it lasts, in milliseconds.
    pub fn lasts_ms(self) -> u32 {
        match self {
            Self::Drop { .. } => 100,
            Self::Slow { for_ms, .. }
            | Self::Silence { for_ms, .. }
            | Self::Crash { for_ms }
            | Self::Flood { for_ms, .. } => for_ms,
            Self::LeakPermits(_)
            | Self::NegativeCount
            | Self::FreezeCursor
            | Self::ClockAhead(_)
            | Self::Wall { .. }
            | Self::NoShows { .. } => 0,
        }
    }

    /// How many of a hundred it drops, if it does.
    pub fn drops(self) -> Option<u32> {
        if let Self::Drop { percent } = self { Some(percent) } else { None }
    }

    /// Whether it wedges the machine, so that its watchdog is needed.
    pub fn wedges(self) -> bool {
        match self {
            Self::LeakPermits(_)
            | Self::NegativeCount
            | Self::FreezeCursor
            | Self::ClockAhead(_) => true,
            Self::Drop { .. }
            | Self::Silence { .. }
            | Self::Slow { .. }
            | Self::Wall { .. }
            | Self::Crash { .. }
            | Self::NoShows { .. }
            | Self::Flood { .. } => false,
        }
    }
}

/// Faults with their moments, in milliseconds, the first one first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan(pub Vec<(u32, Fault)>);

/// Before the first fault: a full house at peace.
pub const PEACE_MS: u32 = 1_000;

impl Plan {
    /// A drop and nothing else.
    pub fn drop(percent: u32) -> Self {
        Self(vec![(PEACE_MS, Fault::Drop { percent })])
    }

    /// The same with something else, so many milliseconds after the drop.
    #[must_use]
    pub fn and(mut self, after_ms: u32, fault: Fault) -> Self {
        self.0.push((PEACE_MS + after_ms, fault));
        self.0.sort_by_key(|(at, _)| *at);
        self
    }

    /// A drop, and up to four other things during the storm that follows, which lasts about so long.
    pub fn random(random: &mut Random, storm_ms: u32, leases: bool) -> Self {
        let percent = *random.one(&[1, 5, 20, 50, 80, 100, 100, 100]);
        let mut plan = Self::drop(percent);
        for _ in 0..random.below(5) {
            let after = random.below(u64::from(storm_ms) * 3 / 2) as u32;
            plan = plan.and(after, Self::any(random, leases));
        }
        plan
    }

    fn any(random: &mut Random, leases: bool) -> Fault {
        let for_ms = random.between(200, 8_000) as u32;
        match random.below(if leases { 14 } else { 12 }) {
            0 => Fault::Drop { percent: random.between(1, 100) as u32 },
            1 | 2 => Fault::Slow { percent: random.between(110, 400) as u32, for_ms },
            3 | 4 => Fault::LeakPermits(random.between(1, 100_000) as u32),
            5 => Fault::NegativeCount,
            6 => Fault::FreezeCursor,
            7 => Fault::ClockAhead(random.between(1_000, 3_600_000) as u32),
            8 => Fault::Wall { by_ms: random.between(0, 7_200_000) as i32 - 3_600_000 },
            9 => Fault::Crash { for_ms: for_ms / 4 },
            10 => Fault::NoShows { percent: random.between(1, 60) as u32 },
            11 => Fault::Flood { per_s: random.between(100, 20_000) as u32, for_ms },
            _ => Fault::Silence {
                percent: random.between(1, 100) as u32,
                for_ms: random.between(1_000, 30_000) as u32,
            },
        }
    }

    /// When the last of it is over, in milliseconds.
    pub fn over_ms(&self) -> u32 {
        self.0.iter().map(|(at, fault)| at + fault.lasts_ms()).max().unwrap_or(0)
    }
}
