//! The flags: each a name and a value.

use leeward_client::drill::Species;
use std::str::FromStr;
use std::time::Duration;

/// What to do, and to whom.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// `--url`: `xmpp://host:port`, `xmpps://…`, `ws://host:port/path`.
    pub(crate) url: String,
    /// `--domain`: of the accounts; `localhost`.
    pub(crate) domain: String,
    /// `--rooms`: the domain of the rooms; `rooms.` and the other.
    pub(crate) rooms: String,
    /// `--pid`: the server's process, whose time and memory are read with those of its children.
    pub(crate) pid: Option<u32>,
    /// `--accounts`: a file with a line for each client: name, password, room; the survivors first.
    /// Without it they are `u00001` and so on in `r00001` and so on.
    pub(crate) accounts: Option<String>,
    /// `--password`: of all accounts without a file.
    pub(crate) password: String,
    /// `--prefix`: how the names of rooms begin without a file; `r`.
    pub(crate) prefix: String,
    /// `--clients`: how many in all.
    pub(crate) clients: usize,
    /// `--survivors`: how many of them keep their connection and chat in a room of their own; 10.
    pub(crate) survivors: usize,
    /// `--room-size`: how many of the others share a room; 50.
    pub(crate) room_size: usize,
    /// `--at-once`: how many are on their way in while they sign in; 64.
    pub(crate) at_once: usize,
    /// `--species`: how they come back; `naive`: within 0.1 s, then every second, gives up after 10 s.
    pub(crate) species: Species,
    /// `--resume yes`: by XEP-0198, for species that do not forget.
    pub(crate) resume: bool,
    /// `--register yes`: make the accounts first, by XEP-0077.
    pub(crate) register: bool,
    /// `--known yes`: have everybody sign in once before anything is measured, as whoever comes back in a
    /// storm has.
    pub(crate) known: bool,
    /// `--fill`: say so many messages in each room first.
    pub(crate) fill: u32,
    /// `--idle`: seconds of silence before the memory is read; 5.
    pub(crate) idle: Duration,
    /// `--chat`: messages a second by all survivors together; 10.
    pub(crate) chat_per_s: f64,
    /// `--mu`: most seconds for each round of the closed loop, none without; 8.
    pub(crate) mu: Duration,
    /// `--storm`: drop all but the survivors, and wait so many seconds for them; none without.
    pub(crate) storm: Option<Duration>,
    /// `--deliver`: so many messages a second by all clients in turn; none without.
    pub(crate) deliver_per_s: Option<f64>,
    /// `--seconds`: for how long; 10.
    pub(crate) seconds: Duration,
    /// `--patience`: most seconds for all to sign in; 180.
    pub(crate) patience: Duration,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            url: String::new(),
            domain: "localhost".to_owned(),
            rooms: String::new(),
            pid: None,
            accounts: None,
            password: "a-secret-of-all".to_owned(),
            prefix: "r".to_owned(),
            clients: 100,
            survivors: 10,
            room_size: 50,
            at_once: 64,
            species: Species::Naive,
            resume: false,
            register: false,
            known: false,
            fill: 0,
            idle: Duration::from_secs(5),
            chat_per_s: 10.0,
            mu: Duration::from_secs(8),
            storm: None,
            deliver_per_s: None,
            seconds: Duration::from_secs(10),
            patience: Duration::from_secs(180),
        };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { return Err(format!("`{}` has no value", pair[0])) };
            options.set(name, value)?;
        }
        if options.url.is_empty() {
            return Err("which server? --url xmpp://127.0.0.1:5222".to_owned());
        }
        if options.rooms.is_empty() {
            options.rooms = format!("rooms.{}", options.domain);
        }
        if options.clients <= options.survivors && options.deliver_per_s.is_none() {
            return Err("there are to be more clients than survivors".to_owned());
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--url" => value.clone_into(&mut self.url),
            "--domain" => value.clone_into(&mut self.domain),
            "--rooms" => value.clone_into(&mut self.rooms),
            "--pid" => self.pid = Some(number(name, value)?),
            "--accounts" => self.accounts = Some(value.to_owned()),
            "--password" => value.clone_into(&mut self.password),
            "--prefix" => value.clone_into(&mut self.prefix),
            "--clients" => self.clients = number(name, value)?,
            "--survivors" => self.survivors = number(name, value)?,
            "--room-size" => self.room_size = number::<usize>(name, value)?.max(1),
            "--at-once" => self.at_once = number::<usize>(name, value)?.max(1),
            "--species" => self.species = value.parse()?,
            "--resume" => self.resume = value == "yes",
            "--register" => self.register = value == "yes",
            "--known" => self.known = value == "yes",
            "--fill" => self.fill = number(name, value)?,
            "--idle" => self.idle = seconds(name, value)?,
            "--chat" => self.chat_per_s = number(name, value)?,
            "--mu" => self.mu = seconds(name, value)?,
            "--storm" => self.storm = Some(seconds(name, value)?),
            "--deliver" => self.deliver_per_s = Some(number(name, value)?),
            "--seconds" => self.seconds = seconds(name, value)?,
            "--patience" => self.patience = seconds(name, value)?,
            _ => return Err(format!("there is no flag `{name}`")),
        }
        Ok(())
    }
}

fn number<N: FromStr>(name: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("`{name} {value}`: not a number of this kind"))
}

fn seconds(name: &str, value: &str) -> Result<Duration, String> {
    Duration::try_from_secs_f64(number(name, value)?).map_err(|e| format!("`{name} {value}`: {e}"))
}
