//! Who is let in, when, and in which order; and when the others come back. One `Storm` decides every
//! admission of a node.
//!
//! A permit *is* an entry in the table of connections: nothing is counted beside it, so that no count
//! can drift from what there is. Whoever cannot be let in at once waits on its connection while there
//! is memory for it, and beyond that is given a slot: a time that it need not defend. Refusing costs
//! about as much as letting in, so that the machine does neither twice if it can help it.
//!
//! It doubts itself: see [`guard`]. Never awaits, never guesses who somebody is (the class comes with
//! the knock, from a ticket or token that the shell has verified), never trusts a client's clock.
//!
//! Reading order: [`words`], [`knock`], [`lot`], [`slots`] with [`ticket`], [`rate`], [`guard`].

use crate::id::{Instant, Millis};
use crate::lease;
use std::collections::VecDeque;

mod class;
mod drain;
mod figures;
mod gate;
mod guard;
mod knock;
mod limits;
mod lot;
mod rate;
mod slots;
mod source;
mod table;
pub mod ticket;
mod words;

pub use class::Class;
pub use figures::{ClassFigures, Figures, LimitedBy};
pub use gate::Gate;
pub use limits::{Start, StormLimits};
pub use slots::SlotCounts;
pub use source::Sources;
pub use ticket::Slot;
pub use words::{Fault, Input, Output, Sample, Source, Standing};

use knock::Knock;
use table::Permit;

/// What the machine believes about connections, for a comparison with the sockets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// In.
    pub live: usize,
    /// Being let in.
    pub admitting: usize,
    /// Waiting.
    pub parked: usize,
    /// A sum over the numbers of all of them.
    pub hash: u64,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Storm {
    limits: StormLimits,
    start: Start,
    now: Instant,
    table: table::Table,
    lot: lot::Lot,
    gates: gate::Gates,
    slots: slots::Slots,
    sources: source::Sources,
    places: source::Places,
    rate: rate::Rate,
    guard: guard::Guard,
    drain: Option<drain::Drain>,
    /// Of the last sample: memory and descriptors that are left.
    memory_free: u64,
    connections_room: u32,
    /// The earliest time at which nobody without a slot has been told to come back.
    come_back: Instant,
    /// Until when operators have used up what they have beyond their share.
    operators_paid: Instant,
    counts: figures::Counts,
    last_second: figures::LastSecond,
    outputs: VecDeque<Output>,
}

impl Storm {
    /// A machine without connections and with all gates open.
    pub fn new(limits: StormLimits, start: Start) -> Self {
        Self {
            limits,
            start,
            now: start.now,
            table: table::Table::default(),
            lot: lot::Lot::new(start.now),
            gates: gate::Gates::open(),
            slots: slots::Slots::new(&start),
            sources: Sources::default(),
            places: source::Places::default(),
            rate: rate::Rate::new(&start),
            guard: guard::Guard::default(),
            drain: None,
            memory_free: u64::MAX,
            connections_room: u32::MAX,
            come_back: start.now,
            operators_paid: start.now,
            counts: figures::Counts::default(),
            last_second: figures::LastSecond::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened. Then drain [`Self::next_output`] and ask for the [`Self::deadline`].
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        self.expire(now);
        match input {
            Input::Knock { conn, class, slot, bound, source, bytes } => {
                self.knock(now, Knock { conn, class, slot, bound, source, bytes });
            }
            Input::Admitted { conn } => self.admitted(now, conn),
            Input::Gone { conn } => self.gone(conn),
            Input::Gate { class, gate } => self.set_gate(now, class, &gate),
            Input::Measured(sample) => self.measured(now, &sample),
            Input::Drain { over_ms } => self.begin_drain(now, over_ms),
            Input::EndDrain => self.drain = None,
            Input::Rebuild { truth } => self.rebuild(now, truth),
            Input::Static { per_s } => self.rate.fixed = per_s,
            Input::Fault(fault) => self.fault(now, fault),
            Input::Tick => {}
        }
        self.drain_on(now);
        self.pull(now);
        self.tell_places(now);
    }

    /// The next thing to do, until there is none.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to [`Input::Tick`].
    pub fn deadline(&self) -> Option<Instant> {
        let expiry = self.table.admitting.first().map(|(until, _)| *until);
        let round = (self.lot.len() > 0).then_some(self.lot.round.next);
        let own = [expiry, round, self.turn_due(), self.drain_due()];
        own.into_iter().flatten().min()
    }

    /// How many have a permit, those who wait and are being let in included.
    pub fn connections(&self) -> usize {
        self.table.len()
    }

    /// How many are being let in.
    pub fn admitting(&self) -> usize {
        self.table.admitting.len()
    }

    /// How many wait on their connections.
    pub fn parked(&self) -> usize {
        self.lot.len()
    }

    /// How the operator has set the gate of a class.
    pub fn gate(&self, class: Class) -> &Gate {
        self.gates.of(class)
    }

    /// Over how long those who are in should spread their first knock if all were lost at once: three
    /// quarters of what letting them in takes at the best rate that was seen. Much sooner, and the kernel
    /// drops who finds its backlog full, which costs them a second; later, and the node is idle.
    pub fn spread_ms(&self) -> u32 {
        lease::spread_ms(self.live() * 3 / 4, self.rate.mu().max(self.rate.seen) as u32)
    }

    /// How long it would take to have everybody back if all were lost at once, by measured costs.
    pub fn recover_ms(&self) -> u32 {
        let all_ms = self.live() as f64 / self.rate.mu() * 1e3;
        (all_ms + f64::from(self.spread_ms()) / 4.0) as u32
    }

    /// Those who are in, as far as there can be so many.
    fn live(&self) -> usize {
        self.view().live.min(self.limits.connections_max)
    }

    /// Admissions a second that the node can finish: to be remembered for the next start.
    pub fn mu_per_s(&self) -> u32 {
        self.rate.mu() as u32
    }

    /// The server's wall clock, as tickets have it.
    fn wall(&self, at: Instant) -> Millis {
        let since_ms = at.0.saturating_sub(self.start.now.0) / 1_000;
        Millis(self.start.wall.0.saturating_add(since_ms))
    }

    fn expire(&mut self, now: Instant) {
        while let Some(conn) = self.table.expired(now) {
            self.counts.expired += 1;
            self.outputs.push_back(Output::Expire { conn });
        }
    }

    fn admitted(&mut self, now: Instant, conn: u64) {
        match self.table.find(conn) {
            Some(Permit::Admitting(until)) => {
                self.table.put(conn, Permit::Live);
                let began_us = until.0.saturating_sub(u64::from(self.limits.admitting_ms) * 1_000);
                let span = &mut self.rate.span;
                span.finished += 1;
                span.delay_us = span.delay_us.saturating_add(now.0.saturating_sub(began_us));
            }
            Some(Permit::Live) => {}
            Some(Permit::Parked(_)) | None => {
                self.gone(conn);
                self.outputs.push_back(Output::Expire { conn });
            }
        }
    }

    fn gone(&mut self, conn: u64) {
        let Some(Permit::Parked(id)) = self.table.take(conn) else { return };
        if let Some(waiting) = self.lot.take(id)
            && waiting.class != Class::Stranger
        {
            // Its patience is at an end; its place is not.
            let place = source::Place::new(
                Millis(waiting.key.0),
                waiting.key.1,
                waiting.slot,
                waiting.early,
            );
            self.places.keep(waiting.bound, place);
        }
    }

    fn set_gate(&mut self, now: Instant, class: Option<Class>, gate: &Gate) {
        self.gates.set(now, class, gate);
        for of in Class::ALL {
            if class.is_none_or(|class| class == of) {
                self.slots.cursors[of as usize] = now.0 as f64;
            }
        }
    }

    fn measured(&mut self, now: Instant, sample: &Sample) {
        let span = self.rate.span;
        self.last_second.push((span.knocks, span.finished, span.refused));
        let waits = !self.nobody_may_go(now);
        if sample.capacity_us > 0 {
            self.memory_free = sample.memory_free_bytes;
            self.connections_room = sample.connections_room;
        }
        let wanted = (waits || span.wanted) && self.drain.is_none();
        self.watch(sample, span.begun, wanted);
        self.rate.measure(now, sample, &self.limits, waits);
        self.slots.forget(self.wall(now));
        self.watch_cursors(now);
    }

    /// Whether nobody waits whom the gates would let through.
    fn nobody_may_go(&self, now: Instant) -> bool {
        self.lot.len() == 0
            || Class::ALL
                .into_iter()
                .all(|class| self.lot.waiting(class) == 0 || !self.gates.ready(now, class))
    }

    /// Whether one more may be begun at this moment.
    fn may_admit(&mut self, now: Instant) -> bool {
        if let Some(fallback) = &mut self.guard.fallen_back {
            return fallback.ready(now) && self.table.admitting.len() < self.limits.admitting_max;
        }
        if self.table.admitting.len() >= self.rate.window(&self.limits) {
            self.rate.span.short_of_window = true;
            return false;
        }
        let credit = self.rate.credit(now) >= 1.0;
        self.rate.span.short_of_credit |= !credit;
        credit
    }

    fn admit(&mut self, now: Instant, conn: u64, class: Class, slot: Option<Slot>) {
        if let Some(slot) = slot {
            self.slots.use_up(&slot, self.wall(now));
        }
        self.gates.passed(now, class);
        self.rate.credit -= 1.0;
        if let Some(fallback) = &mut self.guard.fallen_back {
            fallback.passed(now);
        }
        self.rate.span.begun += 1;
        self.counts.admitted[class as usize] += 1;
        let until = now.plus_ms(self.limits.admitting_ms.into());
        self.table.put(conn, Permit::Admitting(until));
        self.outputs.push_back(Output::Admit { conn });
    }

    /// Lets in who waits, as many as may be.
    fn pull(&mut self, now: Instant) {
        while !self.nobody_may_go(now) && self.may_admit(now) {
            let gates = &self.gates;
            let Some(waiting) = self.lot.pull(|class| gates.ready(now, class)) else { return };
            if waiting.slot.is_some_and(|slot| self.slots.is_used(&slot) != Some(false)) {
                // Somebody else came in with it: this one goes to the end of the line.
                let wall = self.wall(now);
                let seq = self.slots.number(wall);
                let of = (waiting.conn, waiting.class, waiting.bytes, waiting.bound);
                self.line_up(now, of, (wall, seq), (None, waiting.early));
                continue;
            }
            self.admit(now, waiting.conn, waiting.class, waiting.slot);
        }
    }

    fn tell_places(&mut self, now: Instant) {
        let mut told = Vec::new();
        self.lot.tell(now, |waiting, place| told.push((waiting.conn, waiting.class, place)));
        for (conn, class, place) in told {
            self.say_place(now, conn, class, place);
        }
    }

    /// When somebody who waits may be let in.
    fn turn_due(&self) -> Option<Instant> {
        if self.lot.len() == 0 {
            return None;
        }
        let waits = |class: &Class| self.lot.waiting(*class) > 0;
        let gate =
            Class::ALL.into_iter().filter(waits).filter_map(|c| self.gates.opens(c)).min()?;
        if let Some(fallback) = &self.guard.fallen_back {
            return Some(gate.max(fallback.next));
        }
        // Whoever is finished makes room, and is an input of its own.
        let room = self.table.admitting.len() < self.rate.window(&self.limits);
        room.then(|| gate.max(self.rate.credit_at(self.now)))
    }
}

#[cfg(test)]
mod tests;
