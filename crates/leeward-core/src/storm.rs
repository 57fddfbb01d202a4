//! Who is let in, and when the others come back. One `Storm` decides every admission of a node.
//!
//! A permit *is* an entry in the table of connections: nothing is counted beside it, so that no count
//! can drift from what there is. A connection that is being let in has a deadline, after which its
//! entry is gone. Whoever is refused is given a time of its own; those times lie as far apart as the
//! node can bear knocks, so that the refused are no load however many they are.
//!
//! Never awaits, never queues a connection, never guesses who somebody is: the class comes with the
//! knock, from a ticket or token that the shell has verified.

use crate::code::{Code, Refusal};
use crate::id::Instant;
use std::collections::{BTreeSet, HashMap, VecDeque};

mod slots;
pub use slots::Slot;

/// Who knocks, first in line first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// The operator; some room is kept for this class alone.
    Operator,
    /// Resumes a session of this node.
    ResumeHere,
    /// Resumes a session of another node.
    ResumeElsewhere,
    /// Has a sign-in token and no session.
    SignIn,
    /// A guest with a token.
    Guest,
    /// Has shown nothing yet.
    Stranger,
}

impl Class {
    /// Every class, first in line first.
    pub const ALL: [Self; 6] = [
        Self::Operator,
        Self::ResumeHere,
        Self::ResumeElsewhere,
        Self::SignIn,
        Self::Guest,
        Self::Stranger,
    ];
}

/// The operator's hand on one class.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Gate {
    /// Let in as they come.
    #[default]
    Open,
    /// So many a second; the others are given slots.
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

/// What the machine may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StormLimits {
    /// Connections, those being let in included: what the node's memory and descriptors carry.
    pub connections_max: usize,
    /// Of these, so many are for [`Class::Operator`] alone: whoever mends the node must get in.
    pub operator_reserve: usize,
    /// Connections being let in at the same time: what the node works on at once.
    pub admitting_max: usize,
    /// How long letting one in may take, in milliseconds.
    pub admitting_ms: u32,
    /// Knocks a second that are no burden: the pace at which the refused are told to come back.
    pub knocks_per_s: u32,
    /// Slots held at a time, some 64 bytes each; beyond, a time is given without a slot.
    pub slots_max: usize,
}

impl Default for StormLimits {
    /// For a node of two cores: a refusal takes some 100 µs of one, so that 2,000 a second leave it
    /// nine tenths of both.
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            operator_reserve: 8,
            admitting_max: 4_096,
            admitting_ms: 10_000,
            knocks_per_s: 2_000,
            slots_max: 100_000,
        }
    }
}

/// What the machine is told. `conn` is a number of the shell's, never used twice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// Somebody wants in. Answered by one `Admit` or `Refuse`.
    Knock {
        /// Which connection.
        conn: u64,
        /// Who.
        class: Class,
        /// The slot presented.
        slot: Option<Slot>,
        /// Any number, evenly distributed, that nobody can guess: names a slot.
        random: u64,
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
        /// Whose.
        class: Class,
        /// To what.
        gate: Gate,
    },
    /// [`Storm::deadline`] has come.
    Tick,
}

/// What the machine wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Go on with this one; say `Admitted` when it is in.
    Admit {
        /// Which connection.
        conn: u64,
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
    /// Its permit has ended: close it.
    Expire {
        /// Which connection.
        conn: u64,
    },
}

/// The machine.
#[derive(Debug)]
pub struct Storm {
    limits: StormLimits,
    /// Every connection that has a permit; the deadline of those being let in.
    table: HashMap<u64, Option<Instant>>,
    /// The same deadlines in the order in which they come.
    admitting: BTreeSet<(Instant, u64)>,
    gates: [Gate; Class::ALL.len()],
    /// The earliest free slot of each class, while its gate is paced.
    cursors: [Instant; Class::ALL.len()],
    slots: slots::Slots,
    /// The earliest time at which nobody has yet been told to come back.
    come_back: Instant,
    outputs: VecDeque<Output>,
}

/// Nobody is told to come back sooner than this: a turned-away knock costs more than a second of
/// waiting does.
const COME_BACK_MS_MIN: u64 = 1_000;
/// Nobody is told to come back later than this: by then the world is another.
const COME_BACK_MS_MAX: u64 = 300_000;

impl Storm {
    /// A machine without connections and with all gates open.
    pub fn new(limits: StormLimits) -> Self {
        Self {
            limits,
            table: HashMap::new(),
            admitting: BTreeSet::new(),
            gates: std::array::from_fn(|_| Gate::Open),
            cursors: [Instant::default(); Class::ALL.len()],
            slots: slots::Slots::new(limits.slots_max),
            come_back: Instant::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened. Then drain [`Self::next_output`] and ask for the [`Self::deadline`].
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.expire(now);
        match input {
            Input::Knock { conn, class, slot, random } => {
                self.knock(now, conn, class, slot, random)
            }
            Input::Admitted { conn } => self.admitted(conn),
            Input::Gone { conn } => self.gone(conn),
            Input::Gate { class, gate } => {
                self.gates[class as usize] = gate;
                self.cursors[class as usize] = now;
            }
            Input::Tick => {}
        }
    }

    /// The next thing to do, until there is none.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to [`Input::Tick`].
    pub fn deadline(&self) -> Option<Instant> {
        self.admitting.first().map(|(until, _)| *until)
    }

    /// How many have a permit, those being let in included.
    pub fn connections(&self) -> usize {
        self.table.len()
    }

    /// How many are being let in.
    pub fn admitting(&self) -> usize {
        self.admitting.len()
    }

    /// How the operator has set the gate of a class.
    pub fn gate(&self, class: Class) -> &Gate {
        &self.gates[class as usize]
    }

    fn expire(&mut self, now: Instant) {
        while let Some((until, conn)) = self.admitting.first().copied()
            && until <= now
        {
            self.admitting.pop_first();
            if self.table.get(&conn) == Some(&Some(until)) {
                self.table.remove(&conn);
                self.outputs.push_back(Output::Expire { conn });
            }
        }
    }

    fn admitted(&mut self, conn: u64) {
        match self.table.get_mut(&conn) {
            Some(entry) => {
                if let Some(until) = entry.take() {
                    self.admitting.remove(&(until, conn));
                }
            }
            None => self.outputs.push_back(Output::Expire { conn }),
        }
    }

    fn gone(&mut self, conn: u64) {
        if let Some(Some(until)) = self.table.remove(&conn) {
            self.admitting.remove(&(until, conn));
        }
    }

    fn knock(&mut self, now: Instant, conn: u64, class: Class, slot: Option<Slot>, random: u64) {
        if self.table.contains_key(&conn) {
            return;
        }
        let reserve = if class == Class::Operator { 0 } else { self.limits.operator_reserve };
        if self.table.len() + reserve >= self.limits.connections_max {
            return self.turn_away(now, conn, Refusal::new(Code::Full), COME_BACK_MS_MIN);
        }
        if self.admitting.len() >= self.limits.admitting_max && class != Class::Operator {
            let refusal = Refusal::because(Code::Full, "the server is letting many in just now");
            return self.turn_away(now, conn, refusal, COME_BACK_MS_MIN);
        }
        match &self.gates[class as usize] {
            Gate::Open => self.admit(now, conn, slot),
            Gate::Closed { after_ms, message } => {
                let (refusal, after_ms) = (Refusal::because(Code::Gate, message), *after_ms);
                self.turn_away(now, conn, refusal, after_ms.into());
            }
            Gate::Paced { per_s, message } => {
                let (refusal, per_s) = (Refusal::because(Code::Gate, message), *per_s);
                match slot.and_then(|slot| Some((slot, self.slots.turn(class, slot)?))) {
                    Some((_, turn)) if turn <= now => self.admit(now, conn, slot),
                    Some((slot, turn)) => self.refuse(now, conn, refusal, turn, Some(slot)),
                    None => self.pace(now, conn, class, (refusal, per_s, random)),
                }
            }
        }
    }

    fn admit(&mut self, now: Instant, conn: u64, slot: Option<Slot>) {
        if let Some(slot) = slot {
            self.slots.take(slot);
        }
        let until = now.plus_ms(self.limits.admitting_ms.into());
        self.table.insert(conn, Some(until));
        self.admitting.insert((until, conn));
        self.outputs.push_back(Output::Admit { conn });
    }

    /// Admits at the pace of the gate; beyond it, keeps the next free moment for whoever knocks.
    fn pace(&mut self, now: Instant, conn: u64, class: Class, told: (Refusal, u32, u64)) {
        let (refusal, per_s, random) = told;
        let turn = self.cursors[class as usize].max(now);
        let next = Instant(turn.0 + 1_000_000 / u64::from(per_s.max(1)));
        if turn <= now {
            self.cursors[class as usize] = next;
            return self.admit(now, conn, None);
        }
        let wait_ms = turn.ms_since(now);
        let within = wait_ms <= COME_BACK_MS_MAX;
        match within.then(|| self.slots.keep(class, random, now, turn)).flatten() {
            Some(slot) => {
                self.cursors[class as usize] = next;
                self.refuse(now, conn, refusal, turn, Some(slot));
            }
            None => self.turn_away(now, conn, refusal, wait_ms.min(COME_BACK_MS_MAX)),
        }
    }

    /// Refuses with a time that nobody else has been given.
    fn turn_away(&mut self, now: Instant, conn: u64, refusal: Refusal, after_ms: u64) {
        let earliest = now.plus_ms(after_ms.max(COME_BACK_MS_MIN));
        let latest = earliest.plus_ms(COME_BACK_MS_MAX);
        let at = self.come_back.max(earliest).min(latest);
        self.come_back = Instant(at.0 + 1_000_000 / u64::from(self.limits.knocks_per_s.max(1)));
        self.refuse(now, conn, refusal, at, None);
    }

    fn refuse(&mut self, now: Instant, conn: u64, why: Refusal, at: Instant, slot: Option<Slot>) {
        let after_ms = u32::try_from(at.0.saturating_sub(now.0).div_ceil(1_000));
        let refusal = why.after(after_ms.unwrap_or(u32::MAX));
        self.outputs.push_back(Output::Refuse { conn, refusal, slot });
    }
}

#[cfg(test)]
mod tests;
