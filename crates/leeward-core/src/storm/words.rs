//! What the machine is told, and what it wants done.

use super::{Class, Gate, Slot};
use crate::code::Refusal;
use crate::id::Instant;

/// Where a knock comes from: a keyed hash of the address's prefix. [`Self::EXEMPT`] is watched by
/// nobody: the machine itself, and proxies that the operator named.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Source(pub u64);

impl Source {
    /// Never slowed down.
    pub const EXEMPT: Self = Self(0);
}

/// What the machine is told. `conn` is a number of the shell's, never used twice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// Somebody wants in. Answered at once by one `Admit`, `Park` or `Refuse`.
    Knock {
        /// Which connection.
        conn: u64,
        /// Who.
        class: Class,
        /// The slot presented, opened by [`super::ticket::open`].
        slot: Option<Slot>,
        /// A keyed hash of what only this client can show (its resume session, its sign-in), or of
        /// its source if it has shown nothing.
        bound: u64,
        /// Where it comes from.
        source: Source,
        /// What parking it costs the shell.
        bytes: u32,
    },
    /// It is in: the hello has been answered.
    Admitted {
        /// Which connection.
        conn: u64,
    },
    /// It is closed, for whatever reason.
    Gone {
        /// Which connection.
        conn: u64,
    },
    /// The operator moves a gate.
    Gate {
        /// Whose; none: all but the operator's.
        class: Option<Class>,
        /// To what.
        gate: Gate,
    },
    /// What the last 100 ms were like.
    Measured(Sample),
    /// Everybody is to leave, and is told when to come back, over so long.
    Drain {
        /// In milliseconds.
        over_ms: u32,
    },
    /// The drain is over, or was not meant.
    EndDrain,
    /// What the sockets say: the table is made anew from it.
    Rebuild {
        /// Every connection that there is, in any order, and how it stands.
        truth: Vec<(u64, Standing)>,
    },
    /// A fixed rate, whatever is measured; none: measured again.
    Static {
        /// Admissions per second, at least 1.
        per_s: Option<u32>,
    },
    /// For drills and tests: breaks the machine.
    Fault(Fault),
    /// [`super::Storm::deadline`] has come.
    Tick,
}

/// How a connection stands, by what its socket and session say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It was let in.
    Live,
    /// It is being let in.
    Admitting,
    /// It waits.
    Parked {
        /// Who.
        class: Class,
        /// As in the knock.
        bound: u64,
        /// As in the knock.
        bytes: u32,
        /// Since when.
        since: Instant,
    },
}

/// What 100 ms were like, as the shell measured them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sample {
    /// Admissions that were finished.
    pub finished: u32,
    /// CPU that letting people in took, openings included, in microseconds.
    pub admission_cpu_us: u64,
    /// CPU that was used, in microseconds.
    pub busy_us: u64,
    /// CPU that there is, in microseconds: cores times the time.
    pub capacity_us: u64,
    /// The worst delay of the loop that serves the living, in microseconds.
    pub lag_us: u64,
    /// The longest that one waited who was finished, from its `Admit`, in microseconds. The machine
    /// measures the mean; this counts where it could not.
    pub queue_us: u64,
    /// Memory that may still be used.
    pub memory_free_bytes: u64,
    /// Descriptors that may still be opened.
    pub connections_room: u32,
}

/// What a drill breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Permits of connections that do not exist.
    LeakPermits(u32),
    /// Nobody's turn comes any more.
    FreezeCursor,
    /// What is counted goes below nothing.
    NegativeCount,
    /// The machine believes that it is later, by so many milliseconds.
    ClockAhead(u32),
}

/// What the machine wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Go on with this one; say `Admitted` when it is in.
    Admit {
        /// Which connection.
        conn: u64,
    },
    /// Keep the connection; tell it its place. Comes again within 10 s for as long as it waits.
    Park {
        /// Which connection.
        conn: u64,
        /// How many of its class are before it.
        place: u32,
        /// The estimated wait, in milliseconds.
        wait_ms: u32,
        /// The operator's words.
        message: Option<String>,
    },
    /// Say so, and close.
    Refuse {
        /// Which connection.
        conn: u64,
        /// Why, and when to come back.
        refusal: Refusal,
        /// The place kept.
        slot: Option<Slot>,
    },
    /// Say goodbye to somebody who is in, and close: the drain has reached them.
    Goodbye {
        /// Which connection.
        conn: u64,
        /// Why, and when to come back.
        refusal: Refusal,
        /// The place kept.
        slot: Option<Slot>,
    },
    /// Its permit has ended: close it.
    Expire {
        /// Which connection.
        conn: u64,
    },
    /// Nothing moves that should: send `Rebuild` with what the sockets say.
    Stuck,
}
