//! `leeward drill`: an outage, on purpose. A server, real clients over real sockets, survivors who chat
//! all the while, and in the end an exact account of what was promised and what was kept.
//!
//! In reading order: [`Drill`] (the flags), [`stage`] (the server), [`people`] and [`house`] (who takes
//! part), one file per outage ([`storm`], [`ryver`], [`hipchat`], [`gitter`], [`mural`]), [`report`] and
//! [`page`].
//! Never drills a server with real people on it unless forced.

mod against;
mod chart;
mod gitter;
mod hipchat;
mod house;
mod mural;
mod page;
mod people;
mod progress;
mod report;
mod ryver;
mod stage;
mod storm;
mod tape;
mod truth;

use crate::answer::Answer;
use crate::config::Config;
use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use house::Cast;
use leeward_client::drill::{Breakage, Mix, Species};
use progress::Progress;
use report::{Promise, Report, Run};
use stage::{Stage, Wanted};
use std::io::Write as _;
use std::path::PathBuf;

/// Exit status: a promise broke.
const BROKEN: u8 = 1;
/// Exit status: the drill could not be held.
const UNABLE: u8 = 2;

/// Flags of `drill`.
#[derive(Args, Debug)]
pub(crate) struct Drill {
    /// Which outage
    #[arg(value_enum)]
    outage: Outage,
    /// How many clients, survivors included
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clients)]
    clients: usize,
    /// How many of them stay connected and chat (10, but at most one in each room)
    #[arg(long, value_name = "N")]
    survivors: Option<usize>,
    /// How many are in one room
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(2..=1_000))]
    room_size: u16,
    /// How the others come back: kinds in shares such as `leeward:50,naive:50` (`leeward`; `hipchat`
    /// has clients of XMPP as well)
    #[arg(long, value_name = "MIX", long_help = species_help())]
    species: Option<Mix>,
    /// Also the same outage without storm control, with clients that take no advice
    #[arg(long, value_enum, value_name = "WITH", conflicts_with = "against")]
    compare: Option<Compare>,
    /// With TLS (`mural` always is)
    #[arg(long, conflicts_with = "against")]
    tls: bool,
    /// A server that runs already, in place of one of the drill's own; it has to allow drills
    #[arg(long, value_name = "URL", requires = "token_file")]
    against: Option<String>,
    /// A file with the token of an owner of that server; `-` for standard input
    #[arg(long, value_name = "FILE", requires = "against")]
    token_file: Option<PathBuf>,
    /// The file `operator.json` of that server (the one in the data directory)
    #[arg(long, value_name = "FILE", requires = "against")]
    operator_file: Option<PathBuf>,
    /// A file with the certificates to believe, in place of the system's
    #[arg(long, value_name = "FILE", requires = "against")]
    roots: Option<PathBuf>,
    /// Although there are real people on that server
    #[arg(long, requires = "against")]
    force: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// Also write a page with the curves, and the JSON, into this directory
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Rest a quarter as long before and after, for tests
    #[arg(long, hide = true)]
    brisk: bool,
    /// Break a promise on purpose, to see that it is found
    #[arg(long = "break", value_enum, hide = true)]
    breakage: Option<Break>,
}

/// The outages.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Outage {
    /// Everybody but some survivors loses the connection at once
    Storm,
    /// The limiter jams under a full house, in every way there is
    Ryver,
    /// The web clients are dropped at the peak, those of XMPP by WebSocket and BOSH too; sign-ins are
    /// closed, then paced, then opened
    Hipchat,
    /// Everybody is dropped, and the lease parameters change while they come back
    Gitter,
    /// Every TLS connection is reset; a third of the clients come back with an old build
    Mural,
    /// Be a worker of another drill
    #[value(hide = true)]
    Worker,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Compare {
    /// Clients that try every second, give up after ten and sign in anew
    Naive,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Break {
    Lost,
    Duplicated,
    Reordered,
    /// No storm control.
    Control,
}

fn clients(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (20..=200_000).contains(count));
    count.ok_or_else(|| "a number from 20 to 200000".to_owned())
}

/// What `--help` says of the kinds of clients.
fn species_help() -> String {
    let [leeward, xmpp] = Species::names();
    format!(
        "How the others come back: a kind, or several in shares such as \
         `leeward:50,xmppjs:20,converse:30`. \
         Without it `leeward`; for `hipchat` `{}`.\n\n\
         By Leeward's protocol, each with the delays of the program named: {leeward}; \
         `mixed` is half obedient and half all others of these.\n\
         By XMPP, over what the program uses: {xmpp}; `xmpp-mixed` is all of these.",
        hipchat::MIX
    )
}

impl Drill {
    fn mix(&self) -> Mix {
        let usual = if self.outage == Outage::Hipchat { hipchat::MIX } else { "leeward" };
        self.species.clone().unwrap_or_else(|| usual.parse().expect("it is one"))
    }

    fn rooms(&self) -> usize {
        self.clients.div_ceil(usize::from(self.room_size))
    }

    fn survivors(&self) -> usize {
        self.survivors.unwrap_or_else(|| self.rooms().min(10))
    }
}

impl Outage {
    fn name(self) -> &'static str {
        match self {
            Self::Storm => "storm",
            Self::Ryver => "ryver",
            Self::Hipchat => "hipchat",
            Self::Gitter => "gitter",
            Self::Mural => "mural",
            Self::Worker => "worker",
        }
    }

    fn story(self) -> &'static str {
        match self {
            Self::Storm => storm::STORY,
            Self::Ryver => ryver::STORY,
            Self::Hipchat => hipchat::STORY,
            Self::Gitter => gitter::STORY,
            Self::Mural => mural::STORY,
            Self::Worker => "",
        }
    }

    /// What kind of server it needs.
    fn wants(self, drill: &Drill) -> Wanted {
        let tls = drill.tls || self == Self::Mural;
        let set = match self {
            Self::Gitter => gitter::lease_keys(),
            Self::Ryver => ryver::limit_keys(drill.clients),
            Self::Storm | Self::Hipchat | Self::Mural | Self::Worker => Vec::new(),
        };
        let uncontrolled = drill.breakage == Some(Break::Control);
        let xmpp = drill.mix().species().any(Species::speaks_xmpp);
        Wanted { tls, set, uncontrolled, files_max: None, xmpp }
    }
}

/// What an outage left: its figures, and which promises it kept.
type Held = (Run, Vec<Promise>);

/// Holds the drill. Status 0: all promises held; 1: one broke; 2: it could not be held.
pub(crate) fn run(config: &Config, drill: &Drill) -> Answer {
    let runtime = match crate::operator::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return unable(&error),
    };
    if drill.outage == Outage::Worker {
        let served = runtime.block_on(leeward_client::drill::serve_worker());
        return served.map_or_else(|e| unable(&e.into()), |()| Answer::from(String::new()));
    }
    match runtime.block_on(Box::pin(hold(config, drill))) {
        Ok(report) => {
            let status = if report.passed { 0 } else { BROKEN };
            Answer { text: said(drill, &report), status }
        }
        Err(error) => unable(&error),
    }
}

fn said(drill: &Drill, report: &Report) -> String {
    if drill.json {
        return format!(
            "{}\n",
            serde_json::to_string_pretty(report).expect("it is made of text and numbers")
        );
    }
    let mut text = report.to_string();
    if let Some(dir) = &drill.report {
        text.push_str(&format!("the page is {}\n", dir.join("index.html").display()));
    }
    text
}

fn unable(error: &anyhow::Error) -> Answer {
    // Whoever closed standard error does not want to know.
    let _ = writeln!(std::io::stderr(), "leeward: {error:#}");
    Answer { text: String::new(), status: UNABLE }
}

/// The drill, until it is done or somebody stops it.
async fn hold(config: &Config, drill: &Drill) -> Result<Report> {
    let show = Progress::new(false);
    check(drill)?;
    let mut stage = match &drill.against {
        None => {
            show.begins("starting a server");
            Stage::own(&drill.outage.wants(drill)).await?
        }
        Some(url) => against::admit(config, drill, url).await?,
    };
    let held = tokio::select! {
        biased;
        // 1. Whoever wants to stop is heard first.
        () = stopped() => Err(anyhow::anyhow!("stopped; nothing was left behind")),
        held = Box::pin(both(drill, &mut stage, show)) => held,
    };
    show.ends();
    let removed = match drill.against {
        Some(_) => against::remove(&stage).await,
        None => Ok(()),
    };
    let version = stage.version.clone();
    stage.end().await;
    let (held, control) = held?;
    removed.context("the synthetic people could not be removed")?;
    let report = report(drill, version, held, control);
    if let Some(dir) = &drill.report {
        page::write(dir, &report)?;
    }
    Ok(report)
}

/// What cannot be done, before anything is.
fn check(drill: &Drill) -> Result<()> {
    let survivors = drill.survivors();
    if survivors > drill.rooms().min(200) {
        let rooms = drill.rooms();
        bail!(
            "there can be one survivor in each of the {rooms} rooms, and 200 in all; you want {survivors}"
        );
    }
    if let Some(dir) = &drill.report {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the directory {}", dir.display()))?;
    }
    Ok(())
}

/// Ctrl-C or SIGTERM.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// The outage, and the control if that is wanted.
async fn both(drill: &Drill, stage: &mut Stage, show: Progress) -> Result<(Held, Option<Run>)> {
    let cast = cast(drill, drill.mix());
    let mut held = Box::pin(outage(drill.outage, stage, cast, show)).await?;
    let Some(Compare::Naive) = drill.compare else { return Ok((held, None)) };
    show.begins("the control: no storm control, clients that take no advice");
    let mut wanted = drill.outage.wants(drill);
    wanted.uncontrolled = true;
    let mut bare = Stage::own(&wanted).await?;
    let naive = cast_of_control(drill);
    let control = Box::pin(storm::control(&mut bare, naive, drill.outage, show)).await;
    bare.end().await;
    let control = control?;
    held.1.push(storm::worse(&held.0, &control));
    Ok((held, Some(control)))
}

fn cast(drill: &Drill, mix: Mix) -> Cast {
    let (mix, stay) = match drill.outage {
        Outage::Hipchat => hipchat::parts(mix),
        Outage::Storm | Outage::Ryver | Outage::Gitter | Outage::Mural | Outage::Worker => {
            (mix, Mix::only(Species::Leeward))
        }
    };
    Cast {
        clients: drill.clients,
        survivors: drill.survivors(),
        bystander_percent: if drill.outage == Outage::Hipchat { 30 } else { 0 },
        strangers: if drill.outage == Outage::Ryver { drill.clients / 10 } else { 0 },
        room_size: usize::from(drill.room_size),
        mix,
        stay,
        hidden: drill.outage != Outage::Gitter,
        brisk: drill.brisk,
        breakage: match drill.breakage {
            Some(Break::Lost) => Some(Breakage::Lost),
            Some(Break::Duplicated) => Some(Breakage::Duplicated),
            Some(Break::Reordered) => Some(Breakage::Reordered),
            Some(Break::Control) | None => None,
        },
    }
}

fn cast_of_control(drill: &Drill) -> Cast {
    Cast { breakage: None, strangers: 0, ..cast(drill, Mix::only(Species::Naive)) }
}

async fn outage(which: Outage, stage: &mut Stage, cast: Cast, show: Progress) -> Result<Held> {
    match which {
        Outage::Storm | Outage::Worker => storm::hold(stage, cast, show).await,
        Outage::Ryver => ryver::hold(stage, cast, show).await,
        Outage::Hipchat => hipchat::hold(stage, cast, show).await,
        Outage::Gitter => gitter::hold(stage, cast, show).await,
        Outage::Mural => mural::hold(stage, cast, show).await,
    }
}

fn report(drill: &Drill, version: String, held: Held, control: Option<Run>) -> Report {
    let (run, promises) = held;
    Report {
        drill: drill.outage.name(),
        story: drill.outage.story().to_owned(),
        version,
        machine: page::machine(),
        at: page::now(),
        clients: drill.clients,
        survivors: drill.survivors(),
        room_size: usize::from(drill.room_size),
        species: drill.mix().to_string(),
        tls: drill.outage.wants(drill).tls,
        passed: promises.iter().all(|promise| promise.held),
        run,
        control,
        promises,
    }
}
