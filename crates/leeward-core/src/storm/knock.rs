//! What a knock meets: the ceiling, the drain, the gate, its source's line, the line of its class, the
//! lot; and only when none of them has room for it, a slot.

use super::lot::{WAITING_BYTES, Waiting};
use super::source::Place;
use super::table::Permit;
use super::{Class, Gate, Output, Slot, Source, Storm};
use crate::code::{Code, Refusal};
use crate::id::{Instant, Millis};

/// A knock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knock {
    pub(super) conn: u64,
    pub(super) class: Class,
    pub(super) slot: Option<Slot>,
    pub(super) bound: u64,
    pub(super) source: Source,
    pub(super) bytes: u32,
}

/// Where somebody stands in line, and by what right.
#[derive(Clone, Copy, Debug)]
struct Age {
    issued: Millis,
    /// Its number; none: at the end of the line.
    seq: Option<u64>,
    slot: Option<Slot>,
    /// How often it has come before its time.
    early: u8,
}

/// Nobody is told to come back sooner than this: a turned-away knock costs more than a second of
/// waiting does.
const COME_BACK_MS_MIN: u64 = 1_000;
/// Nobody without a slot is told to come back later than this: by then the world is another.
const COME_BACK_MS_MAX: u64 = 300_000;
/// Between two operators who need not wait, in the long run, in microseconds.
const OPERATOR_EACH_US: u64 = 100_000;
/// Nobody asks a node that is being drained more often, in milliseconds.
const DRAINED_MS_MIN: u64 = 5_000;
/// A cursor farther ahead than so many times what has been promised, and so much more in
/// microseconds, is none that this machine has moved: nobody is to wait for it.
const FAR_FACTOR: f64 = 1.5;
const FAR_US: f64 = 2e6;
/// A knock so much before its time is on time, in milliseconds: clients' timers are coarse.
const EARLY_MS: u64 = 250;
/// Whoever came before its time more often than this waits elsewhere.
const EARLY_MAX: u8 = 3;
/// Descriptors that are kept for others than those who wait.
const ROOM_MIN: u32 = 16;
/// Whoever waits at a paced gate waits on the connection when it is no longer than this, in
/// milliseconds: the lot is for those whom the node could let in.
const PACED_MS_MAX: u32 = 60_000;

impl Storm {
    pub(super) fn knock(&mut self, now: Instant, knock: Knock) {
        if self.table.find(knock.conn).is_some() {
            return;
        }
        self.rate.span.knocks += 1;
        self.counts.knocks[knock.class as usize] += 1;
        if self.is_full(knock.class) && !self.gives_way(now, knock.class) {
            self.rate.span.wanted = true;
            return self.turn_away(now, &knock, Refusal::new(Code::Full));
        }
        if !self.limits.control || self.operator_passes(now, knock.class) {
            // Beyond what the others may expect: nobody waits longer for it.
            self.rate.credit += 1.0;
            return self.admit(now, knock.conn, knock.class, None);
        }
        let age = self.age(now, &knock);
        if let Some(drain) = &self.drain {
            let from = drain.until.max(now.plus_ms(DRAINED_MS_MIN));
            return self.give_slot(now, &knock, age, (Refusal::new(Code::Drain), from));
        }
        if let Gate::Closed { after_ms, message } = self.gates.of(knock.class) {
            let (refusal, from) =
                (Refusal::because(Code::Gate, message), now.plus_ms((*after_ms).into()));
            return self.give_slot(now, &knock, age, (refusal, from));
        }
        self.rate.span.wanted = true;
        let idle = self.nobody_may_go(now) && self.gates.ready(now, knock.class);
        if idle && self.may_admit(now) {
            return self.admit(now, knock.conn, knock.class, age.slot);
        }
        if age.slot.is_none()
            && knock.class >= Class::SignIn
            && let Err(after_ms) = self.sources.pass(now, knock.source)
        {
            self.counts.slowed += 1;
            let why = "too many connections from this network at once";
            let refusal = Refusal::because(Code::Full, why).after(after_ms);
            return self.refuse(&knock, refusal, None);
        }
        if age.early <= EARLY_MAX && self.has_room(&knock, age.slot.is_some()) {
            self.park(now, &knock, age);
        } else {
            let refusal = match self.gates.of(knock.class).message() {
                Some(message) => Refusal::because(Code::Gate, message),
                None => Refusal::because(Code::Full, "the server is letting many in just now"),
            };
            self.give_slot(now, &knock, age, (refusal, now));
        }
    }

    /// Whether this is an operator who need not wait: a few at once, and then ten a second. Operators
    /// by the dozen have the largest share of all, and no more.
    fn operator_passes(&mut self, now: Instant, class: Class) -> bool {
        let burst_us = OPERATOR_EACH_US * self.limits.operator_reserve.max(1) as u64;
        // A debt that cannot have come about is none.
        if self.operators_paid.0 > now.0.saturating_add(burst_us) {
            self.operators_paid = now;
        }
        let paid = self.operators_paid.0.max(now.0).saturating_add(OPERATOR_EACH_US);
        let passes = class == Class::Operator && paid <= now.0.saturating_add(burst_us);
        if passes {
            self.operators_paid = Instant(paid);
        }
        passes
    }

    /// Whether there is no room for another of this class, whoever waits.
    pub(super) fn is_full(&self, class: Class) -> bool {
        let reserve = if class == Class::Operator { 0 } else { self.limits.operator_reserve };
        self.table.len() + reserve >= self.limits.connections_max
    }

    /// Whoever waits holds a place, and gives it up to somebody who goes before them: the last of the
    /// last class comes back at a time of its own. False: all who hold a place are in, or go before.
    fn gives_way(&mut self, now: Instant, class: Class) -> bool {
        let kept_out = matches!(self.gates.of(class), Gate::Closed { .. });
        if kept_out || self.drain.is_some() {
            return false;
        }
        let behind = Class::ALL.into_iter().rev().take_while(|of| *of > class);
        let Some(conn) = behind.filter_map(|of| self.lot.last(of)).next() else { return false };
        self.turn_out(now, conn, (Refusal::new(Code::Full), now));
        !self.is_full(class)
    }

    fn age(&mut self, now: Instant, knock: &Knock) -> Age {
        let wall = self.wall(now);
        // What a stranger shows is its address, which is others' too.
        let known = knock.class != Class::Stranger;
        let place = known.then(|| self.places.take(knock.bound)).flatten();
        let slot = knock.slot.filter(|slot| self.slots.counts_for(slot, knock.bound, wall));
        let held = place.and_then(|place| place.slot);
        let slot = slot.or(held.filter(|slot| self.slots.is_used(slot) == Some(false)));
        let early = place.map_or(0, |place| place.early);
        match (slot, place) {
            (Some(slot), _) => {
                let is_early = slot.at.0 > wall.0 + EARLY_MS;
                self.slots.counts.early += u64::from(is_early);
                let early = if is_early { early.saturating_add(1) } else { 0 };
                Age { issued: slot.issued, seq: Some(slot.seq), slot: Some(slot), early }
            }
            (None, Some(place)) => {
                Age { issued: place.issued, seq: Some(place.seq), slot: None, early }
            }
            (None, None) => Age { issued: wall, seq: None, slot: None, early: 0 },
        }
    }

    /// Whether it may wait on its connection. A quarter of the lot is kept for those who come at the
    /// time that they were given.
    fn has_room(&self, knock: &Knock, has_slot: bool) -> bool {
        // Half of what memory is left, and none when descriptors run out: refusing frees them.
        let left = self.lot.bytes.saturating_add(self.memory_free / 2);
        let most = self.limits.parked_bytes_max.min(left);
        if self.connections_room < ROOM_MIN {
            return false;
        }
        let most = if has_slot { most } else { most - most / 4 };
        let bytes = self.lot.bytes.saturating_add(u64::from(knock.bytes) + WAITING_BYTES);
        let place = u32::try_from(self.lot.waiting(knock.class)).unwrap_or(u32::MAX);
        let soon = match self.gates.of(knock.class) {
            Gate::Paced { per_s, .. } => place / (*per_s).max(1) < PACED_MS_MAX / 1_000,
            Gate::Open | Gate::Closed { .. } => true,
        };
        bytes <= most && soon
    }

    fn park(&mut self, now: Instant, knock: &Knock, age: Age) {
        let wall = self.wall(now);
        let seq = age.seq.unwrap_or_else(|| self.slots.number(wall));
        let of = (knock.conn, knock.class, knock.bytes, knock.bound);
        self.line_up(now, of, (age.issued, seq), (age.slot, age.early));
        self.pull(now);
        let Some(Permit::Parked(id)) = self.table.find(knock.conn) else { return };
        let Some(Some(waiting)) = self.lot.places.get(id as usize) else { return };
        let place = self.lot.place(knock.class, waiting.key);
        self.counts.parked[knock.class as usize] += 1;
        self.say_place(now, knock.conn, knock.class, place);
    }

    /// Puts somebody in the line of its class.
    pub(super) fn line_up(
        &mut self,
        now: Instant,
        (conn, class, bytes, bound): (u64, Class, u32, u64),
        (issued, seq): (Millis, u64),
        (slot, early): (Option<Slot>, u8),
    ) {
        let key = (issued.0, seq, conn);
        let id = self.lot.put(Waiting { conn, class, key, bytes, bound, slot, early, told: now });
        self.table.put(conn, Permit::Parked(id));
    }

    pub(super) fn say_place(&mut self, now: Instant, conn: u64, class: Class, place: u32) {
        let wait_ms = self.wait_ms(now, class, place);
        let message = self.gates.of(class).message().map(str::to_owned);
        self.outputs.push_back(Output::Park { conn, place, wait_ms, message });
    }

    /// Refuses with the slot that it has, or with one that is not before `from`.
    fn give_slot(
        &mut self,
        now: Instant,
        knock: &Knock,
        age: Age,
        (refusal, from): (Refusal, Instant),
    ) {
        let wall = self.wall(now);
        let (slot, at) = match age.slot {
            Some(slot) => {
                let due = now.plus_ms(slot.at.0.saturating_sub(wall.0));
                // On time, and the lot is full of others: when half of them will have gone in.
                let half = u32::try_from(self.lot.waiting(knock.class) / 2).unwrap_or(u32::MAX);
                let full = now.plus_ms(self.wait_ms(now, knock.class, half).into());
                let late = due <= now;
                (slot, if late { self.apart(now, full.max(from)) } else { due.max(from) })
            }
            None if self.slots.remembered() >= self.limits.slots_max => {
                return self.turn_away(now, knock, refusal);
            }
            None => {
                let at = self.promise(now, knock.class, from);
                let of = (age.issued, knock.bound);
                let at_wall = self.wall(at);
                (self.slots.issue(wall, knock.class, at_wall, of), at)
            }
        };
        if knock.class != Class::Stranger {
            let place = Place::new(age.issued, slot.seq, Some(slot), age.early);
            self.places.keep(knock.bound, place);
        }
        let after_ms = at.0.saturating_sub(now.0).div_ceil(1_000).max(COME_BACK_MS_MIN);
        let refusal = refusal.after(u32::try_from(after_ms).unwrap_or(u32::MAX));
        self.refuse(knock, refusal, Some(slot));
    }

    /// The next moment that has not been promised to anybody of this class: behind those who wait on
    /// their connections.
    fn promise(&mut self, now: Instant, class: Class, from: Instant) -> Instant {
        let rate = self.share(now, class) * self.rate.mu_issue;
        let open_per_s = match self.gates.of(class).per_s() {
            Some(per_s) if per_s > 0 => f64::from(per_s),
            Some(_) | None => f64::INFINITY,
        };
        let rate = rate.min(open_per_s);
        let behind_us = self.lot.waiting(class) as f64 / rate * 1e6;
        let behind = Instant(now.0.saturating_add(behind_us as u64));
        let from = from.max(behind).max(now.plus_ms(COME_BACK_MS_MIN));
        let all_per_s = rate.max(self.rate.mu_issue.min(open_per_s));
        self.next_free(now, class, from, (rate, all_per_s))
    }

    /// The next moment of a class when so many of it are let in a second, and so many of all. Nobody
    /// waits longer than all who wait and all who were promised something take together.
    pub(super) fn next_free(
        &mut self,
        now: Instant,
        class: Class,
        from: Instant,
        (per_s, all_per_s): (f64, f64),
    ) -> Instant {
        let all = self.slots.out() as f64 + self.lot.len() as f64;
        let all_us = all / all_per_s * 1e6;
        let reach = Instant((from.0 as f64 + FAR_FACTOR * all_us + FAR_US) as u64);
        self.slots.within(class, reach);
        self.slots.advance(now, class, from, 1e6 / per_s)
    }

    /// What a class gets of all admissions, as things stand: its weight among those who wait or have
    /// been promised something.
    pub(super) fn share(&self, now: Instant, class: Class) -> f64 {
        let wants =
            |of: &Class| *of == class || self.lot.waiting(*of) > 0 || self.slots.cursor(*of) > now;
        let weights: u32 = Class::ALL.into_iter().filter(wants).map(Class::weight).sum();
        f64::from(class.weight()) / f64::from(weights)
    }

    /// How long somebody with so many before it will wait, in milliseconds.
    pub(super) fn wait_ms(&self, now: Instant, class: Class, place: u32) -> u32 {
        let waits = |of: &Class| *of == class || self.lot.waiting(*of) > 0;
        let weights: u32 = Class::ALL.into_iter().filter(waits).map(Class::weight).sum();
        let share = f64::from(class.weight()) / f64::from(weights);
        let rate = self.rate.mu().min(self.rate.limit(now)) * share;
        let rate = match self.gates.of(class) {
            Gate::Open => rate,
            Gate::Paced { per_s, .. } => rate.min(f64::from((*per_s).max(1))),
            Gate::Closed { after_ms, .. } => return *after_ms,
        };
        ((f64::from(place) + 1.0) / rate * 1e3).min(f64::from(u32::MAX)) as u32
    }

    /// A time to come back that nobody else has been given, not before `from`: whoever must be turned
    /// away again is no burden, however many they are.
    fn apart(&mut self, now: Instant, from: Instant) -> Instant {
        let earliest = from.max(now.plus_ms(COME_BACK_MS_MIN));
        let latest = earliest.plus_ms(COME_BACK_MS_MAX);
        let at = self.come_back.max(earliest).min(latest);
        self.come_back = Instant(at.0 + 1_000_000 / u64::from(self.limits.knocks_per_s.max(1)));
        at
    }

    /// Refuses without a slot, with a time that nobody else has been given.
    pub(super) fn turn_away(&mut self, now: Instant, knock: &Knock, refusal: Refusal) {
        let at = self.apart(now, now);
        let after_ms = at.0.saturating_sub(now.0).div_ceil(1_000);
        let refusal = refusal.after(u32::try_from(after_ms).unwrap_or(u32::MAX));
        self.refuse(knock, refusal, None);
    }

    fn refuse(&mut self, knock: &Knock, refusal: Refusal, slot: Option<Slot>) {
        self.counts.refused[knock.class as usize] += 1;
        self.rate.span.refused += 1;
        self.outputs.push_back(Output::Refuse { conn: knock.conn, refusal, slot });
    }

    /// Sends somebody away who waits on the connection.
    pub(super) fn turn_out(
        &mut self,
        now: Instant,
        conn: u64,
        (refusal, from): (Refusal, Instant),
    ) {
        let Some(Permit::Parked(id)) = self.table.take(conn) else { return };
        let Some(waiting) = self.lot.take(id) else { return };
        let (class, bound, bytes) = (waiting.class, waiting.bound, waiting.bytes);
        let knock = Knock { conn, class, slot: None, bound, source: Source::EXEMPT, bytes };
        let (issued, seq) = (Millis(waiting.key.0), Some(waiting.key.1));
        let age = Age { issued, seq, slot: waiting.slot, early: waiting.early };
        self.give_slot(now, &knock, age, (refusal, from));
    }
}
