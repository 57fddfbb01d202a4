//! What the doctor looks at: what the configuration will ask of the machine, and what the machine has.
//!
//! Plain data, so that a test can be any machine. `None` stands for what could not be found out, and
//! never leads to a finding worse than a notice.

use crate::config::TlsFiles;
use leeward_core::lease::Terms;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything that one look finds.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What the configuration asks for.
    pub plan: Plan,
    /// What there is.
    pub machine: Machine,
}

/// What the configuration asks for. Each field is the key of that name.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `data_dir`.
    pub data: PathBuf,
    /// `listen`.
    pub listen: SocketAddr,
    /// `operator_listen`.
    pub operator_listen: SocketAddr,
    /// The hosts of `public_url`.
    pub hosts: Vec<String>,
    /// `behind_proxy`.
    pub behind_proxy: bool,
    /// `proxy_idle_ms`.
    pub proxy_idle_ms: u64,
    /// `tls.cert_file` and `tls.key_file`.
    pub tls: Option<TlsFiles>,
    /// `limits.connections_max`, as it was asked for.
    pub connections_max: u64,
    /// `limits.queue_bytes_max`.
    pub queue_bytes_max: u64,
    /// `limits.room_bytes_max`.
    pub room_bytes_max: u64,
    /// `limits.file_bytes_max`.
    pub file_bytes_max: u64,
    /// `storm.parked_bytes_max`.
    pub parked_bytes_max: u64,
    /// `lease.*`.
    pub terms: Terms,
    /// `drain.spread_ms`.
    pub drain_spread_ms: u64,
    /// `drain.ms_max`.
    pub drain_ms_max: u64,
    /// `door.address_per_s`.
    pub address_per_s: u64,
    /// `door.trusted` names somebody.
    pub trusts_others: bool,
    /// `door.backlog_max`.
    pub backlog: u64,
    /// `storm.control` and `storm.guard`.
    pub storm_control: bool,
    /// `drills.allowed`.
    pub drills_allowed: bool,
    /// `allow_load`.
    pub allow_load: bool,
}

/// What the machine has, and what the process uses of it.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The facts are those of the serving process; otherwise of whoever asks.
    pub serving: bool,
    /// Open files.
    pub files: Files,
    /// The kernel's queues of connections.
    pub kernel: Kernel,
    /// Memory.
    pub memory: Memory,
    /// Where the data is.
    pub disk: Disk,
    /// The clock.
    pub clock: Clock,
    /// Where the log goes.
    pub log: Log,
    /// The certificate, where there is one.
    pub certificate: Option<Result<Certificate, String>>,
}

/// Limits of open files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files {
    /// What the process may raise its own limit to; `None` for no limit.
    pub hard: Option<u64>,
    /// What the whole machine may hold open.
    pub machine_max: Option<u64>,
    /// What the machine holds open.
    pub machine_open: Option<u64>,
}

/// What the kernel does with connections that nobody has accepted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel {
    /// `net.core.somaxconn`.
    pub somaxconn: Option<u64>,
    /// `net.ipv4.tcp_max_syn_backlog`.
    pub syn_backlog: Option<u64>,
    /// `net.ipv4.tcp_syncookies` is not 0.
    pub syncookies: Option<bool>,
    /// Connections dropped by full queues since the machine started.
    pub overflows: Option<u64>,
    /// How many of them since the look before.
    pub overflows_lately: u64,
    /// `net.netfilter.nf_conntrack_max`, where the firewall tracks connections.
    pub tracked_max: Option<u64>,
    /// Connections that it tracks.
    pub tracked: Option<u64>,
}

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// What can be had without swapping (`MemAvailable`).
    pub available: Option<u64>,
    /// The narrowest limit of the control groups that the process is in.
    pub group_max: Option<u64>,
    /// What that group uses.
    pub group_used: Option<u64>,
    /// What the serving process holds; 0 when there is none.
    pub resident: u64,
    /// Connections that it serves.
    pub live: u64,
    /// What it held before the first came.
    pub resident_empty: u64,
}

/// Where the data is.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Free for this process, in bytes.
    pub free: Option<u64>,
    /// Free entries of the file system.
    pub files_free: Option<u64>,
    /// What the databases take, in bytes.
    pub data: Option<u64>,
    /// By how many bytes a day the disk fills, where it has been watched for an hour.
    pub growth_per_day: Option<u64>,
    /// Why nothing can be written, if nothing can.
    pub refused: Option<String>,
    /// What kind of file system it is.
    pub medium: Medium,
    /// How long the disk takes to keep what it is given.
    pub fsync: Option<Fsync>,
}

/// What a file system is kept on, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Medium {
    /// A disk of this machine, real or not.
    #[default]
    Disk,
    /// Memory: gone with the machine's next start.
    Memory,
    /// Another machine's disk.
    Network,
}

/// How long it takes until a block of 4 KiB is safe, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Fsync {
    /// The one in the middle.
    pub median_us: u64,
    /// The longest.
    pub worst_us: u64,
    /// How many were measured.
    pub count: u32,
}

/// The clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Whether something keeps it right.
    pub synchronised: Option<bool>,
    /// How often it jumped while it was watched.
    pub steps: u64,
    /// The largest jump, in milliseconds; below zero when it went back.
    pub step_ms: i64,
    /// How far behind the newest file of the data it stands, in milliseconds.
    pub behind_data_ms: u64,
}

/// What the log is written to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Sink {
    /// Nothing that needs looking after: a terminal, `/dev/null`, a socket of the system's log.
    #[default]
    Carefree,
    /// A file.
    File {
        /// Free on its disk, in bytes.
        free: u64,
        /// It is on the same disk as the data.
        beside_data: bool,
    },
    /// A pipe to another program.
    Pipe {
        /// Bytes that wait to be read.
        waiting: u64,
        /// Bytes that it holds at most.
        holds: u64,
    },
    /// It was closed.
    Closed,
}

/// Where the log goes.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// To what.
    pub sink: Sink,
    /// Lines that were dropped because nobody took them.
    pub dropped: u64,
    /// How many of them since the look before.
    pub dropped_lately: u64,
}

/// The certificate that is served.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Certificate {
    /// From when it counts, in seconds since 1970.
    pub not_before_s: u64,
    /// Until when it and all of its chain count.
    pub not_after_s: u64,
    /// What the clock says.
    pub now_s: u64,
    /// Hosts of `public_url` that it does not name.
    pub strangers: Vec<String>,
    /// It is signed by its own key.
    pub self_signed: bool,
    /// Its key is RSA.
    pub rsa: bool,
}
