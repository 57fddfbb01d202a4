//! The certificate: whether a browser would take it, and for how long.

use super::facts::{Certificate, Facts};
use super::finding::{Finding, Severity};

const CHECK: &str = "certificate";
const DAY_S: u64 = 86_400;
const HOUR_S: u64 = 3_600;
/// Left when somebody has to be woken, and when somebody has to look: programs that renew do so with a
/// third of the time left. Short-lived certificates are judged by the same share of their time.
const CRITICAL: Left = Left { days: 3, share: 30 };
const WARNING: Left = Left { days: 14, share: 6 };

struct Left {
    days: u64,
    share: u64,
}

impl Left {
    fn is_less(&self, left_s: u64, lasts_s: u64) -> bool {
        left_s < (self.days * DAY_S).min(lasts_s / self.share)
    }
}

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let Some(tls) = &facts.plan.tls else { return Vec::new() };
    let look = format!("openssl x509 -noout -dates -ext subjectAltName -in {}", tls.cert.display());
    let certificate = match &facts.machine.certificate {
        None => return Vec::new(),
        Some(Err(why)) => {
            let will =
                "the server does not start, and one that runs keeps what it has until it stops";
            let finding = Finding::new(CHECK, Severity::Critical, why.clone(), will);
            let files = [("tls.cert_file", &tls.cert), ("tls.key_file", &tls.key)];
            let set = |finding: Finding, (key, path): (&str, &std::path::PathBuf)| {
                finding.set(key, format!("\"{}\"", path.display()))
            };
            return vec![files.into_iter().fold(finding.run(look), set)];
        }
        Some(Ok(certificate)) => certificate,
    };
    let mut findings: Vec<Finding> = [
        dates(certificate).map(|finding| finding.run("certbot renew").run(look.clone())),
        strangers(facts, certificate),
        self_signed(certificate).map(|finding| finding.run(look)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if certificate.rsa {
        let measured = "its key is RSA".to_owned();
        let will =
            "each handshake costs many times as much as with ECDSA: a storm takes that longer";
        let finding = Finding::new(CHECK, Severity::Notice, measured, will);
        findings.push(finding.run("certbot renew --force-renewal --key-type ecdsa"));
    }
    if findings.is_empty() {
        let left = certificate.not_after_s.saturating_sub(certificate.now_s);
        let measured = format!("it is good for {}", span(left));
        findings.push(Finding::fine(CHECK, measured, "browsers take it"));
    }
    findings
}

fn dates(certificate: &Certificate) -> Option<Finding> {
    let Certificate { not_before_s: from, not_after_s: until, now_s: now, .. } = *certificate;
    if now > until {
        let measured = format!("it ran out {} ago", span(now - until));
        let will = "no browser connects: whoever loses the connection does not come back";
        return Some(Finding::new(CHECK, Severity::Critical, measured, will));
    }
    if now < from {
        let measured = format!("it counts only in {}", span(from - now));
        let will = "no browser connects before; if that is wrong, the clock is";
        return Some(Finding::new(CHECK, Severity::Critical, measured, will));
    }
    let (left, lasts) = (until - now, until - from);
    let severity = if CRITICAL.is_less(left, lasts) {
        Severity::Critical
    } else if WARNING.is_less(left, lasts) {
        Severity::Warning
    } else {
        return None;
    };
    let measured = format!("it runs out in {}", span(left));
    let will = "then no browser connects; a renewed file is taken up while serving";
    Some(Finding::new(CHECK, severity, measured, will))
}

fn strangers(facts: &Facts, certificate: &Certificate) -> Option<Finding> {
    let first = certificate.strangers.first()?;
    let all = certificate.strangers.len() == facts.plan.hosts.len();
    let severity = if all { Severity::Critical } else { Severity::Warning };
    let measured = format!("it does not name {}", certificate.strangers.join(", "));
    let will = "browsers refuse to connect under that name";
    let mut names: Vec<&str> = facts.plan.hosts.iter().map(String::as_str).collect();
    names.dedup();
    let finding = Finding::new(CHECK, severity, measured, will);
    let finding = finding.run(format!("certbot certonly -d {}", names.join(" -d ")));
    if all { Some(finding) } else { Some(finding.or("leeward.toml", without(facts, first))) }
}

/// `public_url` without a host that the certificate does not name.
fn without(facts: &Facts, stranger: &str) -> String {
    let kept = facts.plan.hosts.iter().filter(|host| *host != stranger);
    let urls: Vec<String> = kept.map(|host| format!("https://{host}")).collect();
    format!("public_url = \"{}\"", urls.join(","))
}

fn self_signed(certificate: &Certificate) -> Option<Finding> {
    if !certificate.self_signed {
        return None;
    }
    let measured = "it is signed by its own key".to_owned();
    let will = "browsers refuse it until each has been told to trust it";
    Some(Finding::new(CHECK, Severity::Warning, measured, will))
}

fn span(seconds: u64) -> String {
    match seconds {
        s if s >= 2 * DAY_S => format!("{} days", s / DAY_S),
        s if s >= 2 * HOUR_S => format!("{} hours", s / HOUR_S),
        s => format!("{} minutes", s / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::{DAY_S, NOW_S, Row, holds, well};
    use super::*;

    fn spoilt(facts: &mut Facts, spoil: fn(&mut Certificate)) {
        if let Some(Ok(certificate)) = &mut facts.machine.certificate {
            spoil(certificate);
        }
    }

    #[test]
    fn a_certificate_that_browsers_will_refuse_is_told_before_they_do() {
        holds(
            examine,
            &[
                Row {
                    spoil: |f| spoilt(f, |c| c.not_after_s = NOW_S - 7_200),
                    severity: Severity::Critical,
                    will: "no browser connects",
                    change: "certbot renew",
                },
                Row {
                    spoil: |f| {
                        spoilt(f, |c| (c.not_before_s, c.not_after_s) = (0, NOW_S + 2 * DAY_S))
                    },
                    severity: Severity::Critical,
                    will: "then no browser connects",
                    change: "openssl x509",
                },
                Row {
                    spoil: |f| {
                        spoilt(f, |c| (c.not_before_s, c.not_after_s) = (0, NOW_S + 10 * DAY_S))
                    },
                    severity: Severity::Warning,
                    will: "then no browser connects",
                    change: "certbot renew",
                },
                Row {
                    spoil: |f| spoilt(f, |c| c.not_before_s = NOW_S + DAY_S),
                    severity: Severity::Critical,
                    will: "no browser connects before",
                    change: "certbot renew",
                },
                Row {
                    spoil: |f| spoilt(f, |c| c.strangers = vec!["chat.example.org".to_owned()]),
                    severity: Severity::Critical,
                    will: "refuse to connect under that name",
                    change: "certbot certonly -d chat.example.org",
                },
                Row {
                    spoil: |f| {
                        f.plan.hosts.push("old.example.org".to_owned());
                        spoilt(f, |c| c.strangers = vec!["old.example.org".to_owned()]);
                    },
                    severity: Severity::Warning,
                    will: "under that name",
                    change: "public_url = \"https://chat.example.org\"",
                },
                Row {
                    spoil: |f| spoilt(f, |c| c.self_signed = true),
                    severity: Severity::Warning,
                    will: "told to trust it",
                    change: "openssl x509",
                },
                Row {
                    spoil: |f| spoilt(f, |c| c.rsa = true),
                    severity: Severity::Notice,
                    will: "each handshake costs",
                    change: "--key-type ecdsa",
                },
                Row {
                    spoil: |f| {
                        f.machine.certificate = Some(Err("key.pem: no such file".to_owned()))
                    },
                    severity: Severity::Critical,
                    will: "does not start",
                    change: "tls.key_file = \"key.pem\"",
                },
            ],
        );
    }

    #[test]
    fn a_short_lived_certificate_is_judged_by_its_own_time() {
        let with_left = |left_s: u64| {
            let mut facts = well();
            if let Some(Ok(c)) = &mut facts.machine.certificate {
                (c.not_before_s, c.not_after_s) = (NOW_S + left_s - 6 * DAY_S, NOW_S + left_s);
            }
            examine(&facts)[0].severity
        };
        assert_eq!(with_left(2 * DAY_S), Severity::Fine);
        assert_eq!(with_left(DAY_S - 1), Severity::Warning);
        assert_eq!(with_left(DAY_S / 6), Severity::Critical);
    }

    #[test]
    fn without_tls_there_is_nothing_to_say() {
        let mut facts = well();
        facts.plan.tls = None;
        assert_eq!(examine(&facts), []);
    }
}
