//! Load tests: N synthetic people in rooms of a given size against any server, from processes of
//! their own. They are made by the owner's token through the HTTP API of a server that was started
//! with `allow_load`.
//!
//! In reading order: [`run`] (the parts of a test), `worker` (who carries them out),
//! [`LoadReport`]. Never judges the figures.

mod order;
mod report;
mod worker;

pub use report::{Arrival, Delivery, Idle, LoadReport, Posts};

use crate::crew::{self, Crew};
use crate::gauge::{Cost, Gauge, connections_max};
use crate::http::{Http, HttpError};
use crate::server::{Roots, Server};
use leeward_core::id::RoomId;
use order::{Order, Person, Seen};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Accounts made by one request.
const ACCOUNTS_AT_ONCE: usize = 1_000;
/// How often the workers are asked how far they are.
const LOOK: Duration = Duration::from_millis(100);
/// Source addresses on a loopback server, so that ports suffice for storm after storm.
const SOURCES: u8 = 8;
/// Writers in each room when the most is wanted.
const WRITERS_SATURATED: usize = 16;

/// What to do.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The server's URL.
    pub url: String,
    /// The certificates to believe, if not the system's.
    pub roots: Option<PathBuf>,
    /// The owner's token.
    pub token: String,
    /// Synthetic people.
    pub clients: usize,
    /// How many in one room.
    pub room_size: usize,
    /// Connections that come at the same time while signing in.
    pub at_once: usize,
    /// The process of the server, if it runs on this machine: for its time and memory.
    pub server_pid: Option<u32>,
    /// How long nothing happens while the memory is read.
    pub idle: Duration,
    /// Drop everybody at once: they come back within so many milliseconds.
    pub storm_ms: Option<u32>,
    /// Messages per second in the first room, and for how long.
    pub delivery: Option<(f64, Duration)>,
    /// Also as many messages as the server takes, for so long, and half of that.
    pub saturate: Option<Duration>,
    /// People who post as fast as they can, each in a room of their own, and for how long.
    pub posts: Option<(usize, Duration)>,
    /// The length of a message, in bytes.
    pub text_bytes: usize,
    /// Worker processes, 0 for as many as the limit of open files demands.
    pub workers: usize,
    /// How to start a worker: a program and arguments that end up in [`serve_worker`].
    pub worker_command: Vec<String>,
    /// How long to wait for everybody to come.
    pub patience: Duration,
}

/// Why a load test ended early.
#[derive(Debug)]
pub enum LoadError {
    /// The people could not be made.
    Http(HttpError),
    /// A worker, or the network.
    Io(io::Error),
    /// Not everybody came in time.
    Late {
        /// Who did.
        present: usize,
        /// Who should have.
        wanted: usize,
    },
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(e) => write!(f, "the synthetic people could not be made: {e}"),
            Self::Io(e) => e.fmt(f),
            Self::Late { present, wanted } => {
                write!(f, "{present} of {wanted} clients were in when patience ended")
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl From<HttpError> for LoadError {
    fn from(e: HttpError) -> Self {
        Self::Http(e)
    }
}

impl From<io::Error> for LoadError {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// Runs a worker process: orders come by standard input, answers go to standard output.
///
/// # Errors
/// The pipes are broken.
pub async fn serve_worker() -> io::Result<()> {
    connections_max();
    crew::serve::<Order>().await
}

/// Runs a load test, telling `progress` in words how far it is.
///
/// # Errors
/// See [`LoadError`].
pub async fn run(
    options: LoadOptions,
    progress: impl FnMut(&str),
) -> Result<LoadReport, LoadError> {
    let roots = options.roots.clone().map_or(Roots::System, Roots::File);
    let server = Server::parse(&options.url, &roots)?;
    let sources = sources(&options.url);
    let http = Http::with_token(server, &options.token);
    let gauge = options.server_pid.map(Gauge::new);
    let crew = crew_for(&options)?;
    let mut test = Test { options, http, sources, gauge, crew, progress };
    test.run().await
}

/// Enough workers, by the limit of open files.
fn crew_for(options: &LoadOptions) -> io::Result<Crew<Order>> {
    let each = usize::try_from(connections_max()).unwrap_or(usize::MAX).max(1);
    let most = options.clients.max(options.posts.map_or(0, |(writers, _)| writers));
    let wanted = options.workers.max(most.div_ceil(each));
    if wanted <= 1 {
        Crew::in_thread()
    } else {
        Crew::in_processes(&options.worker_command, wanted)
    }
}

/// Where connections come from: several loopback addresses for a loopback server.
fn sources(url: &str) -> Vec<IpAddr> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    if host.starts_with("127.") || host.starts_with("localhost") {
        (2..2 + SOURCES).map(|n| Ipv4Addr::new(127, 0, 0, n).into()).collect()
    } else {
        Vec::new()
    }
}

/// A test under way.
struct Test<P> {
    options: LoadOptions,
    http: Http,
    sources: Vec<IpAddr>,
    gauge: Option<Gauge>,
    crew: Crew<Order>,
    progress: P,
}

/// The request to make people, as the server documents it.
#[derive(Serialize)]
struct AskLoad {
    accounts: usize,
    room_size: usize,
}

#[derive(Deserialize)]
struct MadeLoad {
    people: Vec<MadePerson>,
}

#[derive(Deserialize)]
struct MadePerson {
    token: String,
    room: RoomId,
}

impl<P: FnMut(&str)> Test<P> {
    async fn run(&mut self) -> Result<LoadReport, LoadError> {
        let roots = self.options.roots.as_ref().map(|path| path.to_string_lossy().into_owned());
        self.crew.all(&Order::Server { url: self.options.url.clone(), roots }).await?;
        let mut report = LoadReport {
            server: self.options.url.clone(),
            clients: self.options.clients,
            room_size: self.options.room_size,
            ..LoadReport::default()
        };
        if self.options.clients > 0 {
            let people = self.make(self.options.clients, self.options.room_size).await?;
            self.with_people(&people, &mut report).await?;
        }
        if let Some((writers, lasts)) = self.options.posts {
            report.posts = Some(self.posts(writers, lasts).await?);
        }
        Ok(report)
    }

    async fn with_people(
        &mut self,
        people: &[Person],
        report: &mut LoadReport,
    ) -> Result<(), LoadError> {
        tokio::time::sleep(self.options.idle).await;
        let before = self.cost()?;
        report.sign_in = Some(self.sign_in(people).await?);
        report.idle = self.idle(people.len(), before).await?;
        if let Some(within_ms) = self.options.storm_ms {
            report.storm = Some(self.storm(people.len(), within_ms).await?);
        }
        if let Some((per_second, lasts)) = self.options.delivery {
            let rooms: Vec<_> = people.iter().take(1).map(|p| p.room).collect();
            report.delivery = Some(self.delivery(people, &rooms, per_second, lasts).await?);
        }
        if let Some(lasts) = self.options.saturate {
            let most = self.saturated(people, lasts).await?;
            report.saturated = Some(most);
            let rooms: BTreeSet<_> = people.iter().map(|p| p.room).collect();
            let rooms: Vec<_> = rooms.into_iter().collect();
            let per_room = most.messages_per_s / 2.0 / rooms.len() as f64;
            report.half = Some(self.delivery(people, &rooms, per_room, lasts).await?);
        }
        self.crew.all(&Order::Leave).await?;
        Ok(())
    }

    /// Makes people through the HTTP API, a thousand or so at a time.
    async fn make(&mut self, count: usize, room_size: usize) -> Result<Vec<Person>, LoadError> {
        let mut people: Vec<Person> = Vec::with_capacity(count);
        let whole_rooms = (ACCOUNTS_AT_ONCE / room_size).max(1) * room_size;
        while people.len() < count {
            (self.progress)(&format!("making people: {} of {count}", people.len()));
            let ask = AskLoad { accounts: whole_rooms.min(count - people.len()), room_size };
            let made: MadeLoad = self.http.call("POST", "/api/v1/load", Some(&ask)).await?;
            for MadePerson { token, room } in made.people {
                let from = self.sources.get(people.len() % self.sources.len().max(1)).copied();
                people.push(Person { token, room, from });
            }
        }
        Ok(people)
    }

    async fn sign_in(&mut self, people: &[Person]) -> Result<Arrival, LoadError> {
        let (cost, start) = (self.cost()?, Instant::now());
        self.bring(people).await?;
        let seen = self.until_present("signing in", people.len(), people.len() as u64).await?;
        self.arrival(&seen, cost, start)
    }

    /// Brings people in, dealt out evenly.
    async fn bring(&mut self, people: &[Person]) -> Result<(), LoadError> {
        let at_once = self.options.at_once;
        let part = |n, hands: usize| Order::Bring {
            people: people.iter().skip(n).step_by(hands).cloned().collect(),
            at_once: at_once.div_ceil(hands),
        };
        self.crew.each(part).await?;
        Ok(())
    }

    async fn storm(&mut self, clients: usize, within_ms: u32) -> Result<Arrival, LoadError> {
        self.crew.all(&Order::Reset).await?;
        let (cost, start) = (self.cost()?, Instant::now());
        self.crew.all(&Order::Lose { within_ms }).await?;
        let seen = self.until_present("coming back", clients, clients as u64).await?;
        self.arrival(&seen, cost, start)
    }

    fn arrival(
        &self,
        seen: &Seen,
        before: Option<Cost>,
        start: Instant,
    ) -> Result<Arrival, LoadError> {
        let clients = seen.came.count();
        Ok(Arrival {
            clients,
            seconds: start.elapsed().as_secs_f64(),
            attempts_each: seen.attempts as f64 / clients.max(1) as f64,
            took: seen.came.quantiles(),
            server_cpu_us_each: self.cpu_each(before, clients)?,
        })
    }

    async fn idle(
        &mut self,
        clients: usize,
        before: Option<Cost>,
    ) -> Result<Option<Idle>, LoadError> {
        (self.progress)("everybody is in; nothing happens");
        // Half of the time for memory to be given back, half to see what silence costs.
        tokio::time::sleep(self.options.idle / 2).await;
        let (from, start) = (self.cost()?, Instant::now());
        tokio::time::sleep(self.options.idle / 2).await;
        let (Some(before), Some(from), Some(with)) = (before, from, self.cost()?) else {
            return Ok(None);
        };
        let busy_us = with.cpu_us - from.cpu_us;
        Ok(Some(Idle {
            rss_before_bytes: before.rss_bytes,
            rss_bytes: with.rss_bytes,
            rss_bytes_each: (with.rss_bytes as f64 - before.rss_bytes as f64) / clients as f64,
            cpu_percent: busy_us as f64 / start.elapsed().as_micros().max(1) as f64 * 100.0,
        }))
    }

    /// Steady messages in some rooms.
    async fn delivery(
        &mut self,
        people: &[Person],
        rooms: &[RoomId],
        per_second: f64,
        lasts: Duration,
    ) -> Result<Delivery, LoadError> {
        (self.progress)(&format!("{per_second:.0} messages/s in each of {} rooms", rooms.len()));
        let text_bytes = self.options.text_bytes;
        self.crew.all(&Order::Reset).await?;
        let (before, start) = (self.cost()?, Instant::now());
        let order = Order::Talk { rooms: rooms.to_vec(), per_second, text_bytes };
        self.crew.one(order).await?;
        tokio::time::sleep(lasts).await;
        self.measured(people, rooms, before, start).await
    }

    /// As many messages as a few writers in each room get acknowledged.
    async fn saturated(
        &mut self,
        people: &[Person],
        lasts: Duration,
    ) -> Result<Delivery, LoadError> {
        (self.progress)("as many messages as the server takes");
        let rooms: BTreeSet<_> = people.iter().map(|p| p.room).collect();
        let rooms: Vec<_> = rooms.into_iter().collect();
        self.crew.all(&Order::Reset).await?;
        let (before, start) = (self.cost()?, Instant::now());
        let text_bytes = self.options.text_bytes;
        let order = Order::Write { rooms: rooms.clone(), each: WRITERS_SATURATED, text_bytes };
        self.crew.one(order).await?;
        tokio::time::sleep(lasts).await;
        self.measured(people, &rooms, before, start).await
    }

    /// Ends the talking and says what was delivered since `start`.
    async fn measured(
        &mut self,
        people: &[Person],
        rooms: &[RoomId],
        before: Option<Cost>,
        start: Instant,
    ) -> Result<Delivery, LoadError> {
        let seconds = start.elapsed().as_secs_f64();
        let during = self.crew.all(&Order::Hush).await?;
        let (seen, after) = self.until_quiet().await?;
        let members = people.iter().filter(|p| rooms.contains(&p.room)).count();
        let per_room = members / rooms.len().max(1);
        let (messages, delivered) = (seen.posted.count(), seen.delivered.count());
        let missing = (messages * per_room as u64).cast_signed() - delivered.cast_signed();
        let cpu_us = before.zip(after).map(|(b, a)| (a.cpu_us - b.cpu_us) as f64);
        Ok(Delivery {
            members: per_room,
            rooms: rooms.len(),
            messages_per_s: during.posted.count() as f64 / seconds,
            deliveries_per_s: during.delivered.count() as f64 / seconds,
            took: seen.delivered.quantiles(),
            server_cpu_us_each: cpu_us.map(|us| us / delivered.max(1) as f64),
            missing,
            gaps: seen.gaps,
        })
    }

    async fn posts(&mut self, writers: usize, lasts: Duration) -> Result<Posts, LoadError> {
        let people = self.make(writers, 1).await?;
        self.crew.all(&Order::Reset).await?;
        self.bring(&people).await?;
        self.until_present("writers signing in", writers, writers as u64).await?;
        self.crew.all(&Order::Reset).await?;
        (self.progress)(&format!("{writers} writers post as fast as they can"));
        let (before, start) = (self.cost()?, Instant::now());
        let rooms = people.iter().map(|p| p.room).collect();
        let order = Order::Write { rooms, each: 1, text_bytes: self.options.text_bytes };
        self.crew.all(&order).await?;
        tokio::time::sleep(lasts).await;
        let seconds = start.elapsed().as_secs_f64();
        let seen = self.crew.all(&Order::Hush).await?;
        let server_cpu_us_each = self.cpu_each(before, seen.posted.count())?;
        self.until_quiet().await?;
        self.crew.all(&Order::Leave).await?;
        Ok(Posts {
            writers,
            per_s: seen.posted.count() as f64 / seconds,
            took: seen.posted.quantiles(),
            server_cpu_us_each,
            refused: seen.refused,
        })
    }

    /// Waits until so many are in, and so many have come.
    async fn until_present(
        &mut self,
        what: &str,
        wanted: usize,
        came: u64,
    ) -> Result<Seen, LoadError> {
        let start = Instant::now();
        loop {
            let seen = self.crew.all(&Order::Look).await?;
            (self.progress)(&format!("{what}: {} of {wanted}", seen.present));
            if seen.present >= wanted && seen.came.count() >= came {
                return Ok(seen);
            }
            if start.elapsed() > self.options.patience {
                return Err(LoadError::Late { present: seen.present, wanted });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until no post is without an answer and nothing more is seen: what was seen, and the
    /// server's cost when the last was.
    async fn until_quiet(&mut self) -> Result<(Seen, Option<Cost>), LoadError> {
        let (start, mut last) = (Instant::now(), u64::MAX);
        loop {
            let cost = self.cost()?;
            let seen = self.crew.all(&Order::Look).await?;
            let quiet = seen.unanswered == 0 && seen.delivered.count() == last;
            if quiet || start.elapsed() > self.options.patience {
                return Ok((seen, cost));
            }
            last = seen.delivered.count();
            tokio::time::sleep(LOOK).await;
        }
    }

    fn cost(&self) -> Result<Option<Cost>, LoadError> {
        Ok(self.gauge.map(Gauge::read).transpose()?)
    }

    fn cpu_each(&self, before: Option<Cost>, count: u64) -> Result<Option<f64>, LoadError> {
        let spent = before.zip(self.cost()?).map(|(before, after)| after.cpu_us - before.cpu_us);
        Ok(spent.map(|us| us as f64 / count.max(1) as f64))
    }
}
