//! How the facts are found out: files of `/proc` and `/sys`, and a few questions to the file system.
//!
//! A look takes a millisecond or two and writes nothing; only [`Eyes::probe`] does, and it is asked for
//! rarely. What cannot be found out is left out.

mod certificate;
mod clock;
mod disk;
mod log;
mod memory;

use super::facts::{Facts, Files, Fsync, Kernel, Machine, Memory, Plan};
use std::path::{Path, PathBuf};

/// Looks again and again, and remembers what only shows over time.
#[derive(Debug)]
pub struct Eyes {
    root: PathBuf,
    /// Looks at the process that serves.
    serving: bool,
    clock: clock::Watch,
    growth: disk::Growth,
    fsync: Option<Fsync>,
    refused: Option<String>,
    overflows: Option<u64>,
    dropped: u64,
    resident_empty: Option<u64>,
}

/// What only the serving process knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inside {
    /// Live connections.
    pub live: u64,
    /// Lines of the log that were dropped.
    pub log_dropped: u64,
}

impl Eyes {
    /// Of the process that serves, or of a command.
    pub fn new(serving: bool) -> Self {
        Self::below(Path::new("/"), serving)
    }

    /// With another `/proc` and `/sys`.
    fn below(root: &Path, serving: bool) -> Self {
        Self {
            root: root.to_owned(),
            serving,
            clock: clock::Watch::start(),
            growth: disk::Growth::default(),
            fsync: None,
            refused: None,
            overflows: None,
            dropped: 0,
            resident_empty: None,
        }
    }

    /// Everything as it stands.
    pub fn look(&mut self, plan: &Plan, inside: Inside) -> Facts {
        let mut disk = disk::look(&plan.data);
        disk.growth_per_day = disk.free.and_then(|free| self.growth.seen(free));
        disk.fsync = self.fsync;
        disk.refused = disk.refused.or_else(|| self.refused.clone());
        let machine = Machine {
            serving: self.serving,
            files: self.files(),
            kernel: self.kernel(),
            memory: self.memory(inside),
            disk,
            clock: self.clock.look(&self.root, &plan.data),
            log: self.log(plan, inside),
            certificate: plan.tls.as_ref().map(|tls| certificate::look(tls, &plan.hosts)),
        };
        Facts { plan: plan.clone(), machine }
    }

    /// Writes a few blocks to the disk of the data and waits until they are safe, for at most two
    /// seconds. Nothing is left behind.
    pub fn probe(&mut self, plan: &Plan) {
        match disk::probe(&plan.data) {
            Ok(fsync) => (self.fsync, self.refused) = (fsync, None),
            Err(why) => (self.fsync, self.refused) = (None, Some(why)),
        }
    }

    /// What the last probe measured.
    pub fn fsync(&self) -> Option<Fsync> {
        self.fsync
    }

    fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(path)).ok()
    }

    fn number(&self, path: &str) -> Option<u64> {
        self.text(path)?.trim().parse().ok()
    }

    fn files(&self) -> Files {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let machine = self.text("proc/sys/fs/file-nr").unwrap_or_default();
        let mut figures = machine.split_whitespace().map(|figure| figure.parse().ok());
        let (open, most) = (figures.next().flatten(), figures.nth(1).flatten());
        Files { hard: limit.maximum, machine_max: most, machine_open: open }
    }

    fn kernel(&mut self) -> Kernel {
        let overflows = self.text("proc/net/netstat").and_then(|text| overflows(&text));
        let before = self.overflows.or(overflows).unwrap_or(0);
        self.overflows = overflows;
        Kernel {
            somaxconn: self.number("proc/sys/net/core/somaxconn"),
            syn_backlog: self.number("proc/sys/net/ipv4/tcp_max_syn_backlog"),
            syncookies: self.number("proc/sys/net/ipv4/tcp_syncookies").map(|n| n != 0),
            overflows,
            overflows_lately: overflows.unwrap_or(0).saturating_sub(before),
            tracked_max: self.number("proc/sys/net/netfilter/nf_conntrack_max"),
            tracked: self.number("proc/sys/net/netfilter/nf_conntrack_count"),
        }
    }

    fn memory(&mut self, inside: Inside) -> Memory {
        let group = memory::group(&self.root);
        let resident = if self.serving { memory::resident(&self.root) } else { 0 };
        let empty = *self.resident_empty.get_or_insert(resident);
        Memory {
            available: self.text("proc/meminfo").and_then(|text| memory::available(&text)),
            group_max: group.map(|(most, _)| most),
            group_used: group.map(|(_, used)| used),
            resident,
            live: inside.live,
            resident_empty: empty,
        }
    }

    fn log(&mut self, plan: &Plan, inside: Inside) -> super::facts::Log {
        let lately = inside.log_dropped.saturating_sub(self.dropped);
        self.dropped = inside.log_dropped;
        let sink = log::sink(&plan.data);
        super::facts::Log { sink, dropped: inside.log_dropped, dropped_lately: lately }
    }
}

/// `ListenDrops` of `/proc/net/netstat`: lines of names, each with a line of figures below it.
fn overflows(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    while let (Some(names), Some(figures)) = (lines.next(), lines.next()) {
        let at = names.split(' ').position(|name| name == "ListenDrops");
        if let Some(at) = at {
            return figures.split(' ').nth(at)?.parse().ok();
        }
    }
    None
}

#[cfg(test)]
mod tests;
