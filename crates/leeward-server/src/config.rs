//! What a node is told when it starts. Every value has a default that suits one machine.

pub use crate::door::Prefix;
use leeward_core::lease::Terms;
use leeward_core::session::Rate;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How a node is to run.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where the databases and the uploaded files are.
    pub data: PathBuf,
    /// The build of the web app that this server serves, as told in `welcome`.
    pub build: String,
    /// The addresses under which people reach this server, such as `https://chat.example.org`: the
    /// first is used in links, pages of all may open connections. Empty: a page's origin has to name
    /// the host that it connects to.
    pub origins: Vec<String>,
    /// A proxy in front terminates TLS: cookies are marked `Secure`, and the last address of
    /// `X-Forwarded-For` is believed.
    pub behind_proxy: bool,
    /// Certificate files; without them the public listener speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Proof that whoever gives a command at the operator's listener may: without one, it takes none.
    pub operator_secret: Option<String>,
    /// Threads that own connections.
    pub shards: usize,
    /// Threads that read the database.
    pub readers: usize,
    /// Most live connections on this node.
    pub connections_max: u32,
    /// Largest file that may be uploaded, in bytes.
    pub file_bytes_max: u64,
    /// What the one-time set-up link carries; only asked for while there is no account.
    pub setup_token: Option<String>,
    /// Answers requests to make thousands of synthetic accounts, for load tests.
    pub allow_load: bool,
    /// What a test has shards trip over. Nothing that an operator can set leads here.
    pub stumble: Stumble,
    /// Addresses that slash commands may be answered at besides public ones.
    pub command_targets: Vec<Prefix>,
    /// On what terms connections may be silent.
    pub lease: Terms,
    /// What bounds memory and patience.
    pub bounds: Bounds,
    /// What is checked before anything is read of a socket.
    pub door: DoorConfig,
    /// Who is let in when many come at once.
    pub storm: StormConfig,
    /// Takes commands that break the limiter on purpose; for drills alone.
    pub allow_drills: bool,
    /// Where else figures are sent.
    pub statsd: Option<Statsd>,
    /// What XMPP clients are told.
    pub xmpp: XmppConfig,
}

/// What XMPP clients are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmppConfig {
    /// The address of the server, as what stands after the `@` in that of an account.
    pub domain: String,
    /// Passwords may be sent without TLS by whoever is not on this machine either.
    pub plain: bool,
    /// The web address that files are at, where no origin is configured.
    pub web: String,
}

impl Default for XmppConfig {
    fn default() -> Self {
        let (domain, web) = ("localhost".into(), "http://localhost:8080".into());
        Self { domain, plain: false, web }
    }
}

/// A statsd daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statsd {
    /// Host and port; the host may be a name.
    pub address: String,
    /// What every name begins with.
    pub prefix: String,
    /// Between two times that figures are sent.
    pub every: Duration,
}

/// Where the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, PEM, leaf first.
    pub cert: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// What is checked before anything is read of a socket.
#[derive(Clone, Debug)]
pub struct DoorConfig {
    /// Connections that the kernel may keep until they are accepted: about a third of a second's
    /// worth, so that whoever is accepted still waits for it. Beyond, they are dropped at no cost.
    pub backlog_max: u32,
    /// Sockets that are accepted and wait for a shard to take them in, at most: what comes beyond waits
    /// in the kernel. The return of everybody at once should fit.
    pub porch_max: usize,
    /// Sockets taken in by one shard of which it is not known yet what they want.
    pub openings_max: usize,
    /// How often one address (one /64 of IPv6) may connect.
    pub address: Bucket,
    /// How often its network (a /24, or a /48 of IPv6) may.
    pub network: Bucket,
    /// Addresses that are not counted: this machine, its proxies.
    pub trusted: Vec<Prefix>,
}

/// How often something may come from one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket {
    /// In the long run, in one second.
    pub per_s: u32,
    /// At once.
    pub burst: u32,
}

impl Bucket {
    /// The time between two, in microseconds.
    pub(crate) fn each_us(self) -> u64 {
        1_000_000 / u64::from(self.per_s.max(1))
    }
}

impl Default for DoorConfig {
    /// An address: an office behind one address of which everybody comes back at once, and tries
    /// again. A network: some of those.
    fn default() -> Self {
        Self {
            backlog_max: 4_096,
            porch_max: 16_384,
            openings_max: 1_024,
            address: Bucket { per_s: 100, burst: 1_000 },
            network: Bucket { per_s: 400, burst: 4_000 },
            trusted: Prefix::loopback().into(),
        }
    }
}

/// Who is let in when many come at once.
#[derive(Clone, Debug)]
pub struct StormConfig {
    /// Whether admission is controlled at all. Without it everybody is let in as they come and nobody
    /// is told a time, for the other half of a drill.
    pub control: bool,
    /// Whether the watchdog mends a limiter that has gone wrong. Without it a wedge stays, for the
    /// other half of a drill.
    pub guard: bool,
    /// Memory that those who wait may take, in bytes: they are parked up to there and told a time
    /// beyond.
    pub parked_bytes_max: u64,
}

impl Default for StormConfig {
    fn default() -> Self {
        Self { control: true, guard: true, parked_bytes_max: 256 * 1024 * 1024 }
    }
}

/// Bounds of queues and waits.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Bytes that may wait for one connection to be read by its client: some 3,000 messages. Beyond,
    /// it is closed as slow.
    pub queue_bytes_max: usize,
    /// Bytes of events kept in memory for each room, from which resumes are answered.
    pub ring_bytes_max: usize,
    /// Bytes that may wait in one shard's inbox; beyond, the shard heals from the database.
    pub inbox_bytes_max: usize,
    /// Posts of one connection that may be on their way to the database.
    pub posts_in_flight_max: u8,
    /// How often one connection may post.
    pub posts: Rate,
    /// How often one connection may ask for other things.
    pub requests: Rate,
    /// From accept to the end of the request's head, and from the upgrade to `hello`.
    pub hello_max: Duration,
    /// How long a client may take not a byte of what waits for it.
    pub stall_max: Duration,
    /// Over how long the goodbyes of a planned stop spread the clients' return, at least: it is longer
    /// where letting them all in takes longer.
    pub drain_spread: Duration,
    /// How long a planned stop waits for what is under way.
    pub drain_max: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        let live = leeward_core::session::Limits::default();
        Self {
            queue_bytes_max: 1024 * 1024,
            ring_bytes_max: 64 * 1024,
            inbox_bytes_max: 16 * 1024 * 1024,
            posts_in_flight_max: live.posts_in_flight_max,
            posts: live.posts,
            requests: live.requests,
            hello_max: Duration::from_secs(10),
            stall_max: Duration::from_secs(20),
            drain_spread: Duration::from_secs(5),
            drain_max: Duration::from_secs(10),
        }
    }
}

impl NodeConfig {
    /// The defaults, with this data directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            data: data.into(),
            build: format!("web/{}", crate::assets::build()),
            origins: Vec::new(),
            behind_proxy: false,
            tls: None,
            operator_secret: None,
            shards: cores,
            readers: cores.clamp(2, 4),
            connections_max: 50_000,
            file_bytes_max: 100 * 1024 * 1024,
            setup_token: None,
            allow_load: false,
            stumble: Stumble::default(),
            command_targets: Vec::new(),
            lease: Terms::default(),
            bounds: Bounds::default(),
            door: DoorConfig::default(),
            storm: StormConfig::default(),
            allow_drills: false,
            statsd: None,
            xmpp: XmppConfig::default(),
        }
    }

    /// Whether people reach this server by `https`.
    pub fn secure(&self) -> bool {
        self.tls.is_some() || self.behind_proxy
    }
}

/// Called where a shard may come to be late, or to fall, so that a test can see what happens then.
/// Without one, which is always so outside of tests, it costs a comparison.
#[derive(Clone, Default)]
pub struct Stumble(Option<Arc<dyn Fn(Doing) + Send + Sync>>);

/// What a shard is about to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doing {
    /// Another turn of the loop of the shard with this number.
    Turn(u32),
    /// Dealing with what a connection's task has read.
    Reading,
}

impl Stumble {
    /// Over this.
    pub fn over(what: impl Fn(Doing) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(what)))
    }

    pub(crate) fn at(&self, doing: Doing) {
        if let Some(what) = &self.0 {
            what(doing);
        }
    }
}

impl std::fmt::Debug for Stumble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Stumble" } else { "None" })
    }
}

/// Who is at the other end of a request: an extension of every request the router gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address the connection came from.
    pub address: SocketAddr,
}
