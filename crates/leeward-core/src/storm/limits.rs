//! What the machine may do, and what it knows when it starts.

use crate::id::{Instant, Millis};

/// What the machine may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StormLimits {
    /// Connections, those that wait and are being let in included: what the node's memory and
    /// descriptors carry. Those that wait give way to whoever goes before them.
    pub connections_max: usize,
    /// Of these, so many are for [`super::Class::Operator`] alone: whoever mends the node must get in.
    pub operator_reserve: usize,
    /// Connections being let in at the same time, at most, however short the delay.
    pub admitting_max: usize,
    /// How long letting one in may take, in milliseconds.
    pub admitting_ms: u32,
    /// Knocks a second that are no burden: the pace at which those refused without a slot are told to
    /// come back.
    pub knocks_per_s: u32,
    /// Bytes of those who wait on their connections.
    pub parked_bytes_max: u64,
    /// Slots out at a time, a bit each.
    pub slots_max: u64,
    /// What refusing a client costs, in percent of what letting one in costs: the guess of the rate at
    /// which slots are given out errs upward by it.
    pub refusal_percent: u32,
    /// What a connection takes, for the rate at which memory may fill.
    pub connection_bytes: u32,
    /// Other nodes answer at the same address: whoever is drained may come back at once.
    pub elsewhere: bool,
    /// Off: everybody is let in as they come, up to the ceilings. For comparisons only.
    pub control: bool,
}

impl Default for StormLimits {
    /// For a node of two cores: a refusal takes about as much CPU as a resume, some 80 µs, so that
    /// 2,000 a second leave it nine tenths of both.
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            operator_reserve: 8,
            admitting_max: 4_096,
            admitting_ms: 10_000,
            knocks_per_s: 2_000,
            parked_bytes_max: 256 * 1024 * 1024,
            slots_max: 16_000_000,
            refusal_percent: 100,
            connection_bytes: 8 * 1024,
            elsewhere: false,
            control: true,
        }
    }
}

/// What the machine knows when it starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Start {
    /// This moment on both clocks: the wall clock is the server's, and stands in tickets only.
    pub now: Instant,
    /// The same moment.
    pub wall: Millis,
    /// Which node this is.
    pub node: u16,
    /// Larger at each start of the node.
    pub epoch: u32,
    /// Admissions per second before the node went down, if it is known.
    pub mu_per_s: Option<u32>,
}

impl Default for Start {
    fn default() -> Self {
        Self { now: Instant(0), wall: Millis(1_800_000_000_000), node: 1, epoch: 1, mu_per_s: None }
    }
}
