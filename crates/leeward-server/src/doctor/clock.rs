//! The clock: it dates messages and judges sign-ins, invites and certificates. Leases do not depend on
//! it: they are reckoned in time that never jumps.

use super::facts::Facts;
use super::finding::{Finding, Severity, count};

const CHECK: &str = "clock";
/// A jump of less is what keeping time looks like.
const STEP_MS: u64 = 1_000;
/// The clock may be behind what is stored by what the machines that copy files differ.
const BEHIND_MS: u64 = 60_000;
/// A clock so far behind makes certificates and sign-ins those of the future.
const BEHIND_CRITICAL_MS: u64 = 86_400_000;
const FOLLOW: &str = "timedatectl set-ntp true";

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let clock = facts.machine.clock;
    let mut findings = Vec::new();
    if clock.behind_data_ms >= BEHIND_MS {
        let severity = if clock.behind_data_ms >= BEHIND_CRITICAL_MS {
            Severity::Critical
        } else {
            Severity::Warning
        };
        let measured =
            format!("it is {} s behind the newest data", count(clock.behind_data_ms / 1_000));
        let will = "what is written is dated before what is already there; sign-ins and certificates \
                    are judged by a wrong time";
        findings.push(Finding::new(CHECK, severity, measured, will).run("date").run(FOLLOW));
    }
    if clock.steps > 0 && clock.step_ms.unsigned_abs() >= STEP_MS {
        let measured = format!(
            "it jumped {} times, by {} s at most",
            count(clock.steps),
            clock.step_ms as f64 / 1_000.0
        );
        let will = "messages of that time are dated out of order; nobody is disconnected by it";
        findings.push(Finding::new(CHECK, Severity::Warning, measured, will).run(FOLLOW));
    }
    if clock.synchronised == Some(false) {
        let measured = "nothing keeps it right".to_owned();
        let will = "it drifts by seconds a week, and with it the times of messages";
        findings.push(Finding::new(CHECK, Severity::Warning, measured, will).run(FOLLOW));
    }
    if findings.is_empty() {
        let measured = match clock.synchronised {
            Some(_) => "it is kept right and has not jumped",
            None => "it has not jumped; whether something keeps it right is not known",
        };
        findings.push(Finding::fine(CHECK, measured.to_owned(), "times can be trusted"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::example::{Row, holds};
    use super::*;

    #[test]
    fn a_clock_that_is_not_kept_right_is_told() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.machine.clock.synchronised = Some(false),
                    severity: Severity::Warning,
                    will: "drifts",
                    change: "timedatectl",
                },
                Row {
                    spoil: |f| f.machine.clock.synchronised = None,
                    severity: Severity::Fine,
                    will: "trusted",
                    change: "",
                },
                Row {
                    spoil: |f| (f.machine.clock.steps, f.machine.clock.step_ms) = (2, -3_600_000),
                    severity: Severity::Warning,
                    will: "out of order",
                    change: "timedatectl",
                },
                Row {
                    spoil: |f| (f.machine.clock.steps, f.machine.clock.step_ms) = (9, 500),
                    severity: Severity::Fine,
                    will: "trusted",
                    change: "",
                },
                Row {
                    spoil: |f| f.machine.clock.behind_data_ms = BEHIND_MS,
                    severity: Severity::Warning,
                    will: "dated before",
                    change: "shell: date",
                },
                Row {
                    spoil: |f| f.machine.clock.behind_data_ms = BEHIND_CRITICAL_MS,
                    severity: Severity::Critical,
                    will: "wrong time",
                    change: "timedatectl",
                },
            ],
        );
    }
}
