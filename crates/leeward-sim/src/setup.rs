//! What a world is made of. Everything that happens in it follows from this.

use crate::fault::Plan;
use crate::species::Species;

/// Who decides at the door.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Policy {
    /// [`leeward_core::storm::Storm`], with clients that keep what it tells them.
    Ours,
    /// First come, first served; clients give up after 10 s and retry exponentially.
    Fifo,
    /// Refuses what is more than half a second of work; clients retry after 5 s.
    ShedFixed,
    /// The same; clients retry exponentially with full jitter, up to a minute.
    ShedExponential,
}

impl Policy {
    /// Ours and the controls.
    pub const ALL: [Self; 4] = [Self::Fifo, Self::ShedFixed, Self::ShedExponential, Self::Ours];

    /// As a table says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "slots, lot and guards",
            Self::Fifo => "first in, first out",
            Self::ShedFixed => "shed, retry after 5 s",
            Self::ShedExponential => "shed, exponential with jitter",
        }
    }

    /// The clients that would obey, if anybody told them something.
    pub fn obedient(self) -> Species {
        match self {
            Self::Ours => Species::Obedient,
            Self::Fifo | Self::ShedExponential => Species::Exponential,
            Self::ShedFixed => Species::Rocket,
        }
    }
}

/// A world before it begins.
#[derive(Clone, PartialEq, Debug)]
pub struct Setup {
    /// Decides every draw.
    pub seed: u64,
    /// Who decides at the door.
    pub policy: Policy,
    /// Clients, all of them in when the world begins.
    pub clients: u32,
    /// Admissions in a second that the node can finish when it does nothing else.
    pub mu_per_s: u32,
    /// Cost of a refusal over the cost of an admission, in thousandths.
    pub rho_permille: u32,
    /// Share of the processor that the traffic of a full house takes, in hundredths.
    pub load_percent: u32,
    /// Clients in a hundred that obey nobody.
    pub disobedient_percent: u32,
    /// What they are, each as often as the others.
    pub species: Vec<Species>,
    /// Openings get so much of a hundred of the processor while admissions wait; 0 for half as much
    /// again as admissions need of them, and 30 at most.
    pub chi_percent: u32,
    /// Bytes that the lot may hold.
    pub lot_bytes: u64,
    /// Bytes that one parked connection takes.
    pub parked_bytes: u32,
    /// Nobody is in when the world begins, and whoever has been let in leaves at once.
    pub visitors: bool,
    /// Whether the world ends with the first property that does not hold.
    pub strict: bool,
    /// Half of the clients are of other classes than those who resume here.
    pub classes: bool,
    /// Connections that the node carries; 0 for as many as there are clients, and a tenth more.
    pub connections_max: u32,
    /// What goes wrong, and when.
    pub plan: Plan,
    /// The world ends after so long, at the latest, in milliseconds.
    pub ends_ms: u32,
    /// Every obedient client is a [`leeward_core::reconnect::Reconnect`], pings, and holds a lease:
    /// for some thousands of clients.
    pub machines: bool,
}

impl Setup {
    /// All clients of an idle node dropped at once.
    pub fn storm(clients: u32, mu_per_s: u32) -> Self {
        Self {
            seed: 1,
            policy: Policy::Ours,
            clients,
            mu_per_s,
            rho_permille: 100,
            load_percent: 0,
            disobedient_percent: 0,
            species: vec![Species::Hammer],
            chi_percent: 0,
            lot_bytes: 64 << 20,
            parked_bytes: 4 << 10,
            visitors: false,
            strict: false,
            classes: false,
            connections_max: 0,
            plan: Plan::drop(100),
            ends_ms: 0,
            machines: false,
        }
    }

    /// The least time in which clients can be let in until all are, in milliseconds: what the living
    /// want done grows with their number. `away` is how many are to come.
    pub fn least_ms(&self, away: u32) -> u64 {
        let load = f64::from(self.load_percent.min(99)) / 100.0;
        let (all, away) = (f64::from(self.clients.max(1)), f64::from(away));
        let free = |share: f64| 1.0 - load * share;
        let seconds =
            if load > 0.0 { all / load * (free(1.0 - away / all) / free(1.0)).ln() } else { away };
        (seconds * 1_000.0 / f64::from(self.mu_per_s.max(1))) as u64
    }

    /// When the world is given up, in milliseconds.
    pub fn ends_ms(&self) -> u32 {
        let least = self.least_ms(self.clients) as u32;
        if self.ends_ms > 0 { self.ends_ms } else { self.plan.over_ms() + 90_000 + 8 * least }
    }

    /// How many of those that are in the first drop reaches.
    pub fn dropped(&self) -> u32 {
        let share = self.plan.0.iter().find_map(|(_, fault)| fault.drops());
        (u64::from(self.clients) * u64::from(share.unwrap_or(100)) / 100) as u32
    }

    /// By when every obedient client is in, in milliseconds: after the trigger, twice the least time,
    /// the longest back-off of a client that was told nothing, and the longest attempt.
    pub fn bound_ms(&self) -> u32 {
        self.plan.over_ms() + 2 * self.least_ms(self.clients) as u32 + 70_000
    }

    /// What openings get of the processor while admissions wait, in hundredths.
    pub fn chi_percent(&self) -> u32 {
        if self.chi_percent > 0 {
            self.chi_percent
        } else {
            (self.rho_permille * 15 / 100).clamp(2, 30)
        }
    }

    /// Connections that the node carries.
    pub fn connections_max(&self) -> u32 {
        if self.connections_max > 0 { self.connections_max } else { self.clients / 10 * 11 + 100 }
    }

    /// The species of a client.
    pub fn species_of(&self, client: u32) -> Species {
        let number = crate::random::number_of(self.seed, client);
        if number % 100 < self.disobedient_percent.into() && !self.species.is_empty() {
            self.species[(number >> 32) as usize % self.species.len()]
        } else {
            self.policy.obedient()
        }
    }
}
