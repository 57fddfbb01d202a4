//! The course of a test: accounts, history, sign-ins, silence, and then a storm or a large room.

use crate::options::Options;
use crate::report::{Delivery, Idle, Report, SignIn};
use crate::{WORKER, people, storm};
use leeward_client::drill::{Order, People, Person, Seen, XmppServer};
use leeward_client::gauge::{Cost, Gauge};
use leeward_client::xmpp::{Place, accounts};
use std::error::Error;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

pub(crate) type Failure = Box<dyn Error>;

/// How often everybody is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(100);
/// How long the last messages may take to be seen.
const QUIET_MAX: Duration = Duration::from_secs(15);
/// How long a server's memory takes to settle after its accounts have been made.
const SETTLES: Duration = Duration::from_secs(12);
/// How long everybody may take to sign in for the first time, which costs a hash each.
const ACQUAINT_MAX: Duration = Duration::from_secs(900);
/// Messages a second while rooms get their history.
const FILL_PER_S: f64 = 500.0;

/// A test under way.
pub(crate) struct Load {
    pub(crate) options: Options,
    pub(crate) crowd: People,
    gauge: Option<Gauge>,
    /// This process and its workers.
    own: Gauge,
}

/// Does all that was asked for.
pub(crate) async fn run(options: Options) -> Result<Report, Failure> {
    let everybody = people::all(&options)?;
    if options.register {
        register(&options).await?;
    }
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let command = [program, WORKER.to_owned()];
    let crowd = People::for_connections(options.clients, &command)?;
    let gauge = options.pid.map(|pid| Gauge::new(pid).with_children());
    let own = Gauge::new(std::process::id()).with_children();
    let mut load = Load { options, crowd, gauge, own };
    load.run(&everybody).await
}

async fn register(options: &Options) -> Result<(), Failure> {
    let start = Instant::now();
    let names: Vec<String> = (0..options.clients).map(people::name).collect();
    let place = Rc::new(Place::parse(&options.url, &options.domain, &options.rooms, None)?);
    accounts::register(place, &names, &options.password).await?;
    tell(&format!("{} accounts after {:.1} s", names.len(), start.elapsed().as_secs_f64()));
    Ok(())
}

/// Tells how far it is.
pub(crate) fn tell(what: &str) {
    // Nobody may be reading, which is no reason to stop.
    let _ = writeln!(io::stderr(), "   {what}");
}

impl Load {
    async fn run(&mut self, everybody: &[Person]) -> Result<Report, Failure> {
        let url = Some(self.options.url.clone());
        let server = XmppServer {
            tcp: url.clone().filter(|url| url.starts_with("xmpp")),
            websocket: url.clone().filter(|url| url.starts_with("ws")),
            bosh: url.filter(|url| url.starts_with("http")),
            domain: self.options.domain.clone(),
            rooms: self.options.rooms.clone(),
            roots: None,
            resumes: self.options.resume,
            scram: false,
            places: false,
        };
        self.crowd.tell(&Order::Xmpp(server)).await?;
        // Making accounts takes memory that is given back a little later.
        tokio::time::sleep(SETTLES).await;
        let before = self.cost()?;
        if self.options.known {
            self.acquaint(everybody).await?;
        }
        if self.options.fill > 0 {
            self.fill(&people::writers(everybody)).await?;
        }
        let sign_in = self.sign_in(everybody).await?;
        let mut report = Report {
            url: self.options.url.clone(),
            clients: everybody.len(),
            survivors: self.options.survivors,
            room_size: self.options.room_size,
            species: self.options.species.to_string(),
            resume: self.options.resume,
            sign_in,
            idle: self.idle(everybody.len(), before).await?,
            ..Report::default()
        };
        if let Some(limit) = self.options.storm {
            (report.mu, report.storm) = storm::hold(self, everybody.len(), limit).await?;
        }
        if let Some(per_s) = self.options.deliver_per_s {
            report.delivery = Some(self.deliver(everybody.len(), per_s).await?);
        }
        report.amiss = self.crowd.tell(&Order::Logs).await?.amiss;
        Ok(report)
    }

    pub(crate) fn cost(&self) -> Result<Option<Cost>, Failure> {
        Ok(self.gauge.map(Gauge::read).transpose()?)
    }

    /// The server's time since `before` for each of `count`, in microseconds.
    pub(crate) fn cpu_us_each(
        &self,
        before: Option<Cost>,
        count: u64,
    ) -> Result<Option<f64>, Failure> {
        let Some((before, after)) = before.zip(self.cost()?) else { return Ok(None) };
        let took_us = after.cpu_us.saturating_sub(before.cpu_us);
        Ok(Some(took_us as f64 / count.max(1) as f64))
    }

    /// Looks until `done`, or until the time is over.
    pub(crate) async fn look_until(
        &mut self,
        limit: Duration,
        mut done: impl FnMut(&Seen) -> bool,
    ) -> Result<Seen, Failure> {
        let end = Instant::now() + limit;
        loop {
            let seen = self.crowd.tell(&Order::Look).await?;
            if done(&seen) || Instant::now() >= end {
                return Ok(seen);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Nobody speaks, and all that was said has been seen, or never will be.
    pub(crate) async fn quiet(&mut self) -> Result<Seen, Failure> {
        self.crowd.tell(&Order::Chat { per_second: 0.0 }).await?;
        self.look_until(QUIET_MAX, |seen| seen.unanswered == 0).await
    }

    /// Everybody signs in once and leaves again.
    async fn acquaint(&mut self, everybody: &[Person]) -> Result<(), Failure> {
        let start = Instant::now();
        self.come(everybody, ACQUAINT_MAX).await?;
        self.crowd.tell(&Order::Leave).await?;
        tell(&format!("everybody has been there after {:.1} s", start.elapsed().as_secs_f64()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    /// Has people come in, all of whom have to.
    async fn come(&mut self, people: &[Person], limit: Duration) -> Result<(), Failure> {
        self.crowd.bring(people, self.options.at_once).await?;
        let seen = self.look_until(limit, |seen| seen.present == people.len()).await?;
        if seen.present < people.len() {
            let words =
                format!("{} of {} came in: {:?}", seen.present, people.len(), seen.refusals);
            return Err(words.into());
        }
        Ok(())
    }

    async fn fill(&mut self, writers: &[Person]) -> Result<(), Failure> {
        let start = Instant::now();
        self.come(writers, self.options.patience).await?;
        let each = f64::from(self.options.fill + 1);
        self.crowd.tell(&Order::Chat { per_second: FILL_PER_S }).await?;
        tokio::time::sleep(Duration::from_secs_f64(writers.len() as f64 * each / FILL_PER_S)).await;
        let unseen = self.quiet().await?.unanswered;
        self.crowd.tell(&Order::Leave).await?;
        let took_s = start.elapsed().as_secs_f64();
        tell(&format!("{} rooms filled after {took_s:.1} s, {unseen} unseen", writers.len()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    async fn sign_in(&mut self, everybody: &[Person]) -> Result<SignIn, Failure> {
        let (count, at_once) = (everybody.len(), self.options.at_once);
        self.crowd.tell(&Order::Mark).await?;
        let (cost, own, start) = (self.cost()?, self.own.read()?, Instant::now());
        self.crowd.bring(everybody, at_once).await?;
        let seen = self.look_until(self.options.patience, |seen| seen.present == count).await?;
        let kind = seen.of(|_| true);
        let came = kind.came.count().max(1) as f64;
        let sign_in = SignIn {
            clients: seen.present,
            at_once,
            seconds: start.elapsed().as_secs_f64(),
            attempts_each: kind.knocks as f64 / came,
            history_each: seen.history as f64 / came,
            server_cpu_us_each: self.cpu_us_each(cost, kind.came.count())?,
            client_cpu_us_each: (self.own.read()?.cpu_us - own.cpu_us) as f64 / came,
            waited: kind.waited.quantiles(),
            refusals: seen.refusals,
        };
        tell(&format!("{} of {count} in after {:.1} s", sign_in.clients, sign_in.seconds));
        Ok(sign_in)
    }

    async fn idle(&mut self, count: usize, empty: Option<Cost>) -> Result<Option<Idle>, Failure> {
        tokio::time::sleep(self.options.idle / 2).await;
        let (start, before) = (Instant::now(), self.cost()?);
        tokio::time::sleep(self.options.idle / 2).await;
        let Some(((empty, before), after)) = empty.zip(before).zip(self.cost()?) else {
            return Ok(None);
        };
        let took_us = after.cpu_us.saturating_sub(before.cpu_us) as f64;
        let grown = after.rss_bytes.saturating_sub(empty.rss_bytes);
        Ok(Some(Idle {
            rss_bytes: after.rss_bytes,
            rss_bytes_each: grown as f64 / count as f64,
            cpu_percent: took_us / start.elapsed().as_micros().max(1) as f64 * 100.0,
        }))
    }

    async fn deliver(&mut self, members: usize, per_s: f64) -> Result<Delivery, Failure> {
        self.crowd.tell(&Order::Chat { per_second: per_s }).await?;
        // Whoever is fast is warm by then; whoever is not shows it anyway.
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.crowd.tell(&Order::Mark).await?;
        let (cost, start) = (self.cost()?, Instant::now());
        tokio::time::sleep(self.options.seconds).await;
        let seen = self.crowd.tell(&Order::Look).await?;
        let seconds = start.elapsed().as_secs_f64();
        let deliveries = seen.delivered.count();
        let server_cpu_us_each = self.cpu_us_each(cost, deliveries)?;
        let last = self.quiet().await?;
        Ok(Delivery {
            members,
            messages_per_s: per_s,
            seconds,
            deliveries,
            share: deliveries as f64 / (per_s * seconds * members as f64),
            server_cpu_us_each,
            took: last.delivered.quantiles(),
            unseen: last.unanswered,
        })
    }
}
