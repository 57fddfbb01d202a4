//! A node in virtual time around the machine: one processor that does what is begun in its order, the
//! clock, and a sample every 100 ms. Parts of the processor may belong to others without the sample
//! showing it, as on a machine that clients share.

use super::super::*;
use super::support::*;
use std::collections::{BTreeMap, VecDeque};

pub(crate) struct Rig {
    pub(crate) storm: Storm,
    pub(crate) now_us: u64,
    /// What letting one in takes, in microseconds.
    pub(crate) cost_us: u64,
    /// Of a hundred parts of two cores, so many are left to this node.
    pub(crate) ours_percent: u64,
    /// What the sample says that others use, in parts of a hundred.
    pub(crate) living_percent: u64,
    /// How late the living are served.
    pub(crate) lag_us: u64,
    /// What each waits for something else than the processor, such as the database.
    pub(crate) latency_us: u64,
    /// Between two samples.
    pub(crate) sample_ms: u64,
    /// The samples say nothing of the processor.
    pub(crate) blind: bool,
    elsewhere: VecDeque<(u64, u64)>,
    work: VecDeque<u64>,
    left_us: i64,
    spent_us: u64,
    finished: u32,
    /// How each connection stands, by the sockets.
    pub(crate) truth: BTreeMap<u64, Standing>,
    /// When each was let in, in milliseconds since the start.
    pub(crate) admitted_ms: BTreeMap<u64, u64>,
    /// The same, in order, for those who are to leave again.
    pub(crate) fresh: VecDeque<(u64, u64)>,
    pub(crate) refused: Vec<(u64, Option<u32>, Option<Slot>)>,
    pub(crate) goodbyes: Vec<(u64, Slot, u32)>,
    pub(crate) stuck: u32,
    /// Whether the shell answers when the machine is stuck.
    pub(crate) heals: bool,
}

impl Rig {
    pub(crate) fn new(storm: Storm, cost_us: u64) -> Self {
        Self {
            storm,
            now_us: at(0).0,
            cost_us,
            ours_percent: 100,
            living_percent: 0,
            lag_us: 2_000,
            latency_us: 0,
            sample_ms: 100,
            blind: false,
            elsewhere: VecDeque::new(),
            work: VecDeque::new(),
            left_us: 0,
            spent_us: 0,
            finished: 0,
            truth: BTreeMap::new(),
            admitted_ms: BTreeMap::new(),
            fresh: VecDeque::new(),
            refused: Vec::new(),
            goodbyes: Vec::new(),
            stuck: 0,
            heals: true,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant(self.now_us)
    }

    pub(crate) fn ms(&self) -> u64 {
        self.now().ms_since(at(0))
    }

    pub(crate) fn tell(&mut self, input: Input) {
        let parked = match &input {
            Input::Knock { conn, class, bound, bytes, .. } => {
                let since = self.now();
                Some((
                    *conn,
                    Standing::Parked { class: *class, bound: *bound, bytes: *bytes, since },
                ))
            }
            Input::Gone { conn } => {
                self.truth.remove(conn);
                None
            }
            Input::Admitted { .. }
            | Input::Gate { .. }
            | Input::Measured(_)
            | Input::Drain { .. }
            | Input::EndDrain
            | Input::Rebuild { .. }
            | Input::Static { .. }
            | Input::Fault(_)
            | Input::Tick => None,
        };
        self.storm.handle(self.now(), input);
        while let Some(output) = self.storm.next_output() {
            match output {
                Output::Admit { conn } => {
                    self.truth.insert(conn, Standing::Admitting);
                    self.elsewhere.push_back((self.now_us + self.latency_us, conn));
                }
                Output::Park { conn, .. } => {
                    if let Some((knocking, standing)) = parked
                        && knocking == conn
                    {
                        self.truth.insert(conn, standing);
                    }
                }
                Output::Refuse { conn, refusal, slot } => {
                    self.truth.remove(&conn);
                    self.refused.push((conn, refusal.after_ms, slot));
                }
                Output::Goodbye { conn, refusal, slot } => {
                    let slot = slot.expect("a goodbye keeps a place");
                    self.goodbyes.push((conn, slot, refusal.after_ms.expect("a time")));
                }
                Output::Expire { conn } => {
                    self.truth.remove(&conn);
                }
                Output::Stuck => self.stuck += 1,
            }
        }
    }

    /// Goes on for a millisecond.
    pub(crate) fn step(&mut self) {
        self.now_us += 1_000;
        self.left_us = (self.left_us + self.ours_percent as i64 * 20).min(4_000);
        loop {
            // Whoever is let in while this goes on may have nothing to wait for.
            while let Some((due, conn)) = self.elsewhere.front().copied()
                && due <= self.now_us
            {
                self.elsewhere.pop_front();
                self.work.push_back(conn);
            }
            let next = if self.left_us > 0 { self.work.pop_front() } else { None };
            let Some(conn) = next else { break };
            if self.truth.get(&conn) != Some(&Standing::Admitting) {
                continue;
            }
            self.left_us -= self.cost_us as i64;
            self.spent_us += self.cost_us;
            self.finished += 1;
            self.truth.insert(conn, Standing::Live);
            self.admitted_ms.insert(conn, self.ms());
            self.fresh.push_back((self.ms(), conn));
            self.tell(Input::Admitted { conn });
        }
        if self.ms().is_multiple_of(self.sample_ms) {
            let sample = self.sample();
            self.tell(Input::Measured(sample));
            if std::mem::take(&mut self.stuck) > 0 && self.heals {
                let truth = self.truth.iter().map(|(conn, how)| (*conn, *how)).collect();
                self.tell(Input::Rebuild { truth });
            }
        } else if self.storm.deadline().is_some_and(|due| due <= self.now()) {
            self.tell(Input::Tick);
        }
    }

    fn sample(&mut self) -> Sample {
        let (spent, finished) =
            (std::mem::take(&mut self.spent_us), std::mem::take(&mut self.finished));
        if self.blind {
            return Sample { finished, ..Sample::default() };
        }
        Sample {
            finished,
            admission_cpu_us: spent,
            busy_us: spent + self.living_percent * 2_000,
            capacity_us: 200_000,
            lag_us: self.lag_us,
            queue_us: 0,
            memory_free_bytes: 4 << 30,
            connections_room: 100_000,
        }
    }

    pub(crate) fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.step();
        }
    }
}
