//! The configured limits against each other: what each alone allows and together breaks.

use super::facts::Facts;
use super::finding::{Finding, Severity, bytes, count};
use super::memory::{parked_max, room};
use std::net::{IpAddr, SocketAddr};

/// A proxy that is told 60 s may cut a little earlier, and a ping may come a little later.
const PROXY_MARGIN_MS: u64 = 5_000;
/// Browsers run the timers of a page in the background once a minute, and may be late.
const HIDDEN_LEASE_MIN_MS: u64 = 120_000;
/// A dead connection should be noticed within so long, or people write into the void.
const VISIBLE_LEASE_MAX_MS: u64 = 60_000;
/// Two threads hash some 33 passwords a second each.
const SIGN_INS_PER_S: u64 = 66;
/// Longer than so many minutes for everybody to sign in is worth knowing.
const SIGN_IN_MINUTES: u64 = 15;
const CHECK: &str = "limits";

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let checks = [
        operator_reach,
        plain_text,
        queues,
        rings,
        waiting_room,
        sign_ins,
        proxy,
        shared_address,
        hidden,
        visible,
        control,
        drills,
        load,
    ];
    let mut findings: Vec<Finding> = checks.iter().filter_map(|check| check(facts)).collect();
    if findings.is_empty() {
        let measured = "queues, rooms, leases, the waiting room and the listeners".to_owned();
        findings.push(Finding::fine(CHECK, measured, "they go together"));
    }
    findings
}

/// Who can reach an address.
#[derive(PartialEq, Eq)]
enum Reach {
    Here,
    Nearby,
    Everywhere,
}

fn reach(address: SocketAddr) -> Reach {
    match address.ip().to_canonical() {
        ip if ip.is_loopback() => Reach::Here,
        IpAddr::V4(ip) if ip.is_private() || ip.is_link_local() => Reach::Nearby,
        IpAddr::V6(ip) if ip.is_unique_local() || ip.is_unicast_link_local() => Reach::Nearby,
        IpAddr::V4(_) | IpAddr::V6(_) => Reach::Everywhere,
    }
}

fn operator_reach(facts: &Facts) -> Option<Finding> {
    let address = facts.plan.operator_listen;
    let (severity, who) = match reach(address) {
        Reach::Here => return None,
        Reach::Nearby => (Severity::Notice, "everybody in its network"),
        Reach::Everywhere => (Severity::Warning, "everybody who reaches this machine"),
    };
    let measured = format!("the operator's listener is on {address}");
    let will = format!(
        "{who} reads health, metrics and status without a password, and whoever learns the secret \
         gives commands"
    );
    let local = format!("\"127.0.0.1:{}\"", address.port());
    Some(Finding::new("operator listener", severity, measured, will).set("operator_listen", local))
}

fn plain_text(facts: &Facts) -> Option<Finding> {
    let plan = &facts.plan;
    if plan.tls.is_some() || plan.behind_proxy || reach(plan.listen) == Reach::Here {
        return None;
    }
    let measured = format!("people connect to {} without TLS", plan.listen);
    let will = "passwords and messages can be read on the way; browsers refuse notifications and \
                offline use";
    Some(
        Finding::new(CHECK, Severity::Warning, measured, will)
            .set("tls.cert_file", "\"fullchain.pem\" with tls.key_file = \"privkey.pem\"")
            .set("behind_proxy", "true"),
    )
}

fn queues(facts: &Facts) -> Option<Finding> {
    let plan = &facts.plan;
    let (room, _) = room(&facts.machine.memory)?;
    let slow = room / plan.queue_bytes_max.max(1);
    let severity = match slow {
        _ if slow >= plan.connections_max / 20 => return None,
        _ if slow < plan.connections_max / 200 => Severity::Critical,
        _ => Severity::Warning,
    };
    let measured = format!(
        "{} may wait for each of {} connections, in {} of memory",
        bytes(plan.queue_bytes_max),
        count(plan.connections_max),
        bytes(room)
    );
    let will = format!("{} clients that do not read use the memory up, for everybody", count(slow));
    let fits = room / (plan.connections_max / 20).max(1);
    let mut finding = Finding::new(CHECK, severity, measured, will);
    if fits >= 64 << 10 {
        finding = finding.set("limits.queue_bytes_max", fits);
    }
    Some(finding.set("limits.connections_max", (slow * 20).max(1)))
}

fn rings(facts: &Facts) -> Option<Finding> {
    const ROOMS: u64 = 1_000;
    let plan = &facts.plan;
    let (room, _) = room(&facts.machine.memory)?;
    let rooms = room / 2 / plan.room_bytes_max.max(1);
    if rooms >= ROOMS {
        return None;
    }
    let measured = format!(
        "{} are kept for each room, in {} of memory",
        bytes(plan.room_bytes_max),
        bytes(room)
    );
    let will = format!("with {} rooms in use, half of the memory is theirs", count(rooms));
    let fits = (room / 2 / ROOMS).max(4 << 10);
    let finding = Finding::new(CHECK, Severity::Warning, measured, will);
    Some(finding.set("limits.room_bytes_max", fits))
}

fn waiting_room(facts: &Facts) -> Option<Finding> {
    let plan = &facts.plan;
    let parked = parked_max(plan);
    if parked >= plan.connections_max / 4 || !plan.storm_control {
        return None;
    }
    let measured = format!("{} for those who wait in a storm", bytes(plan.parked_bytes_max));
    let will = format!(
        "{} of {} wait with their connection kept; the others are given a time and knock again",
        count(parked),
        count(plan.connections_max)
    );
    let each = plan.parked_bytes_max / parked.max(1);
    let finding = Finding::new(CHECK, Severity::Notice, measured, will);
    Some(finding.set("storm.parked_bytes_max", plan.connections_max / 4 * each))
}

fn sign_ins(facts: &Facts) -> Option<Finding> {
    let minutes = facts.plan.connections_max / SIGN_INS_PER_S / 60;
    if minutes <= SIGN_IN_MINUTES {
        return None;
    }
    let measured = format!("about {SIGN_INS_PER_S} passwords a second can be checked");
    let will = format!(
        "if all {} had to sign in anew, the last would be in after {minutes} minutes; coming back \
         needs no password",
        count(facts.plan.connections_max)
    );
    Some(Finding::new(CHECK, Severity::Notice, measured, will))
}

fn proxy(facts: &Facts) -> Option<Finding> {
    let plan = &facts.plan;
    let longest = u64::from(plan.terms.visible.ping_ms.max(plan.terms.hidden.ping_ms));
    if !plan.behind_proxy || plan.proxy_idle_ms >= longest + PROXY_MARGIN_MS {
        return None;
    }
    let measured = format!(
        "the proxy closes what is silent for {} s (`proxy_idle_ms`), and pages in the background ping \
         every {} s",
        plan.proxy_idle_ms / 1_000,
        longest / 1_000
    );
    let will = "each such connection is cut again and again, and comes back each time";
    let wanted_ms = 2 * longest + PROXY_MARGIN_MS;
    let seconds = wanted_ms / 1_000;
    Some(
        Finding::new(CHECK, Severity::Warning, measured, will)
            .or(
                "nginx, where it proxies to Leeward",
                format!("proxy_read_timeout {seconds}s; proxy_send_timeout {seconds}s;"),
            )
            .or(
                "leeward.toml, once the proxy waits so long",
                format!("proxy_idle_ms = {wanted_ms}"),
            ),
    )
}

fn shared_address(facts: &Facts) -> Option<Finding> {
    let plan = &facts.plan;
    // A proxy on this machine is never counted.
    if !plan.behind_proxy || plan.trusts_others || reach(plan.listen) == Reach::Here {
        return None;
    }
    let measured =
        "the proxy may be on another machine, and `door.trusted` names nobody".to_owned();
    let will = format!(
        "everybody comes from the proxy's address, of which {} connections a second are taken: in a \
         storm the others are turned away",
        count(plan.address_per_s)
    );
    let finding = Finding::new(CHECK, Severity::Warning, measured, will);
    Some(finding.set("door.trusted", "\"the proxy's address\""))
}

fn hidden(facts: &Facts) -> Option<Finding> {
    let lease = facts.plan.terms.hidden;
    if u64::from(lease.lease_ms) >= HIDDEN_LEASE_MIN_MS {
        return None;
    }
    let measured =
        format!("pages in the background may be silent for {} s", lease.lease_ms / 1_000);
    let will =
        "browsers run their timers once a minute: such pages are given up although they live";
    let finding = Finding::new(CHECK, Severity::Warning, measured, will);
    Some(finding.set("lease.hidden_lease_ms", 150_000))
}

fn visible(facts: &Facts) -> Option<Finding> {
    let lease = facts.plan.terms.visible;
    if u64::from(lease.lease_ms) > VISIBLE_LEASE_MAX_MS {
        let measured = format!("a connection may be silent for {} s", lease.lease_ms / 1_000);
        let will = "so long people are shown as there, and write, on a connection that is dead";
        let finding = Finding::new(CHECK, Severity::Notice, measured, will);
        return Some(finding.set("lease.lease_ms", 15_000));
    }
    if lease.lease_ms < 3 * lease.ping_ms {
        let measured =
            format!("a ping every {} ms, a lease of {} ms", lease.ping_ms, lease.lease_ms);
        let will = "two pings lost on the way end a connection that lives";
        let finding = Finding::new(CHECK, Severity::Notice, measured, will);
        return Some(finding.set("lease.lease_ms", 3 * lease.ping_ms));
    }
    None
}

fn control(facts: &Facts) -> Option<Finding> {
    if facts.plan.storm_control {
        return None;
    }
    let measured = "storm control is off".to_owned();
    let will =
        "when everybody comes back at once, everybody is let in at once, and nobody gets through";
    let finding = Finding::new("drills", Severity::Critical, measured, will);
    Some(finding.set("storm.control", "true"))
}

fn drills(facts: &Facts) -> Option<Finding> {
    if !facts.plan.drills_allowed {
        return None;
    }
    let measured = "drills are allowed".to_owned();
    let will = "whoever has the operator's secret can break this server on purpose";
    let finding = Finding::new("drills", Severity::Warning, measured, will);
    Some(finding.set("drills.allowed", "false"))
}

fn load(facts: &Facts) -> Option<Finding> {
    if !facts.plan.allow_load {
        return None;
    }
    let measured = "load tests are allowed".to_owned();
    let will = "an owner can fill the workspace with thousands of synthetic people";
    let finding = Finding::new("drills", Severity::Warning, measured, will);
    Some(finding.set("allow_load", "false"))
}

#[cfg(test)]
mod tests {
    use super::super::example::{Row, holds, well};
    use super::*;

    #[test]
    fn listeners_that_are_too_open_are_told() {
        let at = |text: &str| text.parse().expect("an address");
        let severity = |text: &str| {
            let mut facts = well();
            facts.plan.operator_listen = at(text);
            operator_reach(&facts).map(|finding| finding.severity)
        };
        assert_eq!(severity("127.0.0.1:1"), None);
        assert_eq!(severity("[::1]:1"), None);
        assert_eq!(severity("[::ffff:127.0.0.1]:1"), None);
        assert_eq!(severity("10.1.2.3:1"), Some(Severity::Notice));
        assert_eq!(severity("[fd00::1]:1"), Some(Severity::Notice));
        for open in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1"] {
            assert_eq!(severity(open), Some(Severity::Warning), "{open}");
        }
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.plan.operator_listen = ([0, 0, 0, 0], 8081).into(),
                    severity: Severity::Warning,
                    will: "without a password",
                    change: "operator_listen = \"127.0.0.1:8081\"",
                },
                Row {
                    spoil: |f| f.plan.tls = None,
                    severity: Severity::Warning,
                    will: "can be read on the way",
                    change: "behind_proxy = true",
                },
                Row {
                    spoil: |f| {
                        f.plan.tls = None;
                        f.plan.listen = ([127, 0, 0, 1], 8080).into();
                    },
                    severity: Severity::Fine,
                    will: "go together",
                    change: "",
                },
            ],
        );
    }

    #[test]
    fn limits_that_break_each_other_are_told() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.plan.queue_bytes_max = 16 << 20,
                    severity: Severity::Warning,
                    will: "1,024 clients that do not read",
                    change: "limits.queue_bytes_max = 6871947",
                },
                Row {
                    spoil: |f| f.plan.queue_bytes_max = 1 << 30,
                    severity: Severity::Critical,
                    will: "16 clients",
                    change: "limits.connections_max = 320",
                },
                Row {
                    spoil: |f| f.plan.room_bytes_max = 1 << 30,
                    severity: Severity::Warning,
                    will: "with 8 rooms in use",
                    change: "limits.room_bytes_max = 8589934",
                },
                Row {
                    spoil: |f| f.plan.parked_bytes_max = 1 << 20,
                    severity: Severity::Notice,
                    will: "93 of 50,000 wait with their connection kept",
                    change: "storm.parked_bytes_max = ",
                },
                Row {
                    spoil: |f| f.plan.connections_max = 100_000,
                    severity: Severity::Notice,
                    will: "after 25 minutes",
                    change: "",
                },
                Row {
                    spoil: |f| f.plan.terms.hidden.lease_ms = 119_999,
                    severity: Severity::Warning,
                    will: "once a minute",
                    change: "lease.hidden_lease_ms = 150000",
                },
                Row {
                    spoil: |f| f.plan.terms.visible.lease_ms = 60_001,
                    severity: Severity::Notice,
                    will: "is dead",
                    change: "lease.lease_ms = 15000",
                },
                Row {
                    spoil: |f| f.plan.terms.visible.ping_ms = 6_000,
                    severity: Severity::Notice,
                    will: "two pings lost",
                    change: "lease.lease_ms = 18000",
                },
            ],
        );
    }

    #[test]
    fn what_a_proxy_will_cut_is_told_with_the_proxys_line() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.plan.behind_proxy = true,
                    severity: Severity::Warning,
                    will: "cut again and again",
                    change: "proxy_read_timeout 125s;",
                },
                Row {
                    spoil: |f| {
                        f.plan.behind_proxy = true;
                        f.plan.proxy_idle_ms = 125_000;
                    },
                    severity: Severity::Warning,
                    will: "everybody comes from the proxy's address, of which 100",
                    change: "door.trusted",
                },
                Row {
                    spoil: |f| {
                        f.plan.behind_proxy = true;
                        f.plan.proxy_idle_ms = 125_000;
                        f.plan.trusts_others = true;
                    },
                    severity: Severity::Fine,
                    will: "go together",
                    change: "",
                },
            ],
        );
    }

    #[test]
    fn what_is_for_drills_alone_is_told() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| f.plan.storm_control = false,
                    severity: Severity::Critical,
                    will: "nobody gets through",
                    change: "storm.control = true",
                },
                Row {
                    spoil: |f| f.plan.drills_allowed = true,
                    severity: Severity::Warning,
                    will: "break this server on purpose",
                    change: "drills.allowed = false",
                },
                Row {
                    spoil: |f| f.plan.allow_load = true,
                    severity: Severity::Warning,
                    will: "synthetic people",
                    change: "allow_load = false",
                },
            ],
        );
    }
}
