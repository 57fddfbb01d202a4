//! Memory of the machine and of the control group, as the kernel tells it.

use std::path::{Path, PathBuf};

/// Larger figures stand for "no limit".
const NO_LIMIT: u64 = 1 << 60;

/// `MemAvailable`, in bytes.
pub(super) fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// What this process holds, in bytes.
pub(super) fn resident(root: &Path) -> u64 {
    let statm = std::fs::read_to_string(root.join("proc/self/statm")).unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

/// The narrowest limit of the groups that this process is in, and what that group uses without what
/// could be given back at once.
pub(super) fn group(root: &Path) -> Option<(u64, u64)> {
    let own = std::fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let mut narrowest: Option<(u64, u64)> = None;
    for line in own.lines() {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let version = match controllers {
            "" => &UNIFIED,
            names if names.split(',').any(|name| name == "memory") => &FIRST,
            _ => continue,
        };
        let base = root.join(version.base);
        let path = Path::new(path.trim_start_matches('/'));
        for dir in path.ancestors().map(|part| base.join(part)) {
            let Some(most) = figure(dir.join(version.most)).filter(|n| *n < NO_LIMIT) else {
                continue;
            };
            if narrowest.is_none_or(|(least, _)| most < least) {
                narrowest = Some((most, used(&dir, version)));
            }
        }
    }
    narrowest
}

/// Where a version of control groups keeps what.
struct Version {
    base: &'static str,
    most: &'static str,
    used: &'static str,
    cached: [&'static str; 2],
}

const UNIFIED: Version = Version {
    base: "sys/fs/cgroup",
    most: "memory.max",
    used: "memory.current",
    cached: ["active_file", "inactive_file"],
};

const FIRST: Version = Version {
    base: "sys/fs/cgroup/memory",
    most: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: ["total_active_file", "total_inactive_file"],
};

fn figure(path: PathBuf) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn used(dir: &Path, version: &Version) -> u64 {
    let all = figure(dir.join(version.used)).unwrap_or(0);
    let stat = std::fs::read_to_string(dir.join("memory.stat")).unwrap_or_default();
    let cached = stat.lines().filter_map(|line| {
        let (name, figure) = line.split_once(' ')?;
        version.cached.contains(&name).then(|| figure.parse::<u64>().unwrap_or(0))
    });
    all.saturating_sub(cached.sum())
}
