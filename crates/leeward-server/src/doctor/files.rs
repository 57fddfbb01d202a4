//! Open files: each connection is one, whoever waits in line included.

use super::facts::Facts;
use super::finding::{Finding, Severity, count};
use super::memory::parked_max;

/// Files that the database, the log and the listeners hold open beside the connections.
pub const FILES_KEPT: u64 = 200;
const CHECK: &str = "open files";

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let (plan, files) = (&facts.plan, facts.machine.files);
    let asked = plan.connections_max + FILES_KEPT;
    let whole = asked + parked_max(plan);
    let mut findings = vec![match files.hard {
        Some(hard) if hard < asked => too_few(facts, hard, whole),
        Some(hard) if hard < whole => waiting_room(hard, asked, whole),
        hard => {
            let limit = hard.map_or_else(|| "no limit".to_owned(), count);
            let measured = format!("{limit}; {} may be asked for", count(whole));
            Finding::fine(CHECK, measured, "every connection that is served or waits gets one")
        }
    }];
    if let (Some(most), Some(open)) = (files.machine_max, files.machine_open)
        && most.saturating_sub(open) < asked
    {
        let measured = format!("the machine has {} of {} open", count(open), count(most));
        let will = "all programs of the machine together run out, and whatever opens a file fails";
        let line = format!("sysctl -w fs.file-max={}", open + 2 * whole);
        findings.push(Finding::new(CHECK, Severity::Critical, measured, will).run(line));
    }
    findings
}

fn too_few(facts: &Facts, hard: u64, whole: u64) -> Finding {
    let wanted = facts.plan.connections_max;
    let room = hard.saturating_sub(FILES_KEPT);
    let severity = if room < wanted / 10 { Severity::Critical } else { Severity::Warning };
    let whose = if facts.machine.serving { "the server" } else { "a program started here" };
    let measured = format!("{whose} may open {}", count(hard));
    let will = format!(
        "at {} connections the next is turned away, not at {} as `limits.connections_max` says, \
         and nobody can wait in line",
        count(room),
        count(wanted)
    );
    Finding::new(CHECK, severity, measured, will)
        .or("[Service] of the systemd unit", format!("LimitNOFILE={whole}"))
        .run(format!("ulimit -n {whole}"))
        .set("limits.connections_max", room.max(1))
}

fn waiting_room(hard: u64, asked: u64, whole: u64) -> Finding {
    let measured = format!("{} of {} that may be asked for", count(hard), count(whole));
    let will = format!(
        "of those who wait in a storm {} keep their connection; the others are given a time and \
         knock again",
        count(hard - asked)
    );
    Finding::new(CHECK, Severity::Notice, measured, will)
        .or("[Service] of the systemd unit", format!("LimitNOFILE={whole}"))
}

#[cfg(test)]
mod tests {
    use super::super::example::{Row, holds};
    use super::*;

    #[test]
    fn too_few_open_files_are_told_with_the_connections_they_allow() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.machine.files.hard = Some(20_000),
                    severity: Severity::Warning,
                    will: "at 19,800 connections the next is turned away, not at 50,000",
                    change: "limits.connections_max = 19800",
                },
                Row {
                    spoil: |f| f.machine.files.hard = Some(1_024),
                    severity: Severity::Critical,
                    will: "at 824 connections",
                    change: "LimitNOFILE=",
                },
                Row {
                    spoil: |f| f.machine.files.hard = Some(64),
                    severity: Severity::Critical,
                    will: "at 0 connections",
                    change: "limits.connections_max = 1",
                },
                Row {
                    spoil: |f| f.machine.files.hard = Some(50_300),
                    severity: Severity::Notice,
                    will: "of those who wait in a storm 100 keep",
                    change: "LimitNOFILE=",
                },
                Row {
                    spoil: |f| f.machine.files.machine_max = Some(30_000),
                    severity: Severity::Critical,
                    will: "all programs of the machine",
                    change: "sysctl -w fs.file-max=",
                },
                Row {
                    spoil: |f| f.machine.files.hard = None,
                    severity: Severity::Fine,
                    will: "gets one",
                    change: "",
                },
            ],
        );
    }

    #[test]
    fn the_line_to_change_mends_it() {
        let mut facts = super::super::example::well();
        facts.machine.files.hard = Some(20_000);
        let line = |facts: &Facts, place: &str| {
            let change = examine(facts)[0].change.clone();
            let line = change.into_iter().find(|c| c.place == place).expect("a line").line;
            line.rsplit([' ', '=']).next().expect("a figure").parse().expect("a figure")
        };
        let files = line(&facts, "shell");
        let connections = line(&facts, "leeward.toml");
        let mut raised = facts.clone();
        raised.machine.files.hard = Some(files);
        assert_eq!(examine(&raised)[0].severity, Severity::Fine);
        facts.plan.connections_max = connections;
        assert!(examine(&facts)[0].severity < Severity::Warning);
    }
}
