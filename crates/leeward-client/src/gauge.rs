//! What a process costs, as Linux counts it: processor time, resident memory, open files. Never asks
//! the process itself.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;

/// Files a worker may need beside its connections.
const FILES_BESIDE: u64 = 64;

/// A process to be watched.
#[derive(Clone, Copy, Debug)]
pub struct Gauge {
    pid: u32,
    with_children: bool,
    ticks_per_second: u64,
}

/// What it has cost so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// User and system time, in microseconds.
    pub cpu_us: u64,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
}

impl Gauge {
    /// Watches a process of this machine.
    pub fn new(pid: u32) -> Self {
        let ticks_per_second = rustix::param::clock_ticks_per_second();
        Self { pid, with_children: false, ticks_per_second }
    }

    /// The same with the processes that it has started and that still run.
    #[must_use]
    pub fn with_children(self) -> Self {
        Self { with_children: true, ..self }
    }

    /// Reads its cost.
    pub fn read(self) -> io::Result<Cost> {
        let folder = format!("/proc/{}", self.pid);
        let stat = std::fs::read_to_string(format!("{folder}/stat"))?;
        let cpu_us = cpu_ticks(&stat).map(|ticks| ticks * 1_000_000 / self.ticks_per_second);
        let status = std::fs::read_to_string(format!("{folder}/status"))?;
        let rss_bytes = rss_bytes(&status);
        let wrong = || io::Error::other(format!("{folder} is not of the usual form"));
        let mut cost =
            Cost { cpu_us: cpu_us.ok_or_else(wrong)?, rss_bytes: rss_bytes.ok_or_else(wrong)? };
        if self.with_children {
            for pid in children(&folder)? {
                // One may have ended since.
                let child = Self { pid, ..self }.read().unwrap_or_default();
                cost.cpu_us += child.cpu_us;
                cost.rss_bytes += child.rss_bytes;
            }
        }
        Ok(cost)
    }
}

/// The processes that the threads of a process have started.
fn children(folder: &str) -> io::Result<Vec<u32>> {
    let mut pids = Vec::new();
    for thread in std::fs::read_dir(format!("{folder}/task"))? {
        let children = std::fs::read_to_string(thread?.path().join("children"));
        let children = children.unwrap_or_default();
        pids.extend(children.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    Ok(pids)
}

/// Fields 14 and 15, counted from behind the name, which may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

fn rss_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Raises the limit of open files to what the system allows: how many connections one process may
/// hold.
pub(crate) fn connections_max() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    files.unwrap_or(u64::MAX).saturating_sub(FILES_BESIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_confuse() {
        let stat = "12 (a) b (c)) S 1 1 1 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 9 9 9";
        assert_eq!(cpu_ticks(stat), Some(300));
    }

    #[test]
    fn a_child_counts_with_its_parent_when_wanted() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a child");
        let gauge = Gauge::new(std::process::id());
        let (alone, both) = (gauge.read(), gauge.with_children().read());
        child.kill().and_then(|()| child.wait()).expect("it ends");
        let (alone, both) = (alone.expect("linux"), both.expect("linux"));
        assert!(both.rss_bytes > alone.rss_bytes, "{alone:?} {both:?}");
    }

    #[test]
    fn this_process_has_memory_and_may_hold_files() {
        let cost = Gauge::new(std::process::id()).read().expect("linux");
        assert!(cost.rss_bytes > 100_000);
        assert!(connections_max() > 100);
    }
}
