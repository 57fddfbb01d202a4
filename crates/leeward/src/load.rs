//! `leeward load`: a load test against any server that was started with `allow_load`, and the bare
//! loops of system calls that its figures are compared with.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use leeward_client::load::{self, LoadOptions};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `load`.
#[derive(Args, Debug)]
pub(crate) struct Load {
    /// The server
    #[arg(default_value = "http://127.0.0.1:8080")]
    url: String,
    /// A file with the token of an owner; `-` for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "worker")]
    token_file: Option<PathBuf>,
    /// A file with the certificates to believe, in place of the system's
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// Synthetic people; 0 for none, when only `--writers` is of interest
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    clients: usize,
    /// How many of them are in one room
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    room_size: u32,
    /// How many sign in at the same time
    #[arg(long, value_name = "N", default_value_t = 200)]
    at_once: usize,
    /// The process of the server on this machine, for its processor time and memory
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// How long nothing happens while the memory is read
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    idle: u64,
    /// Drop all connections at once; they come back within this time
    #[arg(long, value_name = "MILLISECONDS")]
    storm: Option<u32>,
    /// Messages per second in the first room
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// As many messages as the server takes from 16 writers per room, then half of that
    #[arg(long)]
    saturate: bool,
    /// So many people post as fast as their posts are acknowledged, each in a room of their own
    #[arg(long, value_name = "N")]
    writers: Option<usize>,
    /// How long each kind of traffic lasts
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,
    /// The length of a message
    #[arg(long, value_name = "N", default_value_t = 200)]
    text_bytes: usize,
    /// Worker processes; 0 for as many as the limit of open files demands
    #[arg(long, value_name = "N", default_value_t = 0)]
    workers: usize,
    /// Give up when not everybody is in after so long
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    patience: u64,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// Be a worker of another `leeward load`
    #[arg(long, hide = true)]
    worker: bool,
}

/// Runs the test; its report is the answer.
pub(crate) fn run(args: &Load) -> Result<String> {
    let runtime = crate::operator::runtime()?;
    if args.worker {
        runtime.block_on(load::serve_worker())?;
        return Ok(String::new());
    }
    let options = options(args)?;
    let report = runtime.block_on(Box::pin(load::run(options, show)))?;
    clear();
    if args.json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(&report)?));
    }
    Ok(report.to_string())
}

fn options(args: &Load) -> Result<LoadOptions> {
    let lasts = Duration::from_secs(args.seconds);
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    if args.rate.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
        bail!("`--rate` is a number above 0");
    }
    Ok(LoadOptions {
        url: args.url.clone(),
        roots: args.roots.clone(),
        token: token(args)?,
        clients: args.clients,
        room_size: usize::try_from(args.room_size)?,
        at_once: args.at_once.max(1),
        server_pid: args.server_pid,
        idle: Duration::from_secs(args.idle),
        storm_ms: args.storm,
        delivery: args.rate.map(|rate| (rate, lasts)),
        saturate: args.saturate.then_some(lasts),
        posts: args.writers.map(|writers| (writers, lasts)),
        text_bytes: args.text_bytes,
        workers: args.workers,
        worker_command: vec![program, "load".to_owned(), "--worker".to_owned()],
        patience: Duration::from_secs(args.patience),
    })
}

/// The first line of the file. A token on the command line would be seen by all users of the machine.
fn token(args: &Load) -> Result<String> {
    let file = args.token_file.as_deref().context("`--token-file` is missing")?;
    let text = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())?
    } else {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
    };
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Shows how far the test is, in one line that the next one covers.
fn show(words: &str) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        // Progress that cannot be shown does no harm.
        let _ = write!(out, "\r\x1b[K{words}");
        let _ = out.flush();
    }
}

fn clear() {
    show("");
}
