//! How faults befall a world.

use crate::client::State;
use crate::door::{Door, WALL_START, storm};
use crate::fault::Fault;
use crate::world::{World, client_of, conn_of};
use leeward_core::id::{Instant, Millis};
use leeward_core::storm::{Fault as Wedge, Input, Standing, Start};

/// What is wrong at the moment.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// Until when letting one in takes so many hundredths of its time.
    pub(crate) slow: (u32, u32),
    /// Until when the node is not there.
    pub(crate) down_until: u32,
    /// Until when somebody floods, and with how many knocks a second.
    pub(crate) flood: (u32, u32),
    /// How far the wall clock has stepped.
    pub(crate) wall_skew_ms: i64,
    /// Lives of the node.
    pub(crate) epoch: u32,
    /// Whom a drop reaches: so many a turn, until none is left.
    dropping: Vec<u32>,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            slow: (0, 100),
            down_until: 0,
            flood: (0, 0),
            wall_skew_ms: 0,
            epoch: 1,
            dropping: Vec::new(),
        }
    }
}

/// A drop takes so many turns.
const DROP_MS: usize = 100;

impl World {
    /// What the plan has for this moment.
    pub(crate) fn befall(&mut self) {
        while let Some((at, fault)) = self.setup.plan.0.get(self.next_fault).copied()
            && at <= self.now()
        {
            self.next_fault += 1;
            self.strike(fault);
        }
        let reached = self
            .weather
            .dropping
            .len()
            .div_ceil(DROP_MS)
            .max(self.weather.dropping.len().min(self.setup.clients as usize / DROP_MS + 1));
        for _ in 0..reached {
            if let Some(client) = self.weather.dropping.pop() {
                self.drop_one(client);
            }
        }
        if self.now() < self.weather.flood.0 && self.now() >= self.weather.down_until {
            let per_s = u64::from(self.weather.flood.1);
            let now = u64::from(self.now());
            for _ in now * per_s / 1_000..(now + 1) * per_s / 1_000 {
                self.stranger();
            }
        }
    }

    fn strike(&mut self, fault: Fault) {
        let until = self.now() + fault.lasts_ms();
        self.tally.faults += 1;
        match fault {
            Fault::Drop { percent } => {
                let mut whom = self.chosen(percent, State::Live);
                whom.reverse();
                self.weather.dropping = whom;
            }
            Fault::Silence { percent, .. } => {
                for client in self.chosen(percent, State::Live) {
                    self.sockets.silent.insert(client, until);
                }
            }
            Fault::Slow { percent, .. } => self.weather.slow = (until, percent.max(100)),
            Fault::LeakPermits(count) => self.wedge(Wedge::LeakPermits(count)),
            Fault::FreezeCursor => self.wedge(Wedge::FreezeCursor),
            Fault::NegativeCount => self.wedge(Wedge::NegativeCount),
            Fault::ClockAhead(ms) => self.wedge(Wedge::ClockAhead(ms)),
            Fault::Wall { by_ms } => self.weather.wall_skew_ms += i64::from(by_ms),
            Fault::Crash { .. } => self.crash(until),
            Fault::NoShows { percent } => {
                for client in self.chosen(percent, State::Away) {
                    self.crowd.leave(client);
                }
            }
            Fault::Flood { per_s, .. } => self.weather.flood = (until, per_s),
        }
        self.properties.struck(fault, self.tally.finished);
    }

    fn wedge(&mut self, wedge: Wedge) {
        self.watch.wedged(self.crowd.now());
        self.storm(Input::Fault(wedge));
    }

    /// So many of a hundred of those in a state.
    fn chosen(&mut self, percent: u32, state: State) -> Vec<u32> {
        let mut chosen = Vec::new();
        for client in 0..self.crowd.clients.len() as u32 {
            let is = self.crowd.clients[client as usize].state == state;
            if is && (percent >= 100 || self.random.percent(percent.into())) {
                chosen.push(client);
            }
        }
        chosen
    }

    fn drop_one(&mut self, client: u32) {
        let has = &self.crowd.clients[client as usize];
        if has.state == State::Live && !self.silent(client) {
            let conn = conn_of(client, has.attempts);
            self.gone(conn);
            self.crowd.lost(client);
        }
    }

    /// The node ends, with every connection, and begins anew with a machine that knows its last rate.
    fn crash(&mut self, until: u32) {
        self.weather.down_until = until;
        self.weather.epoch += 1;
        self.backlog.clear();
        self.work.clear();
        self.sockets.standing.clear();
        self.sockets.ghosts.clear();
        for client in 0..self.crowd.clients.len() as u32 {
            match self.crowd.clients[client as usize].state {
                State::Queued | State::Admitting | State::Parked | State::Live => {
                    self.crowd.lost(client);
                }
                State::Away | State::Syn(_) | State::Gone => {}
            }
        }
        if let Door::Ours(before) = &self.door {
            let mu_per_s = Some(before.figures(Instant(self.now_us())).mu_per_s);
            let wall = (WALL_START.0 + u64::from(self.now()))
                .saturating_add_signed(self.weather.wall_skew_ms);
            let (now, epoch) = (Instant(self.now_us()), self.weather.epoch);
            let start = Start { now, wall: Millis(wall), node: 0, epoch, mu_per_s };
            self.properties.began(wall - now.0 / 1_000);
            self.watch.wedged_at = None;
            self.door = Door::Ours(Box::new(storm(&self.setup, start)));
        }
    }

    /// Every connection that there is, and how it stands.
    pub(crate) fn truth(&self) -> Vec<(u64, Standing)> {
        if self.small() {
            return self.sockets.standing.iter().map(|(c, s)| (*c, *s)).collect();
        }
        let mut truth = Vec::new();
        for (number, client) in self.crowd.clients.iter().enumerate() {
            let conn = conn_of(number as u32, client.attempts);
            let standing = match client.state {
                State::Live => Standing::Live,
                State::Admitting => Standing::Admitting,
                State::Parked => self.parked_standing(conn),
                State::Away | State::Syn(_) | State::Queued | State::Gone => continue,
            };
            truth.push((conn, standing));
        }
        truth
    }

    /// How a parked connection stands.
    pub(crate) fn parked_standing(&self, conn: u64) -> Standing {
        let client = client_of(conn);
        let since = Instant(u64::from(self.now()) * 1_000);
        let since = self.properties.since(conn).unwrap_or(since);
        let bytes = self.setup.parked_bytes;
        Standing::Parked {
            class: self.class_of(client),
            bound: self.bound_of(client),
            bytes,
            since,
        }
    }
}
