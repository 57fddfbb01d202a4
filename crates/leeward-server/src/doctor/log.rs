//! Where the log goes. It never holds up the server, so that what is wrong with it shows only here:
//! lines are dropped, and nobody misses them until they are needed.

use super::facts::{Facts, Sink};
use super::finding::{Finding, Severity, bytes, count};

const CHECK: &str = "log";
const FREE_MIN: u64 = 1 << 30;
const FREE_CRITICAL: u64 = 64 << 20;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    if !facts.machine.serving {
        // The log of whoever asks is not the server's.
        return Vec::new();
    }
    let log = &facts.machine.log;
    let mut findings: Vec<Finding> = dropped(facts).into_iter().collect();
    match log.sink {
        Sink::Carefree => {}
        Sink::Closed => {
            let measured = "standard error is closed".to_owned();
            let will = "warnings reach nobody";
            let finding = Finding::new(CHECK, Severity::Warning, measured, will);
            findings.push(finding.run("leeward serve 2>>leeward.log"));
        }
        Sink::File { free, beside_data } => findings.extend(disk(free, beside_data)),
        Sink::Pipe { waiting, holds } => findings.extend(pipe(waiting, holds)),
    }
    if findings.is_empty() {
        let measured = match log.sink {
            Sink::File { free, .. } => format!("a file, with {} free", bytes(free)),
            Sink::Pipe { .. } => "a pipe that is being read".to_owned(),
            Sink::Carefree | Sink::Closed => "it is taken".to_owned(),
        };
        findings.push(Finding::fine(CHECK, measured, "every line is kept"));
    }
    findings
}

fn dropped(facts: &Facts) -> Option<Finding> {
    let log = &facts.machine.log;
    if log.dropped == 0 {
        return None;
    }
    let measured = format!(
        "{} lines were dropped because nobody read them in time, {} since the last look",
        count(log.dropped),
        count(log.dropped_lately)
    );
    let severity = if log.dropped_lately > 0 { Severity::Warning } else { Severity::Notice };
    let will = "what happens next may be missing from the log; the server is not held up";
    let finding = Finding::new(CHECK, severity, measured, will);
    Some(finding.set("log.filter", "\"warn\"").run("leeward serve 2>>leeward.log"))
}

fn disk(free: u64, beside_data: bool) -> Option<Finding> {
    let severity = match free {
        _ if free < FREE_CRITICAL && beside_data => Severity::Critical,
        _ if free < FREE_MIN => Severity::Warning,
        _ => return None,
    };
    let measured = format!("its file's disk has {} free", bytes(free));
    let will = if beside_data {
        "the log fills the disk that the data needs: then nothing can be sent"
    } else {
        "when it is full, lines are lost"
    };
    let finding = Finding::new(CHECK, severity, measured, will);
    Some(finding.set("log.filter", "\"warn\"").run("journalctl --vacuum-size=1G"))
}

fn pipe(waiting: u64, holds: u64) -> Option<Finding> {
    if waiting < holds / 2 || holds == 0 {
        return None;
    }
    let measured = format!("{} of {} wait in the pipe", bytes(waiting), bytes(holds));
    let will = "whoever reads it does not keep up: lines are dropped and counted when it is full";
    let finding = Finding::new(CHECK, Severity::Warning, measured, will);
    Some(finding.set("log.filter", "\"warn\""))
}

#[cfg(test)]
mod tests {
    use super::super::example::{Row, holds};
    use super::*;

    #[test]
    fn a_log_that_loses_lines_is_told() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.machine.log.sink = Sink::Closed,
                    severity: Severity::Warning,
                    will: "reach nobody",
                    change: "2>>leeward.log",
                },
                Row {
                    spoil: |f| f.machine.log.sink = Sink::File { free: 1, beside_data: true },
                    severity: Severity::Critical,
                    will: "nothing can be sent",
                    change: "log.filter = \"warn\"",
                },
                Row {
                    spoil: |f| f.machine.log.sink = Sink::File { free: 1, beside_data: false },
                    severity: Severity::Warning,
                    will: "lines are lost",
                    change: "log.filter",
                },
                Row {
                    spoil: |f| f.machine.log.sink = Sink::File { free: 1 << 40, beside_data: true },
                    severity: Severity::Fine,
                    will: "every line is kept",
                    change: "",
                },
                Row {
                    spoil: |f| f.machine.log.sink = Sink::Pipe { waiting: 40_000, holds: 65_536 },
                    severity: Severity::Warning,
                    will: "does not keep up",
                    change: "log.filter",
                },
                Row {
                    spoil: |f| f.machine.log.sink = Sink::Pipe { waiting: 0, holds: 65_536 },
                    severity: Severity::Fine,
                    will: "every line is kept",
                    change: "",
                },
                Row {
                    spoil: |f| (f.machine.log.dropped, f.machine.log.dropped_lately) = (5, 5),
                    severity: Severity::Warning,
                    will: "may be missing",
                    change: "log.filter",
                },
                Row {
                    spoil: |f| f.machine.log.dropped = 5,
                    severity: Severity::Notice,
                    will: "not held up",
                    change: "log.filter",
                },
            ],
        );
    }
}
