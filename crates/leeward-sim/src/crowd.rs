//! All clients of a world, and when each acts next. An obedient client of a small world is a
//! [`Reconnect`] with a place in the same arrays; the world does not see the difference.

use crate::client::{Act, Client, NEVER, State};
use crate::random::draw;
use crate::species::Species;
use crate::wheel::Wheel;
use leeward_core::code::Refusal;
use leeward_core::id::Instant;
use leeward_core::reconnect::{Input, Output, Reconnect};
use leeward_core::seal::KeyRing;
use leeward_core::storm::{Class, Slot, ticket};
use leeward_core::wire::Lease;

/// How many clients are in each state, obedient and others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Census {
    /// In.
    pub live: [u32; 2],
    /// Being let in, as they see it.
    pub admitting: [u32; 2],
    /// In the lot, as they see it.
    pub parked: [u32; 2],
    /// In the backlog.
    pub queued: [u32; 2],
    /// Neither; they knock again.
    pub away: [u32; 2],
    /// They never come back.
    pub gone: [u32; 2],
}

impl Census {
    fn of(&mut self, state: State, obedient: bool) -> &mut u32 {
        let of = match state {
            State::Live => &mut self.live,
            State::Admitting => &mut self.admitting,
            State::Parked => &mut self.parked,
            State::Queued => &mut self.queued,
            State::Away | State::Syn(_) => &mut self.away,
            State::Gone => &mut self.gone,
        };
        &mut of[usize::from(!obedient)]
    }

    /// Obedient clients that are not in and want to be.
    pub fn obedient_missing(&self) -> u32 {
        self.missing(0)
    }

    /// Clients that are not in and want to be.
    pub fn all_missing(&self) -> u32 {
        self.missing(0) + self.missing(1)
    }

    fn missing(&self, kind: usize) -> u32 {
        self.admitting[kind] + self.parked[kind] + self.queued[kind] + self.away[kind]
    }
}

/// All clients.
#[derive(Debug)]
pub struct Crowd {
    /// By number.
    pub clients: Vec<Client>,
    /// How many of them are where.
    pub census: Census,
    /// The species that does what it is told, or in a control would.
    pub obedient: Species,
    seed: u64,
    wheel: Wheel,
    machines: Vec<Machine>,
    keys: KeyRing,
}

/// The client's real machine, and what it wants that its shell has not done.
#[derive(Debug)]
struct Machine {
    reconnect: Reconnect,
    open: bool,
    close: bool,
    ping: bool,
    slot: Option<String>,
}

impl Crowd {
    /// Clients that are all in, by what leases they hold.
    pub fn new(
        seed: u64,
        (species, obedient): (impl Iterator<Item = Species>, Species),
        lease: Lease,
        machines: bool,
    ) -> Self {
        let clients: Vec<Client> =
            species.map(|species| Client::live(species, lease.spread_ms)).collect();
        let mut census = Census::default();
        for client in &clients {
            *census.of(State::Live, client.species == obedient) += 1;
        }
        let count = if machines { clients.len() } else { 0 };
        let mut crowd = Self {
            clients,
            census,
            obedient,
            seed,
            wheel: Wheel::default(),
            machines: (0..count).map(|_| Machine::new(lease)).collect(),
            keys: KeyRing::new((1, [1; 32]), Vec::new()),
        };
        for number in 0..count as u32 {
            crowd.settle(number);
        }
        crowd
    }

    /// Moves on by a millisecond and puts into `due` whose moment has come, by number.
    pub fn turn(&mut self, due: &mut Vec<u32>) {
        self.wheel.turn(due);
        let now = self.wheel.now();
        due.retain(|number| self.clients[*number as usize].due == now);
        due.sort_unstable();
        due.dedup();
    }

    /// Milliseconds since the world began.
    pub fn now(&self) -> u32 {
        self.wheel.now()
    }

    fn draw(&self, number: u32) -> u32 {
        draw(self.seed, number, self.now())
    }

    /// Moves a client and keeps the books.
    fn change(&mut self, number: u32, change: impl FnOnce(&mut Client, u32, u32)) {
        let (now, random) = (self.now(), self.draw(number));
        let client = &mut self.clients[number as usize];
        let (was, due) = (client.state, client.due);
        change(client, now, random);
        if client.due != NEVER && (client.due != due || due <= now) {
            client.due = self.wheel.arm(number, client.due);
        }
        if was != client.state {
            let obedient = client.species == self.obedient;
            *self.census.of(was, obedient) -= 1;
            *self.census.of(client.state, obedient) += 1;
        }
    }

    fn machine(&mut self, number: u32) -> Option<&mut Machine> {
        let obedient = self.clients[number as usize].species == Species::Obedient;
        self.machines.get_mut(number as usize).filter(|_| obedient)
    }

    /// Tells the machine of a client, if it has one; whether it has.
    fn tell(&mut self, number: u32, input: Input) -> bool {
        let at = Instant(u64::from(self.now()) * 1_000);
        let Some(machine) = self.machine(number) else { return false };
        machine.tell(at, input);
        true
    }

    /// Puts down when the machine of a client wants to act next.
    fn settle(&mut self, number: u32) {
        let Some(machine) = self.machine(number) else { return };
        let due = if machine.open || machine.close || machine.ping {
            0
        } else {
            machine.reconnect.deadline().map_or(NEVER, |at| at.0.div_ceil(1_000) as u32)
        };
        self.change(number, |client, _, _| client.due = due);
    }

    /// The moment of a client has come.
    pub fn act(&mut self, number: u32) -> Act {
        let random = self.draw(number);
        if self.machine(number).is_some() {
            return self.act_by_machine(number, random);
        }
        let mut act = Act::Nothing;
        self.change(number, |client, now, random| {
            // Whoever fires has no moment any more, until something gives it one.
            client.due = NEVER;
            act = client.act(now, random);
        });
        act
    }

    fn act_by_machine(&mut self, number: u32, random: u32) -> Act {
        let syn = matches!(self.clients[number as usize].state, State::Syn(_));
        self.tell(number, Input::Tick { random });
        let Some(machine) = self.machine(number) else { return Act::Nothing };
        let (open, close, ping) = (machine.open, machine.close, machine.ping);
        (machine.open, machine.close, machine.ping) = (false, false, false);
        let act = if close {
            self.change(number, |client, _, _| client.state = State::Away);
            if syn { Act::Nothing } else { Act::HangUp }
        } else if open {
            self.change(number, |client, now, _| {
                client.state = State::Away;
                client.attempts = client.attempts.saturating_add(1);
                client.began = now;
            });
            Act::Knock
        } else if ping {
            Act::Ping
        } else if syn {
            Act::Knock
        } else {
            Act::Nothing
        };
        self.settle(number);
        act
    }

    /// Its SYN is in the backlog.
    pub fn queued(&mut self, number: u32) {
        self.change(number, |client, _, _| client.queued());
        self.settle(number);
    }

    /// Its SYN was dropped.
    pub fn unanswered(&mut self, number: u32) {
        self.change(number, |client, _, _| client.unanswered());
    }

    /// Its socket is open: the slot in its hello.
    pub fn hello(&mut self, number: u32, class: Class, bound: u64) -> Option<Slot> {
        if self.tell(number, Input::Opened) {
            self.settle(number);
            let text = self.machine(number).and_then(|machine| machine.slot.take())?;
            return ticket::open(&self.keys, &text);
        }
        self.change(number, |client, now, _| client.opened(now));
        self.clients[number as usize].slot(class, bound)
    }

    /// It has a permit.
    pub fn admitting(&mut self, number: u32) {
        self.change(number, |client, _, _| client.state = State::Admitting);
    }

    /// It has been told its place.
    pub fn parked(&mut self, number: u32, place: u32, wait_ms: u32) {
        self.change(number, |client, now, _| client.parked(now));
        self.tell(number, Input::Parked { place, wait_ms, message: None });
        self.settle(number);
    }

    /// It is in.
    pub fn welcomed(&mut self, number: u32, lease: Lease) {
        self.change(number, |client, _, _| client.welcomed(lease.spread_ms));
        self.tell(number, Input::Welcome { lease });
        self.tell(number, Input::CaughtUp);
        self.settle(number);
    }

    /// Its ping has been answered.
    pub fn pong(&mut self, number: u32, lease: Lease) {
        self.tell(number, Input::Pong { lease });
        self.settle(number);
    }

    /// It has been refused.
    pub fn refused(&mut self, number: u32, refusal: &Refusal, slot: Option<&Slot>) {
        self.change(number, |client, now, random| {
            client.refused(now, refusal.after_ms, slot, random);
        });
        let (random, refusal) = (self.draw(number), refusal.clone());
        let slot = slot.filter(|_| !self.machines.is_empty()).map(|s| ticket::seal(&self.keys, s));
        self.tell(number, Input::Refuse { refusal, slot, random });
        self.closed(number);
    }

    /// Its connection is gone without a word.
    pub fn lost(&mut self, number: u32) {
        self.change(number, |client, now, random| client.lost(now, random));
        let random = self.draw(number);
        self.tell(number, Input::Closed { random });
        self.closed(number);
    }

    /// It comes for the first time.
    pub fn arrive(&mut self, number: u32) {
        self.change(number, |client, now, _| (client.state, client.due) = (State::Away, now + 1));
    }

    /// Its socket is closed already: the machine need not close it.
    fn closed(&mut self, number: u32) {
        if let Some(machine) = self.machine(number) {
            (machine.close, machine.ping) = (false, false);
        }
        self.settle(number);
    }

    /// It never comes back.
    pub fn leave(&mut self, number: u32) {
        self.change(number, |client, _, _| (client.state, client.due) = (State::Gone, NEVER));
        self.tell(number, Input::Stop);
        self.closed(number);
    }
}

impl Machine {
    /// A machine that is in and up to date.
    fn new(lease: Lease) -> Self {
        let reconnect = Reconnect::new();
        let mut machine = Self { reconnect, open: false, close: false, ping: false, slot: None };
        let start = Instant(0);
        for input in [Input::Start, Input::Opened, Input::Welcome { lease }, Input::CaughtUp] {
            machine.tell(start, input);
        }
        (machine.open, machine.close, machine.ping) = (false, false, false);
        machine
    }

    fn tell(&mut self, at: Instant, input: Input) {
        self.reconnect.handle(at, input);
        while let Some(output) = self.reconnect.next_output() {
            match output {
                Output::Open => self.open = true,
                Output::Hello { slot, .. } => self.slot = slot,
                Output::Close => (self.close, self.open) = (true, false),
                Output::Ping { .. } => self.ping = true,
                Output::Bar(_) => {}
            }
        }
    }
}
