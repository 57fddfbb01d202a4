//! `leeward top`: the status document in a terminal, redrawn as the server sends it.
//!
//! In reading order: this file waits for events, keys and signals; `stream` is where documents come
//! from, `past` what was before, `screen` the picture, `terminal` where it goes. Looks and never
//! touches: it gives the server no orders.

mod past;
mod screen;
mod stream;
mod terminal;

use crate::answer::Answer;
use crate::config::Config;
use crate::document::Document;
use crate::operator;
use crate::units::span;
use anyhow::{Context as _, Result, bail};
use clap::Args;
use past::Past;
use screen::{Line, Size, Style, draw};
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use stream::{Event, Stream};
use terminal::Terminal;
use tokio::signal::unix::{SignalKind, signal};

/// How often a server that is away is looked for.
const AGAIN: Duration = Duration::from_secs(1);
const STREAM: &str = "/api/storm/stream";

/// Flags of `top`.
#[derive(Args, Debug)]
pub(crate) struct Top {
    /// Print what there is once, and end
    #[arg(long)]
    once: bool,
    /// One JSON object a line, for as long as it is read
    #[arg(long)]
    json: bool,
}

/// Shows how things stand, until told to stop.
pub(crate) fn run(config: &Config, top: &Top) -> Result<Answer> {
    if top.once {
        return once(config, top.json);
    }
    let runtime = operator::runtime()?;
    let place = Place { config };
    if top.json {
        return runtime.block_on(lines(&place)).map(|()| String::new().into());
    }
    if !std::io::stdout().is_terminal() {
        bail!("`leeward top` needs a terminal; `--once` prints once, `--json` writes lines");
    }
    runtime.block_on(watch(&place)).map(|()| String::new().into())
}

fn once(config: &Config, json: bool) -> Result<Answer> {
    let body = operator::get(config, "/api/storm")?;
    if json {
        let value: serde_json::Value =
            serde_json::from_slice(&body).context("the server's answer is unknown")?;
        return Ok(format!("{value}\n").into());
    }
    let document = serde_json::from_slice(&body).context("the server's answer is unknown")?;
    let mut past = Past::default();
    past.recall(&operator::get(config, "/api/storm/history")?);
    past.note(&document);
    let place = operator::place(config).to_string();
    let lines = draw(&document, &past, &place, terminal::size(&std::io::stdout()).at_least());
    Ok(lines.iter().map(|line| format!("{}\n", line.text)).collect::<String>().into())
}

impl Size {
    /// What is printed once is printed whole.
    fn at_least(self) -> Self {
        Self { columns: self.columns.max(20), lines: self.lines.max(Self::USUAL.lines) }
    }
}

/// Where the server is: found anew each time, because one that starts again may be elsewhere.
struct Place<'a> {
    config: &'a Config,
}

impl Place<'_> {
    fn address(&self) -> SocketAddr {
        operator::place(self.config)
    }
}

/// The stream as it is: open, or away since some time.
enum Link {
    Open(Stream),
    Away { since: Instant, why: String },
}

impl Link {
    fn lost(why: &anyhow::Error) -> Self {
        Self::Away { since: Instant::now(), why: why.to_string() }
    }

    /// Waits for the next event of an open stream, or until it is time to look again.
    async fn next(&mut self, place: &Place<'_>) -> Result<Event> {
        match self {
            Self::Open(stream) => stream.next().await,
            Self::Away { .. } => {
                tokio::time::sleep(AGAIN).await;
                let mut stream = Stream::open(place.address(), STREAM).await?;
                let event = stream.next().await;
                *self = Self::Open(stream);
                event
            }
        }
    }

    /// Takes note of a stream that ended. Whoever is away stays so since they went.
    fn note(&mut self, why: &anyhow::Error) {
        match self {
            Self::Open(_) => *self = Self::lost(why),
            Self::Away { why: last, .. } => *last = why.to_string(),
        }
    }
}

async fn connect(place: &Place<'_>) -> Link {
    match Stream::open(place.address(), STREAM).await {
        Ok(stream) => Link::Open(stream),
        Err(e) => Link::lost(&e),
    }
}

/// Writes each document as a line, and a line of its own when the server is away.
async fn lines(place: &Place<'_>) -> Result<()> {
    let mut link = connect(place).await;
    let mut away = false;
    loop {
        let line = match &link {
            Link::Away { why, .. } if !away => {
                away = true;
                Some(serde_json::json!({ "state": "away", "why": why }).to_string())
            }
            Link::Open(_) | Link::Away { .. } => match link.next(place).await {
                Ok(event) if event.name == "status" => {
                    away = false;
                    Some(event.data)
                }
                Ok(_) => None,
                Err(e) => {
                    link.note(&e);
                    None
                }
            },
        };
        if let Some(line) = line {
            let mut out = std::io::stdout();
            if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
                // Whoever read has gone.
                return Ok(());
            }
        }
    }
}

/// What is on the screen.
struct Shown {
    document: Option<Document>,
    past: Past,
}

/// Draws until `q`, Ctrl-C or SIGTERM.
async fn watch(place: &Place<'_>) -> Result<()> {
    let mut ends = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .map(signal)
        .into_iter()
        .collect::<std::io::Result<Vec<_>>>()
        .context("cannot wait for signals")?;
    let mut resized = signal(SignalKind::window_change()).context("cannot wait for signals")?;
    let terminal = Terminal::enter();
    let mut keys = terminal.keys().context("the system gives no threads")?;
    let mut shown = Shown { document: None, past: Past::default() };
    let mut link = connect(place).await;
    shown.recall(place, &link).await;
    loop {
        shown.draw(&terminal, place, &link);
        let mut tick = std::pin::pin!(tokio::time::sleep(AGAIN));
        let [interrupt, terminate, hangup] = ends.as_mut_slice() else { return Ok(()) };
        tokio::select! {
            biased;
            // 1. The wish to leave, by whatever way.
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = hangup.recv() => return Ok(()),
            key = keys.recv() => match key {
                // 3 is Ctrl-C where the terminal sends no signal.
                Some(b'q' | b'Q' | 3) | None => return Ok(()),
                Some(_) => {}
            },
            // 2. Another size.
            _ = resized.recv() => {}
            // 3. What the server says.
            event = link.next(place) => match event {
                Ok(event) if event.name == "status" => shown.take(&event.data),
                Ok(_) => {}
                Err(e) => link.note(&e),
            },
            // 4. Time, which shows how long a server has been away.
            () = &mut tick, if matches!(link, Link::Open(_)) => {}
        }
    }
}

impl Shown {
    async fn recall(&mut self, place: &Place<'_>, link: &Link) {
        if matches!(link, Link::Open(_))
            && let Ok(Some(body)) = operator::fetch(place.address(), "/api/storm/history").await
        {
            self.past.recall(&body);
        }
    }

    fn take(&mut self, data: &str) {
        // A document that is not understood leaves the last one standing, with its time.
        if let Ok(document) = serde_json::from_str::<Document>(data) {
            self.past.note(&document);
            self.document = Some(document);
        }
    }

    fn draw(&self, terminal: &Terminal, place: &Place<'_>, link: &Link) {
        let size = terminal.size();
        let address = place.address().to_string();
        let mut lines = match &self.document {
            Some(document) => draw(document, &self.past, &address, size),
            None => vec![Line { style: Style::Faint, text: format!("Leeward at {address}") }],
        };
        if let Link::Away { since, why } = link {
            let away = span(since.elapsed().as_secs() * 1_000);
            let stale = if self.document.is_some() { " What follows is from before." } else { "" };
            let text = format!("Away for {away}: {why}. Looking again every second.{stale}");
            let text = text.chars().take(size.columns).collect();
            let line = Line { style: Style::Red, text };
            match lines.get_mut(1) {
                Some(sentence) => *sentence = line,
                None => lines.push(line),
            }
        }
        terminal.show(&lines, "q leaves");
    }
}
