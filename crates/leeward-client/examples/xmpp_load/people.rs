//! Who takes part: names, rooms, parts.

use crate::options::Options;
use leeward_client::drill::{Part, Person, Species, XmppNames};
use leeward_core::id::RoomId;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// The survivors' room, without a file of accounts.
const CLUB: &str = "club";
/// Source addresses on a loopback server, so that ports suffice for storm after storm.
const SOURCES: u8 = 8;

/// Everybody; the survivors first. All are survivors who are to talk in turn.
pub(crate) fn all(options: &Options) -> io::Result<Vec<Person>> {
    let seats = match &options.accounts {
        Some(path) => read(&std::fs::read_to_string(path)?)?,
        None => (0..options.clients).map(|n| made_up(options, n)).collect(),
    };
    if seats.len() < options.clients {
        return Err(io::Error::other("there are fewer accounts than clients"));
    }
    let mut rooms: BTreeMap<String, RoomId> = BTreeMap::new();
    let people = seats.into_iter().take(options.clients).enumerate().map(|(n, seat)| {
        let (name, token, room) = seat;
        let next = RoomId(rooms.len() as u64);
        let id = *rooms.entry(room.clone()).or_insert(next);
        let survives = n < options.survivors || options.deliver_per_s.is_some();
        Person {
            token,
            room: id,
            club: None,
            from: source(&options.url, n),
            species: options.species,
            part: if survives { Part::Survivor } else { Part::Returner },
            hidden: false,
            xmpp: Some(XmppNames { name, room, club: None }),
        }
    });
    Ok(people.collect())
}

/// The first of each room, to say what others will be told of the past.
pub(crate) fn writers(people: &[Person]) -> Vec<Person> {
    let mut writers: BTreeMap<RoomId, Person> = BTreeMap::new();
    for person in people {
        let writer = || Person { part: Part::Survivor, species: Species::Naive, ..person.clone() };
        writers.entry(person.room).or_insert_with(writer);
    }
    writers.into_values().collect()
}

/// The name of the `n`th account without a file.
pub(crate) fn name(n: usize) -> String {
    format!("u{:05}", n + 1)
}

fn made_up(options: &Options, n: usize) -> (String, String, String) {
    let room = match n.checked_sub(options.survivors) {
        None => CLUB.to_owned(),
        Some(n) => format!("{}{:05}", options.prefix, n / options.room_size + 1),
    };
    (name(n), options.password.clone(), room)
}

fn read(text: &str) -> io::Result<Vec<(String, String, String)>> {
    let line = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let seat = (|| Some((words.next()?, words.next()?, words.next()?)))();
        seat.ok_or_else(|| io::Error::other(format!("`{line}`: not a name, a password and a room")))
    };
    text.lines().map(line).collect()
}

fn source(url: &str, n: usize) -> Option<IpAddr> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let last = 2 + (n % usize::from(SOURCES)) as u8;
    host.starts_with("127.").then(|| Ipv4Addr::new(127, 0, 0, last).into())
}
