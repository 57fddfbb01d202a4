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
        Self { pid, ticks_per_second: rustix::param::clock_ticks_per_second() }
    }

    /// Reads its cost.
    pub fn read(self) -> io::Result<Cost> {
        let folder = format!("/proc/{}", self.pid);
        let stat = std::fs::read_to_string(format!("{folder}/stat"))?;
        let cpu_us = cpu_ticks(&stat).map(|ticks| ticks * 1_000_000 / self.ticks_per_second);
        let status = std::fs::read_to_string(format!("{folder}/status"))?;
        let rss_bytes = rss_bytes(&status);
        let wrong = || io::Error::other(format!("{folder} is not of the usual form"));
        Ok(Cost { cpu_us: cpu_us.ok_or_else(wrong)?, rss_bytes: rss_bytes.ok_or_else(wrong)? })
    }
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
    fn this_process_has_memory_and_may_hold_files() {
        let cost = Gauge::new(std::process::id()).read().expect("linux");
        assert!(cost.rss_bytes > 100_000);
        assert!(connections_max() > 100);
    }
}
