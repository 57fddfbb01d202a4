//! What must hold in every world, looked at while it runs. The first thing broken ends the world.

use crate::crowd::Crowd;
use crate::door::WALL_START;
use crate::fault::Fault;
use crate::line::Line;
use crate::setup::Setup;
use crate::world::World;
use leeward_core::id::Instant;
use leeward_core::storm::{Class, Slot};

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Properties {
    /// The first wall clock of the node's life, less its first instant: turns tickets into instants.
    wall_zero_ms: u64,
    /// Lives of the node.
    epoch: u32,
    line: Line,
    broken: Vec<String>,
    now: u32,
    /// Clients were told to wait for so long, at most.
    refusals_max: u16,
    refusals_allowed: u16,
    /// When somebody has waited since without any admission; and how much was idle meanwhile.
    idle: Idle,
    /// The wedge whose end is awaited.
    wedge: Option<Wedged>,
    /// How many obedient clients were missing when it was looked last, and when.
    falling: (u32, u32),
    strict: bool,
}

/// A machine that was broken on purpose.
#[derive(Clone, Copy, Debug)]
struct Wedged {
    /// How many admissions were finished before.
    finished: u64,
    /// When somebody was first turned away since.
    first_turned_away: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Idle {
    waiting_ms: u32,
    idle_ns: i64,
}

/// An obedient client is refused no oftener in one absence, and so much oftener with each fault.
const REFUSALS_MAX: u16 = 12;
const REFUSALS_EACH_FAULT: u16 = 3;
/// After a wedge, the first admission comes within this time.
const RESUME_MS: u32 = 2_500;
/// Somebody waits and the processor is idle: for so long at most.
const IDLE_MS: u32 = 2_500;
/// Those who are missing become fewer within this time.
const FALLING_MS: u32 = 10_000;
/// The living wait no longer than this.
const LAG_MAX_US: i64 = 100_000;

impl Properties {
    pub(crate) fn new(setup: &Setup) -> Self {
        let faults = setup.plan.0.len() as u16;
        // Where a refusal costs next to nothing, more of them do no harm.
        let cheap = (600 / setup.rho_permille.max(1)) as u16;
        Self {
            wall_zero_ms: WALL_START.0,
            epoch: 1,
            line: Line::default(),
            broken: Vec::new(),
            now: 0,
            refusals_max: 0,
            refusals_allowed: REFUSALS_MAX.max(cheap) + REFUSALS_EACH_FAULT * faults,
            idle: Idle::default(),
            wedge: None,
            falling: (u32::MAX, 0),
            strict: setup.strict,
        }
    }

    pub(crate) fn any_broken(&self) -> bool {
        !self.broken.is_empty()
    }

    pub(crate) fn into_broken(self) -> Vec<String> {
        self.broken
    }

    pub(crate) fn refusals_max(&self) -> u16 {
        self.refusals_max
    }

    fn hold(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.strict && self.broken.len() < 8 {
            self.broken.push(format!("at {} ms: {}", self.now, what()));
        }
    }

    /// Since when somebody waits, by the ticket or else by the knock.
    pub(crate) fn since(&self, conn: u64) -> Option<Instant> {
        self.line.since(conn)
    }

    /// Somebody knocks.
    pub(crate) fn knocks(&mut self, at: Instant, conn: u64, class: Class, slot: Option<&Slot>) {
        if !self.strict {
            return;
        }
        let issued = slot.map(|s| Instant(s.issued.0.saturating_sub(self.wall_zero_ms) * 1_000));
        self.line.knocks(at, (conn, self.epoch), class, slot.zip(issued));
    }

    /// Somebody is told to wait on their connection.
    pub(crate) fn parks(&mut self, conn: u64) {
        if self.wedge.is_none() {
            self.line.parks(conn);
        }
    }

    /// Somebody gets a permit.
    pub(crate) fn admits(&mut self, conn: u64) {
        let before = self.line.admits(conn);
        let fine = before.is_none() || self.wedge.is_some();
        self.hold(fine, || format!("{conn:x} went in before {before:x?}, who waits longer"));
    }

    /// A connection is no longer in the lot, nor being let in.
    pub(crate) fn leaves(&mut self, conn: u64) {
        self.line.leaves(conn);
    }

    /// A client has been refused.
    pub(crate) fn refuses(&mut self, crowd: &Crowd, client: u32, finished: u64) {
        self.turned_away(finished);
        let has = &crowd.clients[client as usize];
        if has.species == crowd.obedient {
            self.refusals_max = self.refusals_max.max(has.refusals);
            let fine = has.refusals <= self.refusals_allowed;
            self.hold(fine, || format!("client {client} was refused {} times", has.refusals));
        }
    }

    /// A session has one connection at most.
    pub(crate) fn one_connection(&mut self, one: bool, client: u32) {
        self.hold(one, || format!("the session of client {client} has two live connections"));
    }

    /// A ghost was ended, so many milliseconds after its lease.
    pub(crate) fn ghost_ends(&mut self, late_ms: u64) {
        self.hold(late_ms <= 1_000, || format!("a ghost outlived its lease by {late_ms} ms"));
    }

    /// A lease has ended a connection; rightly, when nothing was heard.
    pub(crate) fn lease_ends(&mut self, silent: bool, client: u32) {
        self.hold(silent, || format!("the lease of client {client} ended while it kept to it"));
    }

    /// The machine's table was compared with the sockets.
    pub(crate) fn compared(&mut self, agree: bool, wedged: bool) {
        self.hold(agree || wedged, || "the table is not what the sockets say".to_owned());
    }

    /// The node began a life, with this wall clock at the world's beginning.
    pub(crate) fn began(&mut self, wall_zero_ms: u64) {
        self.wall_zero_ms = wall_zero_ms;
        self.epoch += 1;
        self.line = Line::default();
        self.wedge = None;
    }

    /// A fault befell.
    pub(crate) fn struck(&mut self, fault: Fault, finished: u64) {
        if fault.wedges() {
            self.wedge = Some(Wedged { finished, first_turned_away: None });
            self.line.forgive();
        }
    }

    /// A client is in.
    pub(crate) fn is_in(&mut self, client: u32) {
        self.line.is_in(client);
    }

    /// Looks at a turn.
    pub(crate) fn turn(&mut self, look: &Look) {
        self.now = look.now;
        self.hold(look.sockets <= look.sockets_max, || {
            format!("{} connections, where {} are carried", look.sockets, look.sockets_max)
        });
        self.hold(look.lag_ns / 1_000 <= LAG_MAX_US || look.overloaded, || {
            format!("the living waited {} ms", look.lag_ns / 1_000_000)
        });
        self.resumes(look);
        self.works(look);
        self.falls(look);
        self.hold(look.now < look.bound_ms || look.missing == 0, || {
            format!("{} obedient clients are missing at their bound", look.missing)
        });
    }

    /// From any wedge, somebody is let in soon: nobody is turned away by a machine that has let nobody
    /// in since, later than that after the first one was.
    fn turned_away(&mut self, finished: u64) {
        let Some(wedge) = &mut self.wedge else { return };
        let first = *wedge.first_turned_away.get_or_insert(self.now);
        let fine = finished > wedge.finished || self.now <= first + RESUME_MS;
        self.hold(fine, || format!("nobody was let in for {RESUME_MS} ms after a wedge"));
    }

    /// Whether the machine has come to itself.
    fn resumes(&mut self, look: &Look) {
        if let Some(wedge) = &self.wedge
            && look.finished > wedge.finished
            && !look.wedged
        {
            self.wedge = None;
        }
    }

    /// Nothing is idle while somebody waits.
    fn works(&mut self, look: &Look) {
        if look.waiting == 0 || look.down || look.held_back || self.wedge.is_some() {
            self.idle = Idle::default();
            return;
        }
        self.idle.waiting_ms += 1;
        self.idle.idle_ns += look.idle_ns;
        if self.idle.waiting_ms >= IDLE_MS {
            let idle_ms = self.idle.idle_ns / 1_000_000;
            let fine = idle_ms * 2 <= i64::from(IDLE_MS);
            self.hold(fine, || format!("somebody waited, and {idle_ms} of {IDLE_MS} ms were idle"));
            self.idle = Idle::default();
        }
    }

    /// Once the trigger is over, those who are missing become fewer.
    fn falls(&mut self, look: &Look) {
        let (missing, since) = self.falling;
        // The last few are held to their bound alone.
        if look.now < look.calm_ms || look.missing < missing || look.missing <= look.few {
            self.falling = (look.missing, look.now);
        } else {
            let fine = look.now <= since + FALLING_MS;
            self.hold(fine, || format!("{missing} are missing, as {FALLING_MS} ms before"));
        }
    }
}

/// What a turn is looked at for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    now: u32,
    calm_ms: u32,
    bound_ms: u32,
    sockets: usize,
    sockets_max: usize,
    lag_ns: i64,
    idle_ns: i64,
    overloaded: bool,
    missing: u32,
    few: u32,
    waiting: u32,
    finished: u64,
    wedged: bool,
    down: bool,
    /// By a fixed rate, or by the climb after a start.
    held_back: bool,
}

impl World {
    /// Looks at this turn.
    pub(crate) fn turn_properties(&mut self) {
        let census = self.crowd.census;
        let both = |of: [u32; 2]| of[0] + of[1];
        let now = self.now();
        let look = Look {
            now,
            calm_ms: self.setup.plan.over_ms() + RESUME_MS,
            bound_ms: self.setup.bound_ms(),
            sockets: match self.door.storm() {
                Some(_) if self.small() => self.sockets.standing.len(),
                _ => (both(census.live) + both(census.admitting) + both(census.parked)) as usize,
            },
            sockets_max: self.setup.connections_max() as usize,
            lag_ns: self.cpu.lag_ns,
            idle_ns: self.cpu.idle_ns(),
            overloaded: self.setup.load_percent > 90,
            missing: census.obedient_missing(),
            few: self.setup.clients / 50 + 3,
            waiting: both(census.parked) + both(census.queued) + both(census.admitting),
            finished: self.tally.finished,
            wedged: self.watch.wedged_at.is_some(),
            held_back: self.watch.held_back,
            down: now < self.weather.down_until,
        };
        self.properties.turn(&look);
    }
}
