//! What the node is like, measured: processor time, delays, memory, descriptors.

use crate::node::Node;
use leeward_core::id::Instant;
use leeward_core::storm::Sample;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Measurements between two looks at what changes slowly.
const SLOW_EVERY: u32 = 10;
/// Descriptors that are no connections: databases, log, listeners, runtimes.
const FILES_KEPT: u64 = 200;

/// What was measured before.
pub(super) struct Gauge {
    at: Instant,
    cpu_us: u64,
    admission_us: u64,
    finished: u64,
    cores: u64,
    turns: u32,
    memory_free_bytes: u64,
    files_max: u64,
}

impl Gauge {
    pub(super) fn new(node: &Node) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            at: node.instant(),
            cpu_us: process_cpu_us(),
            admission_us: 0,
            finished: 0,
            cores: cores as u64,
            turns: 0,
            memory_free_bytes: u64::MAX,
            files_max: u64::MAX,
        }
    }

    /// What it was like since the last time.
    pub(super) fn measure(&mut self, node: &Node, now: Instant) -> Sample {
        if self.turns.is_multiple_of(SLOW_EVERY) {
            self.memory_free_bytes = free_memory().unwrap_or(u64::MAX);
            self.files_max = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        }
        self.turns = self.turns.wrapping_add(1);
        let cpu_us = process_cpu_us();
        let (mut admission_us, mut finished, mut lag_us, mut queue_us) = (0, 0, 0, 0);
        for pulse in node.admission.pulses() {
            // What the HTTP API took is no part of letting people in.
            let openings_us = pulse.openings.total_us().saturating_sub(pulse.requests.total_us());
            admission_us += openings_us + pulse.admissions.total_us();
            finished += pulse.finished_total();
            let worst = pulse.take_worst();
            lag_us = worst.0.max(lag_us);
            queue_us = worst.1.max(queue_us);
        }
        let sockets = u64::try_from(node.counts().iter().sum::<i64>()).unwrap_or(0);
        let room = self.files_max.saturating_sub(FILES_KEPT).saturating_sub(sockets);
        let sample = Sample {
            finished: u32::try_from(finished - self.finished).unwrap_or(u32::MAX),
            admission_cpu_us: admission_us.saturating_sub(self.admission_us),
            busy_us: cpu_us.saturating_sub(self.cpu_us),
            capacity_us: self.cores * now.0.saturating_sub(self.at.0),
            lag_us,
            queue_us,
            memory_free_bytes: self.memory_free_bytes,
            connections_room: u32::try_from(room).unwrap_or(u32::MAX),
        };
        (self.at, self.cpu_us) = (now, cpu_us);
        (self.admission_us, self.finished) = (admission_us, finished);
        sample
    }
}

fn process_cpu_us() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec * 1_000_000 + time.tv_nsec / 1_000).unwrap_or(0)
}

/// Memory that can be had without swapping, within the limit of the control group.
fn free_memory() -> Option<u64> {
    let available = available(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
    let number = |file: &str| -> Option<u64> {
        std::fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse().ok()
    };
    let group = number("memory.max").zip(number("memory.current"));
    Some(group.map_or(available, |(most, used)| available.min(most.saturating_sub(used))))
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read_in_bytes() {
        let text = "MemTotal:  8000 kB\nMemAvailable:    2048 kB\nBuffers: 1 kB\n";
        assert_eq!(available(text), Some(2 << 20));
        assert_eq!(available("MemTotal: 8 kB\n"), None);
    }
}
