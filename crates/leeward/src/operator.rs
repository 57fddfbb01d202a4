//! Reaching whoever has the data directory: the server that serves it, through its operator's listener,
//! or the directory itself when nobody does.
//!
//! A serving process leaves `operator.json` in its data directory, readable by its own user alone: the
//! address of the listener, and a secret without which the listener takes no commands.

use crate::config::Config;
use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use leeward_server::core::code::Refusal;
use leeward_server::core::id::Millis;
use leeward_server::operate::{self, Command, Order, Ordered, Outcome};
use leeward_server::passwords::Passwords;
use leeward_server::store::{SqliteConfig, Store};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// The file in the data directory.
const FILE: &str = "operator.json";
/// How long a listener may take to answer at all: it is on this machine.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Where a serving process takes commands.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) struct Door {
    /// Its operator's listener.
    pub(crate) address: SocketAddr,
    /// Proof of having read the file.
    pub(crate) secret: String,
}

impl Door {
    /// A door with a fresh secret.
    pub(crate) fn at(mut address: SocketAddr) -> Result<Self> {
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        Ok(Self { address, secret: secret()? })
    }

    /// Leaves the file in a data directory.
    pub(crate) fn leave_in(&self, dir: &Path) -> Result<()> {
        let path = dir.join(FILE);
        let writing = || format!("cannot write {}", path.display());
        let fresh = dir.join("operator.json.part");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)
            .with_context(writing)?;
        file.write_all(&serde_json::to_vec(self)?).with_context(writing)?;
        std::fs::rename(&fresh, &path).with_context(writing)
    }

    /// Takes the file away: nobody is behind the door any more.
    pub(crate) fn close_in(dir: &Path) {
        // A file that stays costs the next command one failed connection.
        let _ = std::fs::remove_file(dir.join(FILE));
    }

    /// The door of a data directory, if a process has left one; it may be gone since.
    fn of(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(dir.join(FILE)).ok()?).ok()
    }
}

/// 128 random bits as text: what a set-up link and a door's secret are made of.
pub(crate) fn secret() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// Has a command carried out, by the server if there is one.
pub(crate) fn carry_out(config: &Config, command: &Command) -> Result<Outcome> {
    let runtime = runtime()?;
    let dir = config.data_dir();
    let door = Door::of(&dir);
    if let Some(door) = &door
        && let Some(outcome) = runtime.block_on(ask(door, command))?
    {
        return Ok(outcome);
    }
    let passwords = Passwords::start().context("the system gives no threads")?;
    let store = open(&dir)?;
    let at = now()?;
    let outcome = runtime.block_on(operate::on_store(&store, &passwords, command.clone(), at));
    drop(store);
    Ok(outcome?)
}

/// A runtime for one command.
pub(crate) fn runtime() -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().context("the system gives no runtime")
}

/// Opens a data directory that exists and that nobody serves.
pub(crate) fn open(dir: &Path) -> Result<Store> {
    if !dir.is_dir() {
        bail!("there is no data directory at {}: name it with --data-dir", dir.display());
    }
    Store::open(&SqliteConfig::new(dir)).with_context(|| format!("cannot open {}", dir.display()))
}

/// The wall clock.
pub(crate) fn now() -> Result<Millis> {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .context("the clock stands before 1970")?;
    Ok(Millis(u64::try_from(since.as_millis())?))
}

/// What the running server answers to a GET on its operator's listener.
pub(crate) fn get(config: &Config, path: &str) -> Result<Vec<u8>> {
    runtime()?.block_on(async {
        let address = place(config);
        let Some(body) = fetch(address, path).await? else {
            bail!("no server answers at {address}: start one with `leeward serve`");
        };
        Ok(body)
    })
}

/// The same of the server that serves this data directory. `None`: none does.
pub(crate) fn look(config: &Config, path: &str) -> Result<Option<Vec<u8>>> {
    match Door::of(&config.data_dir()) {
        Some(door) => runtime()?.block_on(fetch(door.address, path)),
        None => Ok(None),
    }
}

/// The door of the server that serves this data directory.
///
/// # Errors
/// None does.
pub(crate) fn serving(config: &Config) -> Result<Door> {
    let dir = config.data_dir();
    let door = Door::of(&dir);
    let answers = |door: &Door| std::net::TcpStream::connect_timeout(&door.address, ANSWER_MAX);
    door.filter(|door| answers(door).is_ok()).with_context(|| nobody_serves(&dir))
}

fn nobody_serves(dir: &Path) -> String {
    let dir = dir.display();
    format!("no server serves {dir}: start one, or name its directory with --data-dir")
}

/// Where the operator's listener is, or would be.
pub(crate) fn place(config: &Config) -> SocketAddr {
    let door = Door::of(&config.data_dir());
    door.map_or_else(|| config.address("operator_listen"), |door| door.address)
}

/// What a GET is answered with. `None`: nobody listens there.
pub(crate) async fn fetch(address: SocketAddr, path: &str) -> Result<Option<Vec<u8>>> {
    let request = Request::builder().method(Method::GET).uri(path);
    let request = request.header("host", address.to_string()).body(Full::default())?;
    let Some((status, body)) = send(address, request).await? else { return Ok(None) };
    if !status.is_success() {
        bail!("the server at {address} answered {status}");
    }
    Ok(Some(body))
}

/// Gives an order to the server that serves the data directory: without one there is nobody to obey.
pub(crate) fn order(config: &Config, order: &Order) -> Result<Ordered> {
    let dir = config.data_dir();
    let obeyed = match Door::of(&dir) {
        Some(door) => runtime()?.block_on(ask(&door, order))?,
        None => None,
    };
    obeyed.with_context(|| nobody_serves(&dir))
}

/// Asks the server behind a door. `None`: nobody is there.
async fn ask<Q: Serialize, A: DeserializeOwned>(door: &Door, question: &Q) -> Result<Option<A>> {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/command")
        .header("host", door.address.to_string())
        .header("authorization", format!("Bearer {}", door.secret))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(serde_json::to_vec(question)?)))?;
    let Some((status, body)) = send(door.address, request).await? else { return Ok(None) };
    if status == StatusCode::UNAUTHORIZED {
        // Another server has that address meanwhile; this directory is not served by it.
        return Ok(None);
    }
    if status.is_success() {
        return Ok(Some(serde_json::from_slice(&body).context("the server's answer is unknown")?));
    }
    let refusal: Refusal = serde_json::from_slice(&body)
        .with_context(|| format!("the server at {} answered {status}", door.address))?;
    Err(refusal.into())
}

/// One request over a connection of its own. `None`: nobody listens there.
async fn send(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Option<(StatusCode, Vec<u8>)>> {
    let Ok(stream) = TcpStream::connect(address).await else { return Ok(None) };
    let lost = || format!("the server at {address} went away before it answered");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.with_context(lost)?;
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(request).await.with_context(lost)?;
    let status = answer.status();
    let body = answer.into_body().collect().await.with_context(lost)?.to_bytes().to_vec();
    driver.abort();
    Ok(Some((status, body)))
}

/// A directory as the server, which may stand elsewhere, has to be told it.
pub(crate) fn absolute(dir: &Path) -> Result<PathBuf> {
    std::path::absolute(dir).with_context(|| format!("{} is no path", dir.display()))
}
