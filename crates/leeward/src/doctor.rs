//! `leeward doctor`: what will go wrong on this machine, by the server's own word where one runs, and
//! by the configuration and a look around where none does.

use crate::answer::Answer;
use crate::cli::Output;
use crate::config::Config;
use crate::operator::{self, now};
use anyhow::{Context as _, Result};
use leeward_server::config::TlsFiles;
use leeward_server::core::lease::Terms;
use leeward_server::core::wire::Lease;
use leeward_server::doctor::{Eyes, Finding, Inside, Plan, Report, Severity, examine};
use std::fmt::Write as _;

/// Looks, or has the server look, and shows what was found.
pub(crate) fn run(config: &Config, output: Output) -> Result<Answer> {
    let report = match operator::look(config, "/api/doctor")? {
        Some(body) => serde_json::from_slice(&body).context("the server's answer is unknown")?,
        None => look_around(config)?,
    };
    let text = if output.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else {
        as_text(&report)
    };
    Ok(Answer { text, status: status(report.worst) })
}

/// The exit status for the worst of the findings.
fn status(worst: Severity) -> u8 {
    match worst {
        Severity::Fine | Severity::Notice => 0,
        Severity::Warning => 3,
        Severity::Critical => 4,
    }
}

/// Without a server: what one would find that is started here and like this.
fn look_around(config: &Config) -> Result<Report> {
    let plan = plan(config)?;
    let mut eyes = Eyes::new(false);
    eyes.probe(&plan);
    let findings = examine(&eyes.look(&plan, Inside::default()));
    Ok(Report::new(now()?, false, findings))
}

/// What the configuration asks of the machine.
pub(crate) fn plan(config: &Config) -> Result<Plan> {
    let tls = match (config.path("tls.cert_file"), config.path("tls.key_file")) {
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        (_, _) => None,
    };
    Ok(Plan {
        data: config.data_dir(),
        listen: config.address("listen"),
        operator_listen: config.address("operator_listen"),
        hosts: config.hosts(),
        behind_proxy: config.is("behind_proxy"),
        proxy_idle_ms: config.number("proxy_idle_ms"),
        tls,
        connections_max: config.number("limits.connections_max"),
        queue_bytes_max: config.number("limits.queue_bytes_max"),
        room_bytes_max: config.number("limits.room_bytes_max"),
        file_bytes_max: config.number("limits.file_bytes_max"),
        parked_bytes_max: config.number("storm.parked_bytes_max"),
        terms: terms(config)?,
        drain_spread_ms: config.number("drain.spread_ms"),
        drain_ms_max: config.number("drain.ms_max"),
        backlog: config.number("door.backlog_max"),
        address_per_s: config.number("door.address_per_s"),
        trusts_others: !config.prefixes("door.trusted").is_empty(),
        storm_control: config.is("storm.control") && config.is("storm.guard"),
        drills_allowed: config.is("drills.allowed"),
        allow_load: config.is("allow_load"),
    })
}

/// On what terms connections may be silent.
pub(crate) fn terms(config: &Config) -> Result<Terms> {
    let lease = |ping: &str, lease: &str| {
        anyhow::Ok(Lease {
            ping_ms: u32::try_from(config.number(ping))?,
            lease_ms: u32::try_from(config.number(lease))?,
            spread_ms: u32::try_from(config.number("lease.spread_ms"))?,
        })
    };
    Ok(Terms {
        visible: lease("lease.ping_ms", "lease.lease_ms")?,
        hidden: lease("lease.hidden_ping_ms", "lease.hidden_lease_ms")?,
    })
}

/// What is bad in full, what is fine in a line each.
fn as_text(report: &Report) -> String {
    let whose = if report.serving { "the running server" } else { "a server started here" };
    let mut out = format!("{whose}: {}\n", report.summary());
    let (fine, rest): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| finding.severity == Severity::Fine);
    for finding in rest {
        out.push('\n');
        let Finding { check, severity, measured, will, change } = finding;
        line(&mut out, format_args!("{}  {check}: {measured}", severity.as_str().to_uppercase()));
        line(&mut out, format_args!("  then    {will}"));
        for (i, change) in change.iter().enumerate() {
            let word = if i == 0 { "change" } else { "or    " };
            line(&mut out, format_args!("  {word}  {}: {}", change.place, change.line));
        }
    }
    if !fine.is_empty() {
        out.push('\n');
    }
    for finding in fine {
        line(&mut out, format_args!("fine  {}: {}", finding.check, finding.measured));
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a String takes it");
}
