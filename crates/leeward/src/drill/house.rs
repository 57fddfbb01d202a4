//! The people of a drill on a stage: made, brought in, watched while things happen to them, and asked
//! in the end what they heard. Never decides what happens.

use super::progress::Progress;
use super::report::{KindRow, Mu, Round, Run};
use super::stage::{Stage, host};
use super::tape::{Survivors, Tape};
use super::truth;
use anyhow::{Result, bail};
use leeward_client::drill::{
    Breakage, Kind, Loss, Mix, Order, Part, People, Person, Seen, Species,
};
use leeward_client::gauge::{Cost, Gauge};
use leeward_client::histogram::Histogram;
use leeward_client::http::Http;
use leeward_server::core::id::RoomId;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// How often everybody is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Clients on their way in while the house fills.
const BRING_AT_ONCE: usize = 200;
/// Source addresses on a loopback server, so that ports suffice for storm after storm.
const SOURCES: u8 = 8;
/// Messages a second, by all survivors together.
const CHAT_PER_S: f64 = 50.0;
/// How many clients are in flight while it is measured how fast they can be let in.
const IN_FLIGHT: [usize; 3] = [64, 256, 1_024];
/// How long everybody may take to come in while nothing is wrong.
const FILL_MAX: Duration = Duration::from_secs(180);
/// Nothing more is heard for so long: all has been heard.
const QUIET: Duration = Duration::from_millis(600);
/// How long that may take.
const QUIET_MAX: Duration = Duration::from_secs(20);
/// Between two losses of one connection: no client of Leeward's knocks twice within a second.
const PAUSE: Duration = Duration::from_millis(1_200);

/// Who takes part.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) clients: usize,
    pub(super) survivors: usize,
    /// Of the others, so many in a hundred keep their connection.
    pub(super) bystander_percent: usize,
    /// People beyond those, who find the house full.
    pub(super) strangers: usize,
    pub(super) room_size: usize,
    /// Who loses the connection, or finds no room.
    pub(super) mix: Mix,
    /// Who keeps it, but for the survivors.
    pub(super) stay: Mix,
    /// Pages in the background, with the long lease.
    pub(super) hidden: bool,
    /// Rests are a quarter as long.
    pub(super) brisk: bool,
    /// A promise to break on purpose.
    pub(super) breakage: Option<Breakage>,
}

/// The people on the stage.
pub(super) struct House {
    pub(super) crowd: People,
    pub(super) circle: People,
    pub(super) api: Http,
    pub(super) rooms: Vec<RoomId>,
    pub(super) tape: Tape,
    pub(super) show: Progress,
    pub(super) returners: u64,
    pub(super) cast: Cast,
    /// What those sign in by who speak XMPP, if anybody does.
    pub(super) password: Option<String>,
    strangers: Vec<Person>,
    gauge: Option<Gauge>,
    start: Instant,
    /// The survivors' latency up to the outage, and how it was before.
    before: (Histogram, Histogram),
    memory_before_bytes: u64,
    outage: Option<(Instant, Option<Cost>)>,
}

/// What both groups look like at one moment.
pub(super) struct View {
    pub(super) crowd: Seen,
    pub(super) circle: Seen,
}

impl House {
    /// Makes the people and brings them in.
    pub(super) async fn fill(stage: &Stage, cast: Cast, show: Progress) -> Result<Self> {
        let command = worker_command()?;
        let xmpp = stage.xmpp(cast.mix.species().chain(cast.stay.species()))?;
        let mut house = Self {
            crowd: People::for_connections(cast.clients + cast.strangers, &command)?,
            circle: People::in_thread()?,
            api: stage.api()?,
            rooms: Vec::new(),
            tape: Tape::default(),
            show,
            returners: 0,
            cast,
            password: xmpp.as_ref().map(|_| crate::operator::secret()).transpose()?,
            strangers: Vec::new(),
            gauge: stage.pid.map(Gauge::new),
            start: Instant::now(),
            before: Default::default(),
            memory_before_bytes: 0,
            outage: None,
        };
        let roots = stage.roots.as_ref().map(|path| path.to_string_lossy().into_owned());
        let (url, build) = (stage.url.clone(), stage.build.clone());
        let server = Order::Server { url, roots, build };
        house.crowd.tell(&server).await?;
        house.circle.tell(&server).await?;
        if let Some(xmpp) = xmpp {
            house.crowd.tell(&Order::Xmpp(xmpp)).await?;
        }
        house.memory_before_bytes = house.cost()?.map_or(0, |cost| cost.rss_bytes);
        let made = house.make(sources(&stage.url)).await?;
        house.come_in(made).await?;
        if let Some(breakage) = house.cast.breakage {
            house.crowd.tell(&Order::Break(breakage)).await?;
        }
        Ok(house)
    }

    async fn come_in(&mut self, people: Vec<Person>) -> Result<()> {
        let of = |parts: &[Part]| -> Vec<Person> {
            people.iter().filter(|p| parts.contains(&p.part)).cloned().collect()
        };
        self.strangers = of(&[Part::Stranger]);
        self.circle.bring(&of(&[Part::Survivor]), BRING_AT_ONCE).await?;
        self.crowd.bring(&of(&[Part::Bystander, Part::Returner]), BRING_AT_ONCE).await?;
        let (wanted, deadline) = (self.cast.clients, Instant::now() + FILL_MAX);
        loop {
            let view = self.look().await?;
            let present = view.crowd.present + view.circle.present;
            self.show.goes_on(&format!("coming in: {present} of {wanted}"));
            if present >= wanted {
                break;
            }
            if Instant::now() > deadline {
                let said = view.crowd.refusals;
                bail!(
                    "{present} of {wanted} clients were in when patience ended; the server refused: {said:?}"
                );
            }
            tokio::time::sleep(LOOK).await;
        }
        self.circle.tell(&Order::Chat { per_second: CHAT_PER_S }).await?;
        Ok(())
    }

    /// More people come than there is room for.
    pub(super) async fn crowd_the_door(&mut self) -> Result<usize> {
        let strangers = std::mem::take(&mut self.strangers);
        self.crowd.bring(&strangers, strangers.len().max(1)).await?;
        Ok(strangers.len())
    }

    fn cost(&self) -> Result<Option<Cost>> {
        Ok(self.gauge.map(Gauge::read).transpose()?)
    }

    fn at_s(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Looks at everybody, and writes it down.
    pub(super) async fn look(&mut self) -> Result<View> {
        let crowd = self.crowd.tell(&Order::Look).await?;
        let circle = self.circle.tell(&Order::Look).await?;
        let (at_s, cost) = (self.at_s(), self.cost()?);
        self.tape.write(at_s, &crowd, &circle, cost);
        Ok(View { crowd, circle })
    }

    /// Notes what explains the curves.
    pub(super) fn mark(&mut self, words: impl Into<String>) {
        let at_s = self.at_s();
        self.tape.mark(at_s, words);
    }

    /// Looks again and again until `done`, or until so long has passed. Whether it was done.
    pub(super) async fn watch(
        &mut self,
        words: &str,
        most: Duration,
        mut done: impl FnMut(&View) -> bool,
    ) -> Result<(View, bool)> {
        let start = Instant::now();
        let mut clock = tokio::time::interval(LOOK);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            clock.tick().await;
            let view = self.look().await?;
            let is_done = done(&view);
            let present = view.crowd.present + view.circle.present;
            let left_s = most.saturating_sub(start.elapsed()).as_secs();
            self.show.goes_on(&format!("{words}: {present} connected, {left_s} s at most"));
            if is_done || start.elapsed() >= most {
                return Ok((view, is_done));
            }
        }
    }

    /// Nothing happens for so long.
    pub(super) async fn rest(&mut self, words: &str, time: Duration) -> Result<View> {
        let time = if self.cast.brisk { time / 4 } else { time };
        Ok(self.watch(words, time, |_| false).await?.0)
    }

    /// How fast these very clients can be let in by this machine: each breaks its connection off and
    /// comes back at once, in a closed loop with a bounded number in flight, while all others stay.
    /// Nobody waits by choice, is refused or keeps a timer, so that what is measured is work alone;
    /// the best of several numbers in flight counts.
    pub(super) async fn measure_mu(&mut self, rounds: usize) -> Result<Mu> {
        let mut mu = Mu::default();
        let mut tried = BTreeSet::new();
        for in_flight in IN_FLIGHT.into_iter().take(rounds) {
            let in_flight = in_flight.min(usize::try_from(self.returners)?.div_ceil(4)).max(1);
            if !tried.insert(in_flight) {
                continue;
            }
            tokio::time::sleep(PAUSE).await;
            let round = self.cycle(in_flight).await?;
            mu.per_s = mu.per_s.max(round.per_s);
            mu.rounds.push(round);
        }
        tokio::time::sleep(PAUSE).await;
        Ok(mu)
    }

    async fn cycle(&mut self, in_flight: usize) -> Result<Round> {
        let me = Gauge::new(std::process::id());
        let (machine, cost, mine) = (machine_time()?, self.cost()?, me.read()?);
        self.mark(format!("everybody once, {in_flight} in flight"));
        self.crowd.cycle(Part::Returner, in_flight).await?;
        let wanted = self.returners;
        let words = format!("measuring how fast they can come in, {in_flight} in flight");
        let (view, all) =
            self.watch(&words, FILL_MAX, |view| view.crowd.admitted() >= wanted).await?;
        if !all {
            bail!("{} of {wanted} came back while nothing was wrong", view.crowd.admitted());
        }
        let (idle, total) = machine_time()?.since(&machine);
        let spent = cost.zip(self.cost()?).map(|(before, after)| after.cpu_us - before.cpu_us);
        let mine = me.read()?.cpu_us - mine.cpu_us;
        let tick_us = 1_000_000 / rustix::param::clock_ticks_per_second();
        let busy_us = total.saturating_sub(idle) * tick_us;
        let share = |us: u64| us as f64 * 100.0 / (total * tick_us).max(1) as f64;
        let seconds = view.crowd.of(|_| true).came.quantiles().max_ms / 1_000.0;
        Ok(Round {
            others_percent: spent.map(|us| share(busy_us.saturating_sub(us + mine))),
            in_flight,
            seconds,
            per_s: wanted as f64 / seconds.max(1e-3),
            cpu_us_each: spent.map(|us| us as f64 / wanted.max(1) as f64),
            idle_percent: idle as f64 * 100.0 / total.max(1) as f64,
        })
    }

    /// The seconds that later ones are compared with.
    pub(super) async fn calm(&mut self, time: Duration) -> Result<()> {
        self.show.begins("all is well");
        self.look().await?;
        let before = self.tape.heard();
        self.rest("all is well", time).await?;
        self.before = (before, self.tape.heard());
        Ok(())
    }

    /// Every returner loses the connection at once.
    pub(super) async fn lose(&mut self, loss: Loss) -> Result<()> {
        self.begin_outage()?;
        self.mark("all connections but the survivors' are reset");
        self.show.begins("the outage");
        self.crowd.tell(&Order::Drop(loss)).await?;
        Ok(())
    }

    /// The outage is of another kind than a loss of connections, and begins here.
    pub(super) fn begin_outage(&mut self) -> Result<()> {
        self.outage = Some((Instant::now(), self.cost()?));
        let at_s = self.at_s();
        self.tape.outage(at_s);
        Ok(())
    }

    /// Until all are back who lost their connection, or until so long after the outage.
    pub(super) async fn all_back(&mut self, most: Duration) -> Result<View> {
        let passed = self.outage.map_or(Duration::ZERO, |(at, _)| at.elapsed());
        let (wanted, clients) = (self.returners, self.cast.clients);
        let left = most.saturating_sub(passed);
        let back = |view: &View| {
            view.crowd.admitted() >= wanted && view.crowd.present + view.circle.present >= clients
        };
        Ok(self.watch("coming back", left, back).await?.0)
    }

    /// What came of it: the figures of the recovery as `view` shows it, and some more seconds.
    pub(super) async fn recovered(&mut self, view: &View, patience: Duration) -> Result<Run> {
        let during = self.tape.heard().since(&self.before.1);
        let spent = self.outage.and_then(|(_, cost)| cost).zip(self.cost()?);
        let spent = spent.map(|(before, after)| after.cpu_us - before.cpu_us);
        let mark = self.tape.heard();
        self.rest("afterwards", Duration::from_secs(3)).await?;
        let survivors = Survivors {
            before: self.before.1.since(&self.before.0).quantiles(),
            during: during.quantiles(),
            after: self.tape.heard().since(&mark).quantiles(),
        };
        let mut run = recovery(&view.crowd, self.returners);
        let admitted = view.crowd.admitted();
        run.cpu_us_each = spent.map(|us| us as f64 / admitted.max(1) as f64);
        run.bytes_each = view.crowd.bytes_in as f64 / admitted.max(1) as f64;
        run.survivors = survivors;
        run.patience_s = patience.as_secs_f64();
        Ok(run)
    }

    /// Ends the chatting, waits until all has been heard, and compares every log with the truth.
    pub(super) async fn settle(&mut self, run: &mut Run) -> Result<()> {
        self.show.begins("checking every message");
        self.circle.tell(&Order::Chat { per_second: 0.0 }).await?;
        let (start, mut quiet, mut last) = (Instant::now(), Instant::now(), u64::MAX);
        let view = loop {
            let view = self.look().await?;
            let heard = view.crowd.heard + view.circle.heard;
            run.unanswered = view.crowd.unanswered + view.circle.unanswered;
            if heard != last || run.unanswered > 0 {
                (quiet, last) = (Instant::now(), heard);
            }
            if quiet.elapsed() > QUIET || start.elapsed() > QUIET_MAX {
                break view;
            }
            tokio::time::sleep(LOOK).await;
        };
        run.cut = view.crowd.unasked;
        run.survivors_cut = view.crowd.unasked_stay + view.circle.unasked_stay;
        run.memory_before_bytes = self.memory_before_bytes;
        run.memory_max_bytes = self.tape.rss_bytes_max();
        let truth = truth::read(&mut self.api, &self.rooms).await?;
        let (crowd, circle) =
            (self.crowd.tell(&Order::Logs).await?, self.circle.tell(&Order::Logs).await?);
        run.wire = (crowd.wire_repeats + circle.wire_repeats, crowd.wire_holes + circle.wire_holes);
        let (mut logs, mut posts) = (crowd.logs, crowd.posts);
        logs.extend(circle.logs);
        posts.extend(circle.posts);
        run.verdict = truth.judge(&logs, &posts);
        (run.points, run.marks) = std::mem::take(&mut self.tape).into_parts();
        Ok(())
    }
}

/// The figures of a recovery.
fn recovery(seen: &Seen, dropped: u64) -> Run {
    let (all, obedient) = (seen.of(|_| true), seen.of(Species::obeys));
    let last_s = |h: &Histogram| h.quantiles().max_ms / 1_000.0;
    let back = all.came.count();
    let obedient_missing = obedient.lost.saturating_sub(obedient.came.count());
    Run {
        recovery_s: (back >= dropped).then(|| last_s(&all.came)),
        obedient_s: (obedient_missing == 0 && obedient.lost > 0).then(|| last_s(&obedient.came)),
        longest_wait_s: last_s(&all.waited),
        dropped,
        missing: dropped.saturating_sub(back),
        kinds: seen.kinds.iter().map(|(s, kind)| KindRow::new(s.to_string(), kind)).collect(),
        stale: (seen.stale.lost > 0).then(|| KindRow::new("old build".to_owned(), &seen.stale)),
        plain: Some(plain(seen, &all)),
        told_stale: seen.told_stale,
        refusals: seen.refusals.clone(),
        signed_out: seen.signed_out,
        parked: seen.parked,
        ..Run::default()
    }
}

/// Those who came back with their session and the right build.
fn plain(seen: &Seen, all: &Kind) -> KindRow {
    let others = [&seen.sign_ins, &seen.stale];
    let mut plain = all.clone();
    for other in others {
        plain.lost = plain.lost.saturating_sub(other.lost);
        plain.came = plain.came.since(&other.came);
        plain.waited = plain.waited.since(&other.waited);
        plain.knocks_each = plain.knocks_each.since(&other.knocks_each);
    }
    KindRow::new("plain".to_owned(), &plain)
}

/// How a worker process is started.
fn worker_command() -> Result<Vec<String>> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    Ok([program.as_str(), "drill", "worker"].map(str::to_owned).to_vec())
}

/// Where connections come from: several loopback addresses for a loopback server.
fn sources(url: &str) -> Vec<IpAddr> {
    if host(url).starts_with("127.") || host(url) == "localhost" {
        (2..2 + SOURCES).map(|n| Ipv4Addr::new(127, 0, 0, n).into()).collect()
    } else {
        Vec::new()
    }
}

/// The machine's processor time so far, in ticks.
struct MachineTime {
    idle: u64,
    total: u64,
}

impl MachineTime {
    fn since(&self, before: &Self) -> (u64, u64) {
        (self.idle.saturating_sub(before.idle), self.total.saturating_sub(before.total))
    }
}

fn machine_time() -> Result<MachineTime> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let first = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> =
        first.split_ascii_whitespace().skip(1).filter_map(|t| t.parse().ok()).collect();
    // The fourth is idle, the fifth waits for the disk.
    Ok(MachineTime { idle: ticks.iter().skip(3).take(2).sum(), total: ticks.iter().sum() })
}
