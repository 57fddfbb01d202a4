//! The disk of the data: room, kind, growth, and how long it takes to keep a block.

use crate::doctor::facts::{Disk, Fsync, Medium};
use rustix::fs::{Access, StatVfsMountFlags};
use std::collections::VecDeque;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Blocks that a probe writes.
const BLOCKS: u32 = 8;
/// A probe of a slow disk ends after so long.
const PROBE_MAX: Duration = Duration::from_secs(2);
/// How far back growth is watched, and how often.
const HOUR: Duration = Duration::from_secs(3_600);
const HOURS: usize = 24;
const DAY_S: u64 = 86_400;
/// What the probe writes to.
const PROBE: &str = "doctor.probe";

/// What can be seen without writing.
pub(super) fn look(data: &Path) -> Disk {
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    // A directory that does not exist yet will be on the disk of the nearest that does.
    let Some(there) = data.ancestors().find(|dir| dir.is_dir()) else { return Disk::default() };
    let Ok(space) = rustix::fs::statvfs(there) else { return Disk::default() };
    let refused = if space.f_flag.contains(StatVfsMountFlags::RDONLY) {
        Some("its file system is mounted read-only".to_owned())
    } else {
        let access = rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK);
        access.err().map(|e| format!("{}: {}", there.display(), std::io::Error::from(e)))
    };
    Disk {
        free: Some(space.f_bavail.saturating_mul(space.f_frsize)),
        // A file system that counts no entries says 0 of 0.
        files_free: (space.f_files > 0).then_some(space.f_favail),
        data: (there == data).then(|| databases(&data)),
        growth_per_day: None,
        refused,
        medium: medium(there),
        fsync: None,
    }
}

/// What the files at the top of the data directory take: the databases and their journals.
fn databases(data: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(data) else { return 0 };
    let files = entries.flatten().filter_map(|entry| entry.metadata().ok());
    files.filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}

/// By the magic numbers of statfs(2).
fn medium(dir: &Path) -> Medium {
    const TMPFS: u64 = 0x0102_1994;
    const RAMFS: u64 = 0x8584_58f6;
    const NFS: u64 = 0x6969;
    const CIFS: u64 = 0xff53_4d42;
    const SMB2: u64 = 0xfe53_4d42;
    // Sign-extended on the way where the type is narrower.
    let Ok(kind) = rustix::fs::statfs(dir).map(|fs| fs.f_type as u64 & 0xffff_ffff) else {
        return Medium::Disk;
    };
    match kind {
        TMPFS | RAMFS => Medium::Memory,
        NFS | CIFS | SMB2 => Medium::Network,
        _ => Medium::Disk,
    }
}

/// Writes some blocks, each of which has to be safe before the next.
pub(super) fn probe(data: &Path) -> Result<Option<Fsync>, String> {
    if !data.is_dir() {
        return Ok(None);
    }
    let path = data.join(PROBE);
    let measured = measure(&path);
    // Whether it could be written or not, nothing stays.
    let _ = std::fs::remove_file(&path);
    measured.map(Some).map_err(|e| e.to_string())
}

fn measure(path: &Path) -> std::io::Result<Fsync> {
    let mut file = std::fs::File::create(path)?;
    let began = Instant::now();
    let mut took = Vec::new();
    while took.len() < BLOCKS as usize && began.elapsed() < PROBE_MAX {
        let before = Instant::now();
        file.write_all(&[0x4c; 4_096])?;
        file.sync_data()?;
        took.push(u64::try_from(before.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    took.sort_unstable();
    Ok(Fsync {
        median_us: took.get(took.len() / 2).copied().unwrap_or(0),
        worst_us: took.last().copied().unwrap_or(0),
        count: u32::try_from(took.len()).unwrap_or(BLOCKS),
    })
}

/// How free space went in the last day.
#[derive(Debug, Default)]
pub(super) struct Growth {
    hours: VecDeque<(Instant, u64)>,
}

impl Growth {
    /// So much is free. Returns by how much that falls in a day, once it has been watched for an hour.
    pub(super) fn seen(&mut self, free: u64) -> Option<u64> {
        self.seen_at(Instant::now(), free)
    }

    fn seen_at(&mut self, now: Instant, free: u64) -> Option<u64> {
        if self.hours.back().is_none_or(|(at, _)| now - *at >= HOUR) {
            self.hours.push_back((now, free));
        }
        if self.hours.len() > HOURS {
            self.hours.pop_front();
        }
        let (at, then) = self.hours.front()?;
        let watched_s = (now - *at).as_secs();
        let fallen = then.saturating_sub(free);
        (now - *at >= HOUR)
            .then(|| (u128::from(fallen) * u128::from(DAY_S) / u128::from(watched_s)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_by_the_day_once_it_has_been_watched() {
        let (mut growth, start) = (Growth::default(), Instant::now());
        assert_eq!(growth.seen_at(start, 1_000_000), None);
        assert_eq!(growth.seen_at(start + HOUR / 2, 900_000), None);
        assert_eq!(growth.seen_at(start + HOUR, 900_000), Some(2_400_000));
        assert_eq!(
            growth.seen_at(start + 2 * HOUR, 1_000_001),
            Some(0),
            "what is freed is no growth"
        );
        for hour in 3..40 {
            growth.seen_at(start + hour * HOUR, 1_000_001);
        }
        assert_eq!(growth.hours.len(), HOURS, "what is remembered is bounded");
    }

    #[test]
    fn a_probe_measures_and_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let fsync = probe(dir.path()).expect("it can be written").expect("it is there");
        assert!(fsync.count > 0 && fsync.median_us <= fsync.worst_us, "{fsync:?}");
        assert_eq!(std::fs::read_dir(dir.path()).expect("it is there").count(), 0);
        assert_eq!(probe(&dir.path().join("not yet")), Ok(None));
    }

    #[test]
    fn a_directory_that_takes_nothing_is_told_with_the_reason() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join(PROBE)).expect("in the way");
        assert!(probe(dir.path()).is_err());
        assert_eq!(look(dir.path()).refused, None, "which shows only when it is tried");
    }

    #[test]
    fn a_directory_that_does_not_exist_yet_is_seen_where_it_will_be() {
        let dir = tempfile::tempdir().expect("a directory");
        let seen = look(&dir.path().join("a/b/c"));
        assert!(seen.free.is_some_and(|free| free > 0));
        assert_eq!((seen.data, seen.refused), (None, None));
        std::fs::write(dir.path().join("leeward.db"), [0; 100]).expect("written");
        assert_eq!(look(dir.path()).data, Some(100));
        assert_eq!(medium(Path::new("/dev/shm")), Medium::Memory);
    }
}
