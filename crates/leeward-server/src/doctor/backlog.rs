//! The kernel's queues before anybody accepts, and its table of tracked connections. What finds a full
//! queue is dropped without a word, and its client waits a second or three before it tries again.

use super::facts::Facts;
use super::finding::{Finding, Severity, count};

const CHECK: &str = "kernel backlog";
const FILE: &str = "/etc/sysctl.d/60-leeward.conf";

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let parts = [queue(facts), half_open(facts), overflows(facts), tracking(facts)];
    let mut findings: Vec<Finding> = parts.into_iter().flatten().collect();
    if findings.is_empty() {
        let measured = format!("{} connections may wait to be accepted", count(facts.plan.backlog));
        let will = "what comes at once waits a moment in the kernel";
        findings.push(Finding::fine(CHECK, measured, will));
    }
    findings
}

fn queue(facts: &Facts) -> Option<Finding> {
    let backlog = facts.plan.backlog;
    let most = facts.machine.kernel.somaxconn.filter(|most| *most < backlog)?;
    let measured = format!("`net.core.somaxconn` is {most}, the listener asks for {backlog}");
    let will = format!(
        "when everybody comes back at once, {most} wait to be accepted; the others are dropped and \
         try again after 1, 3 and 7 s, whatever the server would have told them"
    );
    let line = format!("sysctl -w net.core.somaxconn={backlog}");
    let finding = Finding::new(CHECK, Severity::Warning, measured, will).run(line);
    let finding = finding.or(FILE, format!("net.core.somaxconn = {backlog}"));
    Some(finding.set("door.backlog_max", most.max(16)))
}

fn half_open(facts: &Facts) -> Option<Finding> {
    let (backlog, kernel) = (facts.plan.backlog, facts.machine.kernel);
    let most = kernel.syn_backlog.filter(|most| *most < backlog)?;
    if kernel.syncookies != Some(false) {
        return None;
    }
    let measured = format!("`net.ipv4.tcp_max_syn_backlog` is {most} and syncookies are off");
    let will = format!("beyond {most} half-open connections newcomers are dropped unseen");
    let finding = Finding::new(CHECK, Severity::Warning, measured, will)
        .run("sysctl -w net.ipv4.tcp_syncookies=1")
        .run(format!("sysctl -w net.ipv4.tcp_max_syn_backlog={backlog}"));
    Some(finding)
}

fn overflows(facts: &Facts) -> Option<Finding> {
    let kernel = facts.machine.kernel;
    let lately = Some(kernel.overflows_lately).filter(|n| *n > 0)?;
    let all = kernel.overflows.unwrap_or(lately);
    let measured = format!(
        "{} connections found a full queue since the last look, {} since the machine started",
        count(lately),
        count(all)
    );
    let will = "their clients try again after 1, 3 and 7 s; in a storm that is as it should be";
    Some(Finding::new(CHECK, Severity::Notice, measured, will))
}

fn tracking(facts: &Facts) -> Option<Finding> {
    let kernel = facts.machine.kernel;
    let (most, tracked) = (kernel.tracked_max?, kernel.tracked.unwrap_or(0));
    // Closed connections stay in the table for a while, so that a storm is in it twice.
    let wanted = 2 * facts.plan.connections_max;
    if most >= wanted && tracked < most / 10 * 9 {
        return None;
    }
    let severity = if tracked >= most / 10 * 9 { Severity::Critical } else { Severity::Warning };
    let measured = format!("the firewall tracks {} of at most {}", count(tracked), count(most));
    let will = format!(
        "when the table is full, packets of newcomers are dropped unseen; {} connections that come \
         back are in it twice",
        count(facts.plan.connections_max)
    );
    let wanted = wanted.max(2 * most);
    let line = format!("sysctl -w net.netfilter.nf_conntrack_max={wanted}");
    Some(Finding::new("connection tracking", severity, measured, will).run(line))
}

#[cfg(test)]
mod tests {
    use super::super::example::{Row, holds};
    use super::*;

    #[test]
    fn queues_that_are_too_short_are_told_with_the_line_that_lengthens_them() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.machine.kernel.somaxconn = Some(128),
                    severity: Severity::Warning,
                    will: "128 wait to be accepted",
                    change: "shell: sysctl -w net.core.somaxconn=4096",
                },
                Row {
                    spoil: |f| f.machine.kernel.somaxconn = Some(4_095),
                    severity: Severity::Warning,
                    will: "4095 wait",
                    change: "/etc/sysctl.d/60-leeward.conf: net.core.somaxconn = 4096",
                },
                Row {
                    spoil: |f| {
                        f.machine.kernel.syn_backlog = Some(512);
                        f.machine.kernel.syncookies = Some(false);
                    },
                    severity: Severity::Warning,
                    will: "beyond 512 half-open",
                    change: "net.ipv4.tcp_syncookies=1",
                },
                Row {
                    spoil: |f| f.machine.kernel.syn_backlog = Some(512),
                    severity: Severity::Fine,
                    will: "waits a moment",
                    change: "",
                },
                Row {
                    spoil: |f| f.machine.kernel.overflows_lately = 7,
                    severity: Severity::Notice,
                    will: "try again",
                    change: "",
                },
                Row {
                    spoil: |f| f.machine.kernel.tracked_max = Some(65_536),
                    severity: Severity::Warning,
                    will: "50,000 connections that come back",
                    change: "nf_conntrack_max=131072",
                },
                Row {
                    spoil: |f| {
                        f.machine.kernel.tracked_max = Some(262_144);
                        f.machine.kernel.tracked = Some(250_000);
                    },
                    severity: Severity::Critical,
                    will: "dropped unseen",
                    change: "nf_conntrack_max=524288",
                },
                Row {
                    spoil: |f| f.machine.kernel = super::super::facts::Kernel::default(),
                    severity: Severity::Fine,
                    will: "",
                    change: "",
                },
            ],
        );
    }
}
