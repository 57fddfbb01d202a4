//! The server that a drill breaks: one of its own, a child process over a temporary directory that
//! goes with it; or one that is named, if it allows drills. Never breaks anything itself.

use anyhow::{Context as _, Result, bail};
use leeward_client::drill::{Species, XmppServer};
use leeward_client::http::{Http, HttpError};
use leeward_client::server::{Roots, Server};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(20);
/// Lines of its log that are shown when it does not start.
const LOG_LINES: usize = 5;

/// What kind of server is wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// With TLS, by a certificate made for the occasion.
    pub(super) tls: bool,
    /// Without storm control: the control of a drill.
    pub(super) uncontrolled: bool,
    /// Keys of its configuration.
    pub(super) set: Vec<(&'static str, String)>,
    /// The most files it may open, when that is to be too few.
    pub(super) files_max: Option<u32>,
    /// With a listener for XMPP over TCP.
    pub(super) xmpp: bool,
}

/// A server, and the way to its operator's listener.
pub(super) struct Stage {
    pub(super) url: String,
    pub(super) roots: Option<PathBuf>,
    pub(super) operator: Operator,
    /// The token of the owner.
    pub(super) owner: String,
    /// Its process, if it is on this machine.
    pub(super) pid: Option<u32>,
    /// What its web app calls itself.
    pub(super) build: String,
    /// What `leeward --version` would say of it.
    pub(super) version: String,
    /// Where it speaks XMPP.
    xmpp: SpeaksXmpp,
    child: Option<Child>,
    dir: Option<TempDir>,
}

/// The operator's listener of a server.
pub(super) struct Operator {
    http: Http,
}

/// What the status of a server says of XMPP.
#[derive(Clone, Deserialize)]
struct SpeaksXmpp {
    domain: String,
    listen: Option<SocketAddr>,
    listen_tls: Option<SocketAddr>,
}

#[derive(Deserialize)]
struct Door {
    address: String,
    secret: String,
}

impl Operator {
    pub(super) fn at(url: &str, secret: &str) -> Result<Self> {
        let server = Server::parse(url, &Roots::System)
            .with_context(|| format!("`{url}` is not the address of an operator's listener"))?;
        Ok(Self { http: Http::with_token(server, secret) })
    }

    pub(super) async fn see(&mut self, path: &str) -> Result<Value, HttpError> {
        self.http.call("GET", path, None::<&()>).await
    }

    /// Has a command carried out.
    pub(super) async fn command(&mut self, command: &Value) -> Result<Value> {
        let done = self.http.call("POST", "/command", Some(command)).await;
        done.with_context(|| format!("the server does not do {command}"))
    }

    /// A counter or gauge of `/metrics`, summed over its labels; `None` if it has no such thing.
    pub(super) async fn metric(&mut self, name: &str) -> Result<Option<f64>> {
        let text = self.http.text("GET", "/metrics").await?;
        Ok(metric(&text, name))
    }
}

/// The sum of a metric over its labels.
fn metric(text: &str, name: &str) -> Option<f64> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(name));
    let values = lines
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()));
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

impl Stage {
    /// Starts a server of the drill's own, with an owner.
    pub(super) async fn own(wanted: &Wanted) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("leeward-drill-").tempdir()?;
        let roots = if wanted.tls { Some(certificate(dir.path())?) } else { None };
        let mut child = start(dir.path(), wanted)?;
        let stdout = child.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line());
        let greeting = first.await.ok().and_then(Result::ok).flatten().unwrap_or_default();
        let Some((_, url)) = greeting.split_once(" serves ") else {
            bail!("the server does not start: {}", last_words(dir.path()));
        };
        let door = std::fs::read(dir.path().join("data/operator.json"))
            .context("the server has left no way to its operator's listener")?;
        let door: Door = serde_json::from_slice(&door)?;
        let mut operator = Operator::at(&format!("http://{}", door.address), &door.secret)?;
        ready(&mut operator).await.with_context(|| last_words(dir.path()))?;
        let owner = make_owner(&mut operator).await?;
        let Names { build, version, xmpp } = names(&mut operator).await?;
        let pid = child.id();
        let (url, child, dir) = (url.trim().to_owned(), Some(child), Some(dir));
        Ok(Self { url, roots, operator, owner, pid, build, version, xmpp, child, dir })
    }

    /// A server that runs already. `door` is its `operator.json`, `owner` the token of an owner.
    pub(super) async fn named(
        url: &str,
        roots: Option<PathBuf>,
        door: &Path,
        owner: String,
    ) -> Result<Self> {
        let reading = || {
            format!(
                "cannot read {}: it is the `operator.json` in the data directory of the server",
                door.display()
            )
        };
        let door = std::fs::read(door).with_context(reading)?;
        let door: Door = serde_json::from_slice(&door).with_context(reading)?;
        let mut operator = Operator::at(&format!("http://{}", door.address), &door.secret)?;
        let Names { build, version, xmpp } = names(&mut operator).await.with_context(|| {
            format!("what answers at http://{} is not a Leeward server", door.address)
        })?;
        let (url, pid) = (url.trim_end_matches('/').to_owned(), None);
        let (child, dir) = (None, None);
        Ok(Self { url, roots, operator, owner, pid, build, version, xmpp, child, dir })
    }

    /// The server, as its people reach it.
    pub(super) fn server(&self) -> Result<Server> {
        let roots = self.roots.clone().map_or(Roots::System, Roots::File);
        Server::parse(&self.url, &roots).with_context(|| format!("`{}` is no server", self.url))
    }

    /// Where those clients find it who speak XMPP; none where nobody does.
    ///
    /// # Errors
    /// It does not listen where they would connect; in words that say what to do.
    pub(super) fn xmpp(
        &self,
        species: impl Iterator<Item = Species>,
    ) -> Result<Option<XmppServer>> {
        let mut speak = species.filter(|species| species.speaks_xmpp()).peekable();
        if speak.peek().is_none() {
            return Ok(None);
        }
        let secure = self.url.starts_with("https");
        let host = host(&self.url);
        let at = |scheme: &str, port: u16| Some(format!("{scheme}://{host}:{port}"));
        let SpeaksXmpp { domain, listen, listen_tls } = &self.xmpp;
        let tcp = match (listen_tls.filter(|_| secure), listen) {
            (Some(direct), _) => at("xmpps", direct.port()),
            // Without TLS nobody signs in who is not on the server's machine.
            (None, Some(clear)) if is_loopback(host) => at("xmpp", clear.port()),
            (None, Some(_) | None) => None,
        };
        if let Some(species) = speak.find(|species| species.is_native()).filter(|_| tcp.is_none()) {
            bail!(
                "`{species}` speaks XMPP over TCP, and this server listens for that nowhere it \
                 could sign in: start it with `--set xmpp.listen=…` on this machine, or with a \
                 certificate and `--set xmpp.listen_tls=…`; or let those come who use the web, \
                 such as `converse`"
            );
        }
        let web = self.url.replacen("http", "ws", 1);
        Ok(Some(XmppServer {
            tcp,
            websocket: Some(format!("{web}/xmpp-websocket")),
            bosh: Some(format!("{}/http-bind", self.url)),
            domain: domain.clone(),
            rooms: format!("rooms.{domain}"),
            roots: self.roots.as_ref().map(|path| path.to_string_lossy().into_owned()),
            resumes: true,
            scram: true,
            places: true,
        }))
    }

    /// The HTTP API, in the owner's name.
    pub(super) fn api(&self) -> Result<Http> {
        Ok(Http::with_token(self.server()?, &self.owner))
    }

    /// Ends a server of the drill's own, and its data.
    pub(super) async fn end(mut self) {
        if let Some(mut child) = self.child.take() {
            // Nobody is served any more, so there is nothing to end in good order.
            let _ = child.start_kill();
            let _ = tokio::time::timeout(PATIENCE, child.wait()).await;
        }
        drop(self.dir.take());
    }
}

fn start(dir: &Path, wanted: &Wanted) -> Result<Child> {
    let log = std::fs::File::create(dir.join("log"))?;
    let program = std::env::current_exe().context("this program does not know where it is")?;
    let mut command = match wanted.files_max {
        None => Command::new(program),
        // A limit can be lowered for a child by the shell alone, without code that may not fail.
        Some(files) => {
            let mut shell = Command::new("/bin/sh");
            let script = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
            shell.arg("-c").arg(script).arg(program);
            shell
        }
    };
    command.args(["serve", "--allow-drills"]);
    if wanted.uncontrolled {
        command.args(["--storm-control", "off"]);
    }
    let path = |name: &str| dir.join(name).to_string_lossy().into_owned();
    let nearby = "127.0.0.1:0";
    let mut set = vec![
        ("data_dir", path("data")),
        ("listen", nearby.to_owned()),
        ("operator_listen", nearby.to_owned()),
        ("xmpp.listen", if wanted.xmpp { nearby.to_owned() } else { String::new() }),
        ("xmpp.listen_tls", if wanted.xmpp { nearby.to_owned() } else { String::new() }),
        ("allow_load", "true".to_owned()),
        ("log.filter", "warn".to_owned()),
    ];
    if wanted.tls {
        set.extend([("tls.cert_file", path("cert.pem")), ("tls.key_file", path("key.pem"))]);
    }
    set.extend(wanted.set.iter().cloned());
    for (key, value) in set {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    // What configures the program that drills does not configure the server that is broken.
    command.env_clear().current_dir(dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    command.spawn().context("the server cannot be started")
}

/// Makes a certificate for loopback and says where it is; the key lies beside it.
fn certificate(dir: &Path) -> Result<PathBuf> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])
        .context("no certificate could be made")?;
    let cert = dir.join("cert.pem");
    std::fs::write(&cert, made.cert.pem())?;
    std::fs::write(dir.join("key.pem"), made.signing_key.serialize_pem())?;
    Ok(cert)
}

async fn ready(operator: &mut Operator) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !matches!(operator.see("/status").await, Ok(status) if status["ready"] == true) {
        if Instant::now() > deadline {
            bail!("the server does not become ready");
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn make_owner(operator: &mut Operator) -> Result<String> {
    let command = json!({
        "do": "add_accounts",
        "accounts": [{"name": "owner", "role": "owner"}],
        "tokens": true
    });
    let made = operator.command(&command).await?;
    let token = made["added"][0]["token"].as_str();
    Ok(token.context("the server has made no owner")?.to_owned())
}

/// What a server calls itself.
#[derive(Deserialize)]
struct Names {
    /// The build of its web app.
    build: String,
    version: String,
    xmpp: SpeaksXmpp,
}

async fn names(operator: &mut Operator) -> Result<Names> {
    let status = operator.see("/status").await?;
    serde_json::from_value(status).context("its status is not that of a Leeward server")
}

/// The host in a URL.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let port = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    &authority[..port.unwrap_or(authority.len())]
}

/// Whether that is this machine.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// The end of its log.
fn last_words(dir: &Path) -> String {
    let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_what_stands_before_its_port() {
        for (url, wanted) in [
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("https://chat.example.org/", "chat.example.org"),
            ("http://[::1]:80", "[::1]"),
            ("http://[::1]", "[::1]"),
        ] {
            assert_eq!(host(url), wanted);
        }
    }

    #[test]
    fn a_metric_is_summed_over_its_labels_and_not_over_longer_names() {
        let text = "# HELP leeward_posts x\nleeward_posts_total 3\nleeward_posts_total_more 9\n\
                    leeward_refusals_total{code=\"full\"} 2\nleeward_refusals_total{code=\"gate\"} 5\n";
        assert_eq!(metric(text, "leeward_posts_total"), Some(3.0));
        assert_eq!(metric(text, "leeward_refusals_total"), Some(7.0));
        assert_eq!(metric(text, "leeward_nothing"), None);
    }
}
