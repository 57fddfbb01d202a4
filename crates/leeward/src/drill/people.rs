//! Who takes part in a drill: synthetic accounts in rooms, each with a part, a kind of client, and what
//! that signs in by. Never brings anybody in.

use super::house::{Cast, House};
use anyhow::{Context as _, Result};
use leeward_client::drill::{Part, Person, Species, XmppNames};
use leeward_server::core::id::{AccountId, RoomId};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Accounts made by one request.
const ACCOUNTS_AT_ONCE: usize = 1_000;

impl House {
    /// Makes everybody, and gives each their part.
    pub(super) async fn make(&mut self, sources: Vec<IpAddr>) -> Result<Vec<Person>> {
        let Cast { clients, strangers, room_size, survivors, .. } = self.cast.clone();
        let whole_rooms = (ACCOUNTS_AT_ONCE / room_size).max(1) * room_size;
        let mut people: Vec<Person> = Vec::with_capacity(clients + strangers);
        let mut accounts: Vec<AccountId> = Vec::with_capacity(clients + strangers);
        while people.len() < clients + strangers {
            let missing = clients + strangers - people.len();
            self.show.goes_on(&format!("making people: {} more", missing));
            let password = self.password.clone();
            let ask = AskLoad { accounts: whole_rooms.min(missing), room_size, password };
            let made: MadeLoad = self
                .api
                .call("POST", "/api/v1/load", Some(&ask))
                .await
                .context("the synthetic people cannot be made")?;
            for made in made.people {
                let n = people.len();
                let from = sources.get(n % sources.len().max(1)).copied();
                accounts.push(made.account);
                people.push(self.person(n, made, from));
            }
        }
        let circle: Vec<AccountId> = people
            .iter()
            .zip(&accounts)
            .filter(|(person, _)| person.part == Part::Survivor)
            .map(|(_, account)| *account)
            .collect();
        debug_assert!(circle.len() <= survivors, "a room has one survivor at most");
        let club = self.make_club(&circle).await?;
        for person in people.iter_mut().filter(|person| person.part == Part::Survivor) {
            person.club = Some(club);
        }
        self.rooms.push(club);
        Ok(people)
    }

    /// Gives somebody their part.
    fn person(&mut self, n: usize, made: Made, from: Option<IpAddr>) -> Person {
        let Made { name, token, room, room_name, .. } = made;
        let part = self.part(n, room);
        let species = self.species(n, part);
        let hidden = self.cast.hidden && part != Part::Survivor;
        let person = Person { token, room, club: None, from, species, part, hidden, xmpp: None };
        match self.password.clone().filter(|_| species.speaks_xmpp()) {
            None => person,
            Some(token) => {
                let xmpp = Some(XmppNames { name, room: room_name, club: None });
                Person { token, xmpp, ..person }
            }
        }
    }

    /// The first of each room survives, as far as survivors are wanted; then the shares.
    fn part(&mut self, n: usize, room: RoomId) -> Part {
        if n >= self.cast.clients {
            return Part::Stranger;
        }
        let first = !self.rooms.contains(&room);
        if first {
            self.rooms.push(room);
        }
        if first && self.rooms.len() <= self.cast.survivors {
            Part::Survivor
        } else if n % 100 < self.cast.bystander_percent {
            Part::Bystander
        } else {
            self.returners += 1;
            Part::Returner
        }
    }

    fn species(&self, n: usize, part: Part) -> Species {
        match part {
            Part::Survivor => Species::Leeward,
            Part::Bystander => self.cast.stay.nth(n),
            Part::Returner | Part::Stranger => self.cast.mix.nth(n),
        }
    }

    async fn make_club(&mut self, members: &[AccountId]) -> Result<RoomId> {
        let name = format!("drill-{}", &crate::operator::secret()?[..8]);
        let ask = AskRoom { kind: "private", name, topic: "A load test", members };
        let made: MadeRoom = self
            .api
            .call("POST", "/api/v1/rooms", Some(&ask))
            .await
            .context("the survivors' room cannot be made")?;
        Ok(made.id)
    }
}

#[derive(Serialize)]
struct AskLoad {
    accounts: usize,
    room_size: usize,
    password: Option<String>,
}

#[derive(Deserialize)]
struct MadeLoad {
    people: Vec<Made>,
}

#[derive(Deserialize)]
struct Made {
    account: AccountId,
    name: String,
    token: String,
    room: RoomId,
    room_name: String,
}

#[derive(Serialize)]
struct AskRoom<'a> {
    kind: &'a str,
    name: String,
    /// By which the server knows it for one to take away again.
    topic: &'a str,
    members: &'a [AccountId],
}

#[derive(Deserialize)]
struct MadeRoom {
    id: RoomId,
}
