//! A node small enough for every course of events: the machine, its sockets, and a watchdog. One
//! admission at a time, and a lot for one.

use leeward_core::id::{Instant, Millis};
use leeward_core::seal::KeyRing;
use leeward_core::storm::{
    Class, Fault, Input, Output, Sample, Slot, Source, Standing, Start, Storm, StormLimits, View,
    ticket,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    storm: Storm,
    now: Instant,
    epoch: u32,
    keys: KeyRing,
    pub(super) sockets: BTreeMap<u64, Standing>,
    /// Connections being let in, the first one first.
    pub(super) work: VecDeque<u64>,
    knocked: BTreeMap<u64, (u64, Option<Slot>)>,
    mismatches: u32,
    conns: u64,
    finished: u32,
    /// The ticket that each client holds.
    pub(super) tickets: BTreeMap<u64, String>,
    used: BTreeSet<(u32, u64)>,
    kept: u64,
    pub(super) admitted: u32,
    /// What has been seen that must not be.
    pub(super) broken: Option<&'static str>,
}

const CONNECTIONS_MAX: usize = 6;
const PARKED_BYTES: u32 = 1_000;

impl Node {
    pub(super) fn new() -> Self {
        let epoch = 1;
        Self {
            storm: storm(Instant(1_000_000), epoch),
            now: Instant(1_000_000),
            epoch,
            keys: KeyRing::new((1, [1; 32]), Vec::new()),
            sockets: BTreeMap::new(),
            work: VecDeque::new(),
            knocked: BTreeMap::new(),
            mismatches: 0,
            conns: 0,
            finished: 0,
            tickets: BTreeMap::new(),
            used: BTreeSet::new(),
            kept: 0,
            admitted: 0,
            broken: None,
        }
    }

    /// A client knocks with this text for a ticket: its connection.
    pub(super) fn knock(&mut self, client: u64, text: Option<&str>) -> u64 {
        self.conns += 1;
        let conn = self.conns;
        let slot = text.and_then(|text| ticket::open(&self.keys, text));
        self.knocked.insert(conn, (client, slot));
        let (class, bound, bytes) = (Class::ResumeHere, client, PARKED_BYTES);
        self.tell(Input::Knock { conn, class, slot, bound, source: Source::EXEMPT, bytes });
        conn
    }

    /// A client knocks with a ticket of which one character, whichever, is another.
    pub(super) fn knock_forged(&mut self, client: u64, text: &str) {
        for at in 0..text.len() {
            let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            let forged = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            if ticket::open(&self.keys, &forged).is_some() {
                self.broken = Some("a forged ticket opens");
            }
        }
        self.knock(client, Some(&text[1..]));
    }

    /// The first admission under way is done: the connection.
    pub(super) fn finish(&mut self) -> Option<u64> {
        let conn = self.work.pop_front()?;
        self.sockets.insert(conn, Standing::Live);
        self.finished += 1;
        self.tell(Input::Admitted { conn });
        Some(conn)
    }

    /// A socket is closed.
    pub(super) fn gone(&mut self, conn: u64) {
        self.sockets.remove(&conn);
        self.work.retain(|of| *of != conn);
        self.tell(Input::Gone { conn });
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.tell(Input::Fault(fault));
    }

    /// Everything is gone, and a machine that knows nothing of it begins.
    pub(super) fn crash(&mut self) {
        self.epoch += 1;
        self.storm = storm(self.now, self.epoch);
        (self.sockets, self.work) = (BTreeMap::new(), VecDeque::new());
        // What an earlier life has used is not known to this one.
        self.used.clear();
        self.kept = 0;
    }

    /// A tenth of a second, with all that looks at the node in it.
    pub(super) fn tenth(&mut self, watched: bool) {
        for _ in 0..10 {
            self.now = self.now.plus_ms(10);
            if self.storm.deadline().is_some_and(|at| at <= self.now) {
                self.tell(Input::Tick);
            }
        }
        let finished = std::mem::take(&mut self.finished);
        let (busy_us, capacity_us) = (10_000, 100_000);
        let admission_cpu_us = u64::from(finished) * 1_000;
        let (memory_free_bytes, connections_room) = (1 << 30, 100);
        self.tell(Input::Measured(Sample {
            finished,
            admission_cpu_us,
            busy_us,
            capacity_us,
            memory_free_bytes,
            connections_room,
            ..Sample::default()
        }));
        if watched && (self.now.0 / 100_000).is_multiple_of(5) {
            self.mismatches = if self.agrees() { 0 } else { self.mismatches + 1 };
            if self.mismatches >= 2 {
                self.rebuild();
            }
        }
    }

    /// Whether the machine believes what the sockets say.
    pub(super) fn agrees(&self) -> bool {
        View::of(self.sockets.iter().map(|(c, s)| (*c, *s))).agrees(&self.storm.view())
    }

    fn rebuild(&mut self) {
        self.mismatches = 0;
        let truth = self.sockets.iter().map(|(c, s)| (*c, *s)).collect();
        self.tell(Input::Rebuild { truth });
    }

    fn tell(&mut self, input: Input) {
        self.storm.handle(self.now, input);
        let (mut with_ticket, mut stuck) = (Vec::new(), false);
        while let Some(output) = self.storm.next_output() {
            match output {
                Output::Admit { conn } => with_ticket.extend(self.admit(conn)),
                Output::Park { conn, .. } => self.park(conn),
                Output::Refuse { conn, slot, .. } | Output::Goodbye { conn, slot, .. } => {
                    let (client, _) = self.knocked[&conn];
                    if let Some(slot) = slot {
                        self.tickets.insert(client, ticket::seal(&self.keys, &slot));
                    }
                }
                Output::Expire { conn } => {
                    self.sockets.remove(&conn);
                    self.work.retain(|of| *of != conn);
                }
                Output::Stuck => stuck = true,
            }
        }
        let kept = self.storm.figures(self.now).slots.kept;
        let counted = usize::try_from(kept - self.kept.min(kept)).unwrap_or(usize::MAX);
        if counted > with_ticket.len() {
            self.broken = Some("a ticket counted that is used, forged or another's");
        }
        self.used.extend(with_ticket.into_iter().take(counted));
        self.kept = kept;
        if self.sockets.len() > CONNECTIONS_MAX {
            self.broken = Some("more connections than are carried");
        }
        if stuck {
            self.rebuild();
        }
    }

    /// The ticket by which the connection may have come in: its own, not used in this life.
    fn admit(&mut self, conn: u64) -> Option<(u32, u64)> {
        self.admitted += 1;
        let again = matches!(
            self.sockets.insert(conn, Standing::Admitting),
            Some(Standing::Live | Standing::Admitting)
        );
        if again || !self.knocked.contains_key(&conn) {
            self.broken = Some("somebody was let in twice");
        }
        self.work.push_back(conn);
        let (client, slot) = self.knocked[&conn];
        let held = self.tickets.get(&client).and_then(|text| ticket::open(&self.keys, text));
        // The machine remembers the slot of a client that comes back without its ticket.
        let may = |slot: Slot| {
            slot.bound == client && slot.epoch == self.epoch && !self.used.contains(&name(&slot))
        };
        let counts = [slot, held].into_iter().flatten().find(|slot| may(*slot));
        counts.map(|slot| name(&slot))
    }

    fn park(&mut self, conn: u64) {
        let (class, bytes, since) = (Class::ResumeHere, PARKED_BYTES, self.now);
        let bound = self.knocked[&conn].0;
        self.sockets.insert(conn, Standing::Parked { class, bound, bytes, since });
    }

    /// Whether a client is in.
    pub(super) fn is_in(&self, client: u64) -> bool {
        self.sockets
            .iter()
            .any(|(conn, standing)| *standing == Standing::Live && self.knocked[conn].0 == client)
    }

    /// Whether a client waits on a connection.
    pub(super) fn parked(&self, client: u64) -> bool {
        self.sockets.iter().any(|(conn, standing)| {
            matches!(standing, Standing::Parked { .. }) && self.knocked[conn].0 == client
        })
    }
}

fn name(slot: &Slot) -> (u32, u64) {
    (slot.epoch, slot.seq)
}

fn storm(now: Instant, epoch: u32) -> Storm {
    let limits = StormLimits {
        connections_max: CONNECTIONS_MAX,
        operator_reserve: 0,
        admitting_max: 1,
        parked_bytes_max: 2_000,
        ..StormLimits::default()
    };
    let wall = Millis(1_800_000_000_000 + now.0 / 1_000);
    Storm::new(limits, Start { now, wall, node: 1, epoch, mu_per_s: Some(100) })
}
