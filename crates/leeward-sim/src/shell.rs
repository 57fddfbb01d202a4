//! The node's shell: it does what the door says, keeps the sockets, and ends what is silent too long.
//! What the sockets say is the truth by which the watchdog judges.

use crate::client::State;
use crate::door::Door;
use crate::random::number_of;
use crate::setup::Setup;
use crate::species::Species;
use crate::world::{STRANGER, World, client_of, conn_of};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::Instant;
use leeward_core::lease::Held;
use leeward_core::storm::{Class, Input, Output, Slot, Source, Standing};
use leeward_core::wire::Lease;
use std::collections::BTreeMap;

/// The sockets of a node.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    /// Every connection and how it stands; empty in a large world, where the clients' states say it.
    pub(crate) standing: BTreeMap<u64, Standing>,
    /// The lease of each client that is in, in a world of machines.
    pub(crate) held: Vec<Held>,
    /// Connections whose client has left without a word, and their leases.
    pub(crate) ghosts: BTreeMap<u64, Held>,
    /// Whose network is silent, and until when.
    pub(crate) silent: BTreeMap<u32, u32>,
}

impl Sockets {
    pub(crate) fn new(setup: &Setup, lease: Lease) -> Self {
        let all_in = setup.clients <= SMALL_MAX && !setup.visitors;
        let clients = if all_in { setup.clients } else { 0 };
        let machines = if setup.machines { setup.clients as usize } else { 0 };
        Self {
            standing: (0..clients).map(|client| (conn_of(client, 0), Standing::Live)).collect(),
            held: vec![Held::new(Instant(0), lease); machines],
            ..Self::default()
        }
    }
}

impl World {
    /// Whether the world is small enough to keep every socket in a table.
    pub(crate) fn small(&self) -> bool {
        self.setup.clients <= SMALL_MAX
    }

    /// Which class a client shows in its hello.
    pub(crate) fn class_of(&self, client: u32) -> Class {
        const OTHERS: [Class; 4] =
            [Class::ResumeElsewhere, Class::SignIn, Class::Guest, Class::Stale];
        let number = number_of(self.setup.seed ^ 0xc1a5, client);
        match (client, self.setup.classes && number.is_multiple_of(2)) {
            (STRANGER, _) => Class::Stranger,
            (_, true) => OTHERS[(number >> 32) as usize % OTHERS.len()],
            (_, false) => Class::ResumeHere,
        }
    }

    /// What only this client can show.
    pub(crate) fn bound_of(&self, client: u32) -> u64 {
        number_of(self.setup.seed ^ 0xb0d, client)
    }

    /// Tells the machine, and does what it says.
    pub(crate) fn storm(&mut self, input: Input) {
        let now_us = self.now_us();
        self.door.handle(now_us, input);
        while let Some(output) = self.door.next_output() {
            self.answer(output);
        }
    }

    /// The hello of a connection has been read.
    pub(crate) fn greet(&mut self, conn: u64) {
        let client = client_of(conn);
        let (class, bound) = (self.class_of(client), self.bound_of(client));
        let stranger = client == STRANGER;
        let slot = if stranger { None } else { self.crowd.hello(client, class, bound) };
        let source = Source(if stranger { FLOOD_SOURCE } else { bound | 1 });
        self.tally.greeted += 1;
        match &self.door {
            Door::Ours(_) => {
                let bytes = self.setup.parked_bytes;
                self.properties.knocks(Instant(self.now_us()), conn, class, slot.as_ref());
                self.storm(Input::Knock { conn, class, slot, bound, source, bytes });
            }
            Door::Room(most) if self.work.len() >= *most => {
                let refusal = Refusal::new(Code::Full);
                self.answer(Output::Refuse { conn, refusal, slot: None });
            }
            Door::Everybody | Door::Room(_) => self.answer(Output::Admit { conn }),
        }
    }

    /// Does what the door says of one connection.
    pub(crate) fn answer(&mut self, output: Output) {
        match output {
            Output::Admit { conn } => self.admit(conn),
            Output::Park { conn, place, wait_ms, message: _ } => self.park(conn, place, wait_ms),
            Output::Refuse { conn, refusal, slot } => self.refuse(conn, &refusal, slot.as_ref()),
            Output::Goodbye { conn, refusal, slot } => self.refuse(conn, &refusal, slot.as_ref()),
            Output::Expire { conn } => {
                self.tally.expired += 1;
                self.close(conn);
            }
            Output::Stuck => self.stuck(),
        }
    }

    fn stand(&mut self, conn: u64, standing: Standing) {
        if self.small() {
            self.sockets.standing.insert(conn, standing);
        }
    }

    fn admit(&mut self, conn: u64) {
        self.properties.admits(conn);
        self.tally.admits += 1;
        self.stand(conn, Standing::Admitting);
        self.work.push_back(conn);
        if client_of(conn) != STRANGER {
            self.crowd.admitting(client_of(conn));
        }
    }

    fn park(&mut self, conn: u64, place: u32, wait_ms: u32) {
        let client = client_of(conn);
        if !matches!(self.sockets.standing.get(&conn), Some(Standing::Parked { .. })) {
            self.stand(conn, self.parked_standing(conn));
        }
        self.properties.parks(conn);
        if client != STRANGER {
            self.crowd.parked(client, place, wait_ms);
        }
    }

    fn refuse(&mut self, conn: u64, refusal: &Refusal, slot: Option<&Slot>) {
        self.tally.refused += 1;
        self.forget(conn);
        let client = client_of(conn);
        if client != STRANGER {
            self.crowd.refused(client, refusal, slot);
            self.properties.refuses(&self.crowd, client, self.tally.finished);
        }
    }

    /// The work of an admission is done.
    pub(crate) fn finish(&mut self, conn: u64) {
        self.tally.finished(self.crowd.now());
        if client_of(conn) == STRANGER {
            // It had nothing to show.
            return self.gone(conn);
        }
        self.replace(conn);
        self.welcome(conn);
        self.stand(conn, Standing::Live);
        self.storm(Input::Admitted { conn });
        if self.setup.visitors {
            self.gone(conn);
            self.crowd.leave(client_of(conn));
        }
    }

    /// Resuming raises the session's epoch: what is left of the connection before is closed.
    fn replace(&mut self, conn: u64) {
        if !self.small() {
            return;
        }
        let client = client_of(conn);
        let before: Vec<u64> = self
            .sockets
            .ghosts
            .keys()
            .copied()
            .filter(|ghost| client_of(*ghost) == client)
            .collect();
        for ghost in before {
            self.gone(ghost);
        }
        let live = |conn: &u64| self.sockets.standing.get(conn) == Some(&Standing::Live);
        let left = (0..conn >> 32).map(|attempt| conn_of(client, attempt as u16)).find(live);
        self.properties.one_connection(left.is_none(), client);
    }

    /// A client is in.
    pub(crate) fn welcome(&mut self, conn: u64) {
        let (client, lease) = (client_of(conn), self.door.lease());
        self.crowd.welcomed(client, lease);
        self.tally.welcomed(&self.crowd, client);
        self.properties.is_in(client);
        if let Some(held) = self.sockets.held.get_mut(client as usize) {
            *held = Held::new(Instant(u64::from(self.crowd.now()) * 1_000), lease);
        }
    }

    /// A client has pinged.
    pub(crate) fn ping(&mut self, client: u32) {
        if self.silent(client) {
            return;
        }
        let (now, lease) = (Instant(u64::from(self.now()) * 1_000), self.door.lease());
        if let Some(held) = self.sockets.held.get_mut(client as usize) {
            held.renew(now, lease);
        }
        self.crowd.pong(client, lease);
    }

    /// Whether the network of a client takes nothing.
    pub(crate) fn silent(&self, client: u32) -> bool {
        self.sockets.silent.get(&client).is_some_and(|until| self.now() < *until)
    }

    /// A client has closed its socket.
    pub(crate) fn hung_up(&mut self, client: u32) {
        let conn = conn_of(client, self.crowd.clients[client as usize].attempts);
        self.tally.gave_up += 1;
        let live = self.sockets.standing.get(&conn) == Some(&Standing::Live);
        match self.sockets.held.get(client as usize) {
            Some(held) if live && self.silent(client) => {
                self.sockets.ghosts.insert(conn, *held);
            }
            _ => self.gone(conn),
        }
    }

    fn forget(&mut self, conn: u64) {
        self.sockets.standing.remove(&conn);
        self.sockets.ghosts.remove(&conn);
        self.properties.leaves(conn);
    }

    /// A socket is closed.
    pub(crate) fn gone(&mut self, conn: u64) {
        self.forget(conn);
        self.storm(Input::Gone { conn });
    }

    /// The node closes a socket of which the machine knows nothing more.
    pub(crate) fn close(&mut self, conn: u64) {
        self.forget(conn);
        let client = client_of(conn);
        if client != STRANGER {
            let has = &self.crowd.clients[client as usize];
            let waits = matches!(has.state, State::Admitting | State::Parked | State::Live);
            if waits && conn_of(client, has.attempts) == conn && !self.silent(client) {
                self.crowd.lost(client);
            }
        }
    }

    /// Ends whoever is silent longer than their lease.
    pub(crate) fn look_at_leases(&mut self) {
        let now = Instant(u64::from(self.now()) * 1_000);
        let expired = |held: &Held| held.expired(now);
        let ghosts: Vec<u64> =
            self.sockets.ghosts.iter().filter(|(_, h)| expired(h)).map(|(c, _)| *c).collect();
        for ghost in ghosts {
            let late = now.ms_since(self.sockets.ghosts[&ghost].until());
            self.properties.ghost_ends(late);
            self.gone(ghost);
        }
        for client in 0..self.sockets.held.len() as u32 {
            let has = &self.crowd.clients[client as usize];
            if has.species != Species::Obedient || has.state != State::Live {
                continue;
            }
            let conn = conn_of(client, has.attempts);
            let stands = self.sockets.standing.get(&conn) == Some(&Standing::Live);
            if stands && expired(&self.sockets.held[client as usize]) {
                self.properties.lease_ends(self.silent(client), client);
                self.close(conn);
                self.storm(Input::Gone { conn });
            }
        }
    }
}

/// The largest world whose sockets are all kept in a table.
const SMALL_MAX: u32 = 50_000;
/// Where a flood comes from.
const FLOOD_SOURCE: u64 = 7;
