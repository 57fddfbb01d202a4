//! A machine on which all is well; each test spoils what it is about.

use super::facts::{
    Certificate, Clock, Disk, Facts, Files, Fsync, Kernel, Log, Machine, Medium, Memory, Plan, Sink,
};
use super::finding::{Finding, Severity};
use crate::config::TlsFiles;
use leeward_core::lease::Terms;

const GIB: u64 = 1 << 30;
/// A day in 2030, in seconds.
pub(super) const NOW_S: u64 = 1_900_000_000;
pub(super) const DAY_S: u64 = 86_400;

pub(super) fn well() -> Facts {
    Facts { plan: plan(), machine: machine() }
}

pub(crate) fn plan() -> Plan {
    Plan {
        data: "leeward-data".into(),
        listen: "0.0.0.0:443".parse().expect("an address"),
        operator_listen: "127.0.0.1:8081".parse().expect("an address"),
        hosts: vec!["chat.example.org".to_owned()],
        behind_proxy: false,
        proxy_idle_ms: 60_000,
        tls: Some(TlsFiles { cert: "cert.pem".into(), key: "key.pem".into() }),
        connections_max: 50_000,
        queue_bytes_max: 1 << 20,
        room_bytes_max: 64 << 10,
        file_bytes_max: 100 << 20,
        parked_bytes_max: GIB,
        terms: Terms::default(),
        drain_spread_ms: 5_000,
        drain_ms_max: 10_000,
        backlog: 4_096,
        address_per_s: 100,
        trusts_others: false,
        storm_control: true,
        drills_allowed: false,
        allow_load: false,
    }
}

fn machine() -> Machine {
    Machine {
        serving: true,
        files: Files {
            hard: Some(1_048_576),
            machine_max: Some(1 << 40),
            machine_open: Some(2_000),
        },
        kernel: Kernel {
            somaxconn: Some(4_096),
            syn_backlog: Some(4_096),
            syncookies: Some(true),
            overflows: Some(0),
            overflows_lately: 0,
            tracked_max: None,
            tracked: None,
        },
        memory: Memory { available: Some(16 * GIB), ..Memory::default() },
        disk: Disk {
            free: Some(100 * GIB),
            files_free: Some(1_000_000),
            data: Some(GIB),
            growth_per_day: Some(1 << 20),
            refused: None,
            medium: Medium::Disk,
            fsync: Some(Fsync { median_us: 900, worst_us: 4_000, count: 8 }),
        },
        clock: Clock { synchronised: Some(true), steps: 0, step_ms: 0, behind_data_ms: 0 },
        log: Log { sink: Sink::Carefree, dropped: 0, dropped_lately: 0 },
        certificate: Some(Ok(Certificate {
            not_before_s: NOW_S - 30 * DAY_S,
            not_after_s: NOW_S + 60 * DAY_S,
            now_s: NOW_S,
            strangers: Vec::new(),
            self_signed: false,
            rsa: false,
        })),
    }
}

/// One row of a table of facts: what is spoilt, and what the worst finding then is: its severity,
/// words of what will happen, and words of a line to change (none: there is no line).
pub(super) struct Row {
    pub(super) spoil: fn(&mut Facts),
    pub(super) severity: Severity,
    pub(super) will: &'static str,
    pub(super) change: &'static str,
}

/// Each row of a check's table says what it should, and what is bad names a line to change.
pub(super) fn holds(check: fn(&Facts) -> Vec<Finding>, rows: &[Row]) {
    let fine = check(&well());
    assert!(fine.iter().all(|f| f.severity == Severity::Fine), "the control: {fine:#?}");
    for (at, row) in rows.iter().enumerate() {
        let mut facts = well();
        (row.spoil)(&mut facts);
        let findings = check(&facts);
        let worst = findings.iter().max_by_key(|f| f.severity).expect("a check says something");
        assert_eq!(worst.severity, row.severity, "row {at}: {findings:#?}");
        let found = findings.iter().filter(|f| f.severity == row.severity).any(|f| {
            let lines = f.change.iter().map(|c| format!("{}: {}", c.place, c.line));
            let fits = lines.into_iter().any(|line| line.contains(row.change));
            f.will.contains(row.will) && (fits || (row.change.is_empty() && f.change.is_empty()))
        });
        assert!(found, "row {at} lacks `{}` or `{}`: {findings:#?}", row.will, row.change);
        for finding in findings.iter().filter(|f| f.severity >= Severity::Warning) {
            assert!(!finding.change.is_empty(), "row {at}: nothing to change: {finding:#?}");
        }
    }
}
