//! Memory: what the connections that may be served and those that may wait will take of it.

use super::facts::{Facts, Memory, Plan};
use super::finding::{Finding, Severity, bytes, count};

/// What an idle connection takes of the process: twice what `docs/benchmarks.md` shows for 15,000.
const LIVE_BYTES: u64 = 4 << 10;
/// The same with TLS.
const LIVE_TLS_BYTES: u64 = 13 << 10;
/// What the kernel keeps for a connection whose buffers are empty: socket, file, entry of epoll.
const KERNEL_BYTES: u64 = 4 << 10;
/// What one waiting connection takes: its socket's task, and what its hello said.
const PARKED_BYTES: u64 = 2 << 10;
/// The process without connections: caches of the database, the web app, threads.
const BASE_BYTES: u64 = 128 << 20;
/// Two passwords are hashed at a time, with 19 MiB each.
const PASSWORD_BYTES: u64 = 2 * (19 << 20);
/// Fewer connections say nothing about what one takes.
const LIVE_MIN: u64 = 1_000;
const CHECK: &str = "memory";

/// How many may wait in line with their connection kept.
pub(super) fn parked_max(plan: &Plan) -> u64 {
    let tls = if plan.tls.is_some() { LIVE_TLS_BYTES - LIVE_BYTES } else { 0 };
    // More than are served at all never wait: they are the same people.
    (plan.parked_bytes_max / (PARKED_BYTES + tls)).min(plan.connections_max)
}

/// What the server can have, its own share included, and whether a control group sets that.
pub(super) fn room(memory: &Memory) -> Option<(u64, bool)> {
    let machine = memory.available.map(|free| free.saturating_add(memory.resident));
    let group = memory.group_max.map(|most| {
        let others = memory.group_used.unwrap_or(0).saturating_sub(memory.resident);
        most.saturating_sub(others)
    });
    match (machine, group) {
        (Some(machine), Some(group)) => Some((machine.min(group), group < machine)),
        (Some(machine), None) => Some((machine, false)),
        (None, group) => group.map(|group| (group, true)),
    }
}

/// What one more connection takes, and whether that was measured here.
fn each(facts: &Facts) -> (u64, bool) {
    let memory = &facts.machine.memory;
    let grown = memory.resident.saturating_sub(memory.resident_empty);
    if memory.live >= LIVE_MIN && grown > 0 {
        return (grown / memory.live + KERNEL_BYTES, true);
    }
    let idle = if facts.plan.tls.is_some() { LIVE_TLS_BYTES } else { LIVE_BYTES };
    (idle + KERNEL_BYTES, false)
}

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let plan = &facts.plan;
    let (each, measured_here) = each(facts);
    let rest = BASE_BYTES + PASSWORD_BYTES + plan.parked_bytes_max;
    let need = rest.saturating_add(plan.connections_max.saturating_mul(each));
    let Some((room, by_group)) = room(&facts.machine.memory) else {
        let measured = "how much there is could not be found out".to_owned();
        let will =
            format!("{} connections will take up to {}", count(plan.connections_max), bytes(need));
        return vec![Finding::new(CHECK, Severity::Notice, measured, will)];
    };
    let where_from = if by_group { " by its control group" } else { "" };
    let how = if measured_here { "measured" } else { "reckoned" };
    let measured = format!(
        "the server can have {}{where_from}; {} connections at {} ({how}) and a waiting room of {} \
         take up to {}",
        bytes(room),
        count(plan.connections_max),
        bytes(each),
        bytes(plan.parked_bytes_max),
        bytes(need)
    );
    if need <= room / 10 * 8 {
        return vec![Finding::fine(CHECK, measured, "a full house fits")];
    }
    if need <= room {
        let will = "a full house just fits; what queues for slow readers comes on top";
        return vec![Finding::new(CHECK, Severity::Notice, measured, will)];
    }
    vec![too_little(facts, measured, Shortage { room, need, rest, each, by_group })]
}

struct Shortage {
    room: u64,
    need: u64,
    rest: u64,
    each: u64,
    by_group: bool,
}

fn too_little(facts: &Facts, measured: String, short: Shortage) -> Finding {
    let plan = &facts.plan;
    // Four fifths of the room, so that the line mends it and is not on the edge.
    let fit = (short.room / 10 * 8).saturating_sub(short.rest) / short.each;
    let full = short.room.saturating_sub(short.rest) / short.each;
    let severity =
        if full < plan.connections_max / 2 { Severity::Critical } else { Severity::Warning };
    let will = format!(
        "at about {} connections the memory is used up: the kernel ends the server and everybody is \
         dropped at once",
        count(full)
    );
    let mut finding = Finding::new(CHECK, severity, measured, will);
    if fit > 0 {
        finding = finding.set("limits.connections_max", fit);
    }
    if fit < plan.connections_max / 2 && plan.parked_bytes_max > (64 << 20) {
        finding = finding.set("storm.parked_bytes_max", 64u64 << 20);
    }
    if short.by_group || finding.change.is_empty() {
        let mebibytes = (short.need / 8 * 10) >> 20;
        finding = finding.or("[Service] of the systemd unit", format!("MemoryMax={mebibytes}M"));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::super::example::{Row, holds, well};
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_full_house_that_does_not_fit_is_told_with_the_number_that_does() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.machine.memory.available = Some(1_500 * MIB),
                    severity: Severity::Critical,
                    will: "the kernel ends the server",
                    change: "limits.connections_max = ",
                },
                Row {
                    spoil: |f| f.machine.memory.group_max = Some(512 * MIB),
                    severity: Severity::Critical,
                    will: "at about 0 connections",
                    change: "systemd unit: MemoryMax=",
                },
                Row {
                    spoil: |f| f.machine.memory.available = Some(1_900 * MIB),
                    severity: Severity::Warning,
                    will: "everybody is dropped at once",
                    change: "limits.connections_max = ",
                },
                Row {
                    spoil: |f| f.machine.memory.available = Some(2_100 * MIB),
                    severity: Severity::Notice,
                    will: "just fits",
                    change: "",
                },
                Row {
                    spoil: |f| f.machine.memory.available = None,
                    severity: Severity::Notice,
                    will: "50,000 connections will take",
                    change: "",
                },
                Row {
                    spoil: |f| {
                        f.plan.connections_max = 1_000_000;
                        f.machine.memory.group_max = Some(8 << 30);
                        f.machine.memory.group_used = Some(1 << 30);
                    },
                    severity: Severity::Critical,
                    will: "memory is used up",
                    change: "limits.connections_max = ",
                },
            ],
        );
    }

    #[test]
    fn what_the_server_holds_itself_is_not_taken_twice() {
        let memory = Memory {
            available: Some(1_000),
            group_max: Some(5_000),
            group_used: Some(900),
            resident: 700,
            ..Memory::default()
        };
        assert_eq!(room(&memory), Some((1_700, false)));
        let narrow = Memory { group_max: Some(1_200), ..memory };
        assert_eq!(room(&narrow), Some((1_000, true)));
        assert_eq!(room(&Memory::default()), None);
    }

    #[test]
    fn what_connections_take_here_counts_more_than_what_they_took_elsewhere() {
        let mut facts = well();
        facts.machine.memory.resident_empty = 100 * MIB;
        facts.machine.memory.resident = 1_100 * MIB;
        facts.machine.memory.live = 10_000;
        assert_eq!(each(&facts), (104_857 + KERNEL_BYTES, true));
        facts.machine.memory.live = LIVE_MIN - 1;
        assert_eq!(each(&facts), (LIVE_TLS_BYTES + KERNEL_BYTES, false));
    }

    #[test]
    fn the_number_it_names_fits() {
        let mut facts = well();
        facts.machine.memory.available = Some(1_800 * MIB);
        let finding = examine(&facts).remove(0);
        let line = &finding.change.first().expect("a line").line;
        let number = line.rsplit(' ').next().expect("a figure").parse().expect("a figure");
        facts.plan.connections_max = number;
        assert_eq!(examine(&facts)[0].severity, Severity::Fine, "{line}");
    }
}
