//! A node, its clients and what befalls them, in virtual time, a millisecond at a time.
//!
//! The world plays every part that is not a decision: sockets, the kernel's backlog, the processor, the
//! clock. What is decided is decided by the machines of the core, or by a control.

use crate::client::{Act, State};
use crate::cpu::{Cpu, Job, TURN_NS};
use crate::crowd::Crowd;
use crate::door::Door;
use crate::properties::Properties;
use crate::random::Random;
use crate::setup::{Policy, Setup};
use crate::shell::Sockets;
use crate::tally::{Outcome, Tally};
use crate::watch::Watch;
use crate::weather::Weather;
use std::collections::VecDeque;

/// A connection's number: the client in the low half, its attempt in the high half.
pub(crate) fn conn_of(client: u32, attempt: u16) -> u64 {
    u64::from(attempt) << 32 | u64::from(client)
}

/// The client of a connection.
pub(crate) fn client_of(conn: u64) -> u32 {
    conn as u32
}

/// The number of whoever is no client: a knock of a flood.
pub(crate) const STRANGER: u32 = u32::MAX;

/// What things cost at the moment, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    /// Accept, read the hello, answer.
    pub(crate) open: i64,
    /// Let one in, after that.
    pub(crate) admit: i64,
}

/// A world.
#[derive(Debug)]
pub struct World {
    /// What it was made of.
    pub setup: Setup,
    /// Its clients.
    pub crowd: Crowd,
    /// What has happened.
    pub tally: Tally,
    pub(crate) door: Door,
    pub(crate) sockets: Sockets,
    pub(crate) properties: Properties,
    pub(crate) cpu: Cpu,
    pub(crate) random: Random,
    /// Connections that the kernel holds, the first one first. Some have hung up since.
    pub(crate) backlog: VecDeque<u64>,
    backlog_max: usize,
    /// Admissions under way.
    pub(crate) work: VecDeque<u64>,
    pub(crate) next_fault: usize,
    pub(crate) weather: Weather,
    pub(crate) watch: Watch,
    strangers: u64,
}

impl World {
    /// A full house.
    pub fn new(setup: Setup) -> Self {
        let mut door = Door::new(&setup);
        door.fill(if setup.visitors { 0 } else { setup.clients });
        let species = (0..setup.clients).map(|client| setup.species_of(client));
        let mut crowd = Crowd::new(
            setup.seed,
            (species, setup.policy.obedient()),
            door.lease(),
            setup.machines,
        );
        if setup.visitors {
            (0..setup.clients).for_each(|client| crowd.leave(client));
        }
        // About 0.3 s of what can be answered by all of the processor, and no more than 2 s of what its
        // share for openings can; a control has what systems come with.
        let per_s = i64::from(setup.mu_per_s) * 1_000 / i64::from(setup.rho_permille.max(1));
        let backlog_max = match setup.policy {
            Policy::Ours => {
                let share = i64::from(setup.chi_percent());
                (per_s * 3 / 10).min(per_s * share / 50).clamp(64, 65_535) as usize
            }
            Policy::Fifo => usize::MAX,
            Policy::ShedFixed | Policy::ShedExponential => 4_096,
        };
        // A control answers whoever comes before it goes on with what it has begun.
        let chi = if setup.policy == Policy::Ours { setup.chi_percent().into() } else { 100 };
        Self {
            random: Random::new(setup.seed ^ 0x5eed),
            tally: Tally::new(&setup),
            properties: Properties::new(&setup),
            cpu: Cpu::new(chi),
            backlog: VecDeque::new(),
            work: VecDeque::new(),
            next_fault: 0,
            weather: Weather::default(),
            watch: Watch::default(),
            sockets: Sockets::new(&setup, door.lease()),
            strangers: 0,
            backlog_max,
            door,
            crowd,
            setup,
        }
    }

    /// Milliseconds since the world began.
    pub fn now(&self) -> u32 {
        self.crowd.now()
    }

    /// The moment within the turn, in microseconds.
    pub(crate) fn now_us(&self) -> u64 {
        u64::from(self.now()) * 1_000 + self.cpu.within_us()
    }

    /// Runs until everybody is in, or until the end.
    pub fn run(mut self) -> Outcome {
        let (ends, calm) = (self.setup.ends_ms(), self.setup.plan.over_ms());
        let mut due = Vec::new();
        while self.now() < ends {
            self.turn(&mut due);
            if self.crowd.census.all_missing() > 0 || self.now() <= calm {
                self.tally.unsettled(self.now());
            } else if self.tally.settled_for_ms(self.now()) > SETTLED_MS {
                break;
            }
            if self.properties.any_broken() {
                break;
            }
        }
        Outcome::of(self)
    }

    /// One millisecond.
    pub fn turn(&mut self, due: &mut Vec<u32>) {
        self.crowd.turn(due);
        self.cpu.begin(self.living_ns());
        self.befall();
        for &client in due.iter() {
            match self.crowd.act(client) {
                Act::Nothing => {}
                Act::Knock => self.syn(client),
                Act::Ping => self.ping(client),
                Act::HangUp => self.hung_up(client),
            }
        }
        if self.now() >= self.weather.down_until {
            self.tick();
            while let Some(job) = self.cpu.next(!self.backlog.is_empty(), !self.work.is_empty()) {
                match job {
                    Job::Opening => self.open(),
                    Job::Admission => self.admission(),
                }
            }
        }
        self.look();
    }

    /// What the traffic of those that are in takes in a turn.
    fn living_ns(&self) -> i64 {
        let full = TURN_NS * i64::from(self.setup.load_percent) / 100;
        let live = self.crowd.census.live;
        full * i64::from(live[0] + live[1]) / i64::from(self.setup.clients.max(1))
    }

    pub(crate) fn costs(&self) -> Costs {
        let mu = i64::from(self.setup.mu_per_s.max(1));
        let whole = 1_000_000_000 / mu;
        let open = whole * i64::from(self.setup.rho_permille) / 1_000;
        let slow =
            if self.now() < self.weather.slow.0 { i64::from(self.weather.slow.1) } else { 100 };
        Costs { open: open * slow / 100, admit: (whole - open).max(whole / 10) * slow / 100 }
    }

    fn syn(&mut self, client: u32) {
        let first = self.crowd.clients[client as usize].state == State::Away;
        self.tally.knocked(first);
        if self.now() >= self.weather.down_until && self.backlog.len() < self.backlog_max {
            let attempt = self.crowd.clients[client as usize].attempts;
            self.backlog.push_back(conn_of(client, attempt));
            self.crowd.queued(client);
        } else {
            self.tally.dropped += 1;
            self.crowd.unanswered(client);
        }
    }

    /// Without the watchdog: for the control that shows what it is for.
    pub fn blind(&mut self) {
        self.watch.blind = true;
    }

    /// Somebody comes who was not here before.
    pub fn newcomer(&mut self, client: u32) {
        self.crowd.arrive(client);
    }

    /// A knock of nobody that will ever be in.
    pub(crate) fn stranger(&mut self) {
        self.strangers += 1;
        if self.backlog.len() < self.backlog_max {
            self.backlog.push_back(self.strangers << 32 | u64::from(STRANGER));
        } else {
            self.tally.dropped += 1;
        }
    }

    /// Whether this is the socket that its client has.
    pub(crate) fn waits(&self, conn: u64, state: State) -> bool {
        let client = client_of(conn);
        client == STRANGER || {
            let client = &self.crowd.clients[client as usize];
            client.state == state && conn_of(client_of(conn), client.attempts) == conn
        }
    }

    fn open(&mut self) {
        let Some(conn) = self.backlog.pop_front() else { return };
        let costs = self.costs();
        if self.setup.policy == Policy::Fifo {
            // No gate at all: whoever is next is let in, and found gone when the answer is written.
            self.cpu.spend(Job::Opening, costs.open + costs.admit);
            if self.waits(conn, State::Queued) {
                self.welcome(conn);
            }
            return;
        }
        self.cpu.spend(Job::Opening, costs.open);
        if self.waits(conn, State::Queued) {
            self.greet(conn);
        } else {
            self.tally.stale += 1;
        }
    }

    fn admission(&mut self) {
        let Some(conn) = self.work.pop_front() else { return };
        if self.waits(conn, State::Admitting) {
            self.cpu.spend(Job::Admission, self.costs().admit);
            self.finish(conn);
        }
    }
}

/// A world at peace is watched for so long before it ends.
const SETTLED_MS: u32 = 1_500;
