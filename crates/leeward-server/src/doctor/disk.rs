//! The disk of the data: room, growth, whether it can be written at all, and how long it takes to keep
//! what it is given. Each acknowledged message waits for that once.

use super::facts::{Facts, Fsync, Medium};
use super::finding::{Finding, Severity, bytes, count};

const CHECK: &str = "disk space";
const FSYNC: &str = "disk latency";
const MIB: u64 = 1 << 20;
/// With less, the database's journal and one backup of a small workspace do not fit.
const FREE_MIN: u64 = 1024 * MIB;
/// With less, the next busy hour fills it.
const FREE_CRITICAL: u64 = 128 * MIB;
/// Entries of the file system that uploads and journals will need.
const ENTRIES_MIN: u64 = 10_000;
/// Days until it is full, for each severity.
const DAYS: [(u64, Severity); 3] =
    [(3, Severity::Critical), (14, Severity::Warning), (60, Severity::Notice)];
/// Above, people notice the wait for an acknowledgement.
const SLOW_US: u64 = 50_000;
/// Above, a room's talk stutters.
const CRAWLING_US: u64 = 250_000;
/// One that took so long holds up every post for that time.
const STALL_US: u64 = 1_000_000;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let disk = &facts.machine.disk;
    let data = facts.plan.data.display();
    if let Some(why) = &disk.refused {
        let measured = format!("{data} cannot be written: {why}");
        let will = "no message and no upload is taken; reading works as long as the server runs";
        let finding = Finding::new(CHECK, Severity::Critical, measured, will);
        return vec![
            finding
                .run(format!("df -h {data}; ls -ld {data}"))
                .set("data_dir", "\"a directory on a disk that can be written\""),
        ];
    }
    let mut findings = vec![space(facts)];
    findings.extend(entries(facts));
    findings.extend(medium(facts));
    findings.extend(disk.fsync.map(latency));
    findings
}

fn space(facts: &Facts) -> Finding {
    let (plan, disk) = (&facts.plan, &facts.machine.disk);
    let Some(free) = disk.free else {
        let measured = "how much is free could not be found out".to_owned();
        return Finding::new(CHECK, Severity::Notice, measured, "a full disk comes unannounced");
    };
    let days = disk.growth_per_day.filter(|grown| *grown > 0).map(|grown| free / grown);
    let held =
        disk.data.map_or_else(String::new, |data| format!("; databases take {}", bytes(data)));
    let fills = disk
        .growth_per_day
        .map_or_else(String::new, |grown| format!("; it fills by {} a day", bytes(grown)));
    let measured = format!("{} free{held}{fills}", bytes(free));
    let soon = days.and_then(|days| {
        DAYS.into_iter().find(|(most, _)| days < *most).map(|(_, severity)| (days, severity))
    });
    let little = if free < FREE_CRITICAL {
        Some(Severity::Critical)
    } else if free < FREE_MIN || free < 2 * plan.file_bytes_max {
        Some(Severity::Warning)
    } else {
        None
    };
    let (severity, will) = match (little, soon) {
        (Some(little), soon) => {
            let severity = soon.map_or(little, |(_, soon)| soon.max(little));
            let words = format!(
                "when it is full, nothing can be sent until there is room; one upload alone may take {}",
                bytes(plan.file_bytes_max)
            );
            (severity, words)
        }
        (None, Some((days, severity))) => {
            (severity, format!("in about {} days it is full and nothing can be sent", count(days)))
        }
        (None, None) => return Finding::fine(CHECK, measured, "there is room to grow"),
    };
    let finding = Finding::new(CHECK, severity, measured, will);
    let mut finding = finding.run(format!("du -xh -d1 {} | sort -h", plan.data.display()));
    if free < 2 * plan.file_bytes_max {
        finding = finding.set("limits.file_bytes_max", free / 20);
    }
    finding
}

fn entries(facts: &Facts) -> Option<Finding> {
    let left = facts.machine.disk.files_free.filter(|left| *left < ENTRIES_MIN)?;
    let measured = format!("the file system has room for {} more files", count(left));
    let will = "when they are used up, no upload is taken although bytes are free";
    let finding = Finding::new(CHECK, Severity::Warning, measured, will);
    Some(finding.run(format!("df -i {}", facts.plan.data.display())))
}

fn medium(facts: &Facts) -> Option<Finding> {
    let data = facts.plan.data.display();
    let (severity, measured, will) = match facts.machine.disk.medium {
        Medium::Disk => return None,
        Medium::Memory => (
            Severity::Warning,
            format!("{data} is kept in memory"),
            "the next start of the machine loses every message that was acknowledged",
        ),
        Medium::Network => (
            Severity::Warning,
            format!("{data} is on another machine's disk"),
            "locks of such a file system do not keep two servers apart, and its pauses stop every post",
        ),
    };
    let finding = Finding::new(CHECK, severity, measured, will);
    Some(finding.set("data_dir", "\"a directory on a disk of this machine\""))
}

fn latency(fsync: Fsync) -> Finding {
    let milliseconds = |us: u64| match us {
        us if us < 1_000 => format!("{us} µs"),
        us => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
    };
    let measured = format!(
        "4 KiB are safe after {} (median of {}), {} at worst",
        milliseconds(fsync.median_us),
        fsync.count,
        milliseconds(fsync.worst_us)
    );
    let (severity, will) = if fsync.median_us >= CRAWLING_US {
        (Severity::Critical, "each message is acknowledged after at least that: talk stutters")
    } else if fsync.median_us >= SLOW_US {
        (Severity::Warning, "each message is acknowledged after at least that: people notice")
    } else if fsync.worst_us >= STALL_US {
        (Severity::Warning, "now and then every post waits for that long")
    } else {
        return Finding::fine(FSYNC, measured, "acknowledgements come before anybody notices");
    };
    Finding::new(FSYNC, severity, measured, will)
        .run("iostat -x 1 10")
        .set("data_dir", "\"a directory on a faster disk\"")
}

#[cfg(test)]
mod tests {
    use super::super::example::{Row, holds, well};
    use super::*;

    fn with_fsync(median_us: u64, worst_us: u64) -> Option<Fsync> {
        Some(Fsync { median_us, worst_us, count: 8 })
    }

    #[test]
    fn a_disk_that_fills_is_told_before_it_is_full() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.machine.disk.refused = Some("read-only".to_owned()),
                    severity: Severity::Critical,
                    will: "no message and no upload is taken",
                    change: "data_dir = ",
                },
                Row {
                    spoil: |f| f.machine.disk.free = Some(FREE_CRITICAL - 1),
                    severity: Severity::Critical,
                    will: "nothing can be sent",
                    change: "limits.file_bytes_max = 6710886",
                },
                Row {
                    spoil: |f| f.machine.disk.free = Some(FREE_MIN - 1),
                    severity: Severity::Warning,
                    will: "nothing can be sent",
                    change: "du -xh",
                },
                Row {
                    spoil: |f| f.plan.file_bytes_max = 60 << 30,
                    severity: Severity::Warning,
                    will: "one upload alone may take 60.0 GiB",
                    change: "limits.file_bytes_max = ",
                },
                Row {
                    spoil: |f| f.machine.disk.growth_per_day = Some(40 << 30),
                    severity: Severity::Critical,
                    will: "in about 2 days it is full",
                    change: "du -xh",
                },
                Row {
                    spoil: |f| f.machine.disk.growth_per_day = Some(10 << 30),
                    severity: Severity::Warning,
                    will: "in about 10 days",
                    change: "du -xh",
                },
                Row {
                    spoil: |f| f.machine.disk.growth_per_day = Some(2 << 30),
                    severity: Severity::Notice,
                    will: "in about 50 days",
                    change: "du -xh",
                },
                Row {
                    spoil: |f| f.machine.disk.free = None,
                    severity: Severity::Notice,
                    will: "unannounced",
                    change: "",
                },
                Row {
                    spoil: |f| f.machine.disk.files_free = Some(100),
                    severity: Severity::Warning,
                    will: "although bytes are free",
                    change: "df -i leeward-data",
                },
                Row {
                    spoil: |f| f.machine.disk.medium = Medium::Memory,
                    severity: Severity::Warning,
                    will: "loses every message",
                    change: "data_dir",
                },
                Row {
                    spoil: |f| f.machine.disk.medium = Medium::Network,
                    severity: Severity::Warning,
                    will: "do not keep two servers apart",
                    change: "data_dir",
                },
            ],
        );
    }

    #[test]
    fn a_slow_disk_is_told_as_people_will_feel_it() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.machine.disk.fsync = with_fsync(SLOW_US, SLOW_US),
                    severity: Severity::Warning,
                    will: "people notice",
                    change: "iostat",
                },
                Row {
                    spoil: |f| f.machine.disk.fsync = with_fsync(CRAWLING_US, STALL_US),
                    severity: Severity::Critical,
                    will: "talk stutters",
                    change: "data_dir",
                },
                Row {
                    spoil: |f| f.machine.disk.fsync = with_fsync(900, STALL_US),
                    severity: Severity::Warning,
                    will: "every post waits",
                    change: "data_dir",
                },
            ],
        );
        let mut facts = well();
        facts.machine.disk.fsync = None;
        assert!(examine(&facts).iter().all(|f| f.check != FSYNC), "not measured, not judged");
    }
}
