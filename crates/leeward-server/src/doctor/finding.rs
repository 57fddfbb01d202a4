//! One thing that the doctor has to say, and all of them together.
//!
//! A finding always says what was measured and what will happen. What is not fine also names the line
//! to change: copied as it stands, it does what it says.

use leeward_core::id::Millis;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Worth knowing; nothing has to be done.
    Notice,
    /// It will hurt under load or in some days.
    Warning,
    /// It hurts already, or will with the next storm.
    Critical,
}

impl Severity {
    /// All, from the mildest.
    pub const ALL: [Self; 4] = [Self::Fine, Self::Notice, Self::Warning, Self::Critical];

    /// As it is written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A line to change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Where the line belongs: `leeward.toml`, `shell`, a unit of systemd, a proxy's configuration.
    #[serde(rename = "in")]
    pub place: Cow<'static, str>,
    /// The line.
    pub line: String,
}

/// One thing that the doctor has to say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Which check says it.
    pub check: Cow<'static, str>,
    /// How bad it is.
    pub severity: Severity,
    /// What there is, with figures.
    pub measured: String,
    /// What will happen.
    pub will: String,
    /// What to change: any one of these is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<Change>,
}

impl Finding {
    /// Nothing to worry about.
    pub(super) fn fine(check: &'static str, measured: String, will: impl Into<String>) -> Self {
        Self::new(check, Severity::Fine, measured, will)
    }

    pub(super) fn new(
        check: &'static str,
        severity: Severity,
        measured: String,
        will: impl Into<String>,
    ) -> Self {
        Self { check: check.into(), severity, measured, will: will.into(), change: Vec::new() }
    }

    /// One more thing that would mend it: a key of the configuration.
    pub(super) fn set(self, key: &str, value: impl std::fmt::Display) -> Self {
        self.or("leeward.toml", format!("{key} = {value}"))
    }

    /// One more thing that would mend it: a command.
    pub(super) fn run(self, command: impl Into<String>) -> Self {
        self.or("shell", command)
    }

    /// One more thing that would mend it, somewhere else.
    pub(super) fn or(mut self, place: &'static str, line: impl Into<String>) -> Self {
        self.change.push(Change { place: place.into(), line: line.into() });
        self
    }
}

/// What one examination found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// When.
    pub at: Millis,
    /// The worst of the findings.
    pub worst: Severity,
    /// It comes from the process that serves.
    pub serving: bool,
    /// All of them, the worst first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Of these findings, which come with the worst first.
    pub fn new(at: Millis, serving: bool, findings: Vec<Finding>) -> Self {
        let worst = findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Fine);
        Self { at, worst, serving, findings }
    }

    /// How many are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// In one line: how many of the worst there are, and which checks found them.
    pub fn summary(&self) -> String {
        let (critical, warnings) = (self.count(Severity::Critical), self.count(Severity::Warning));
        let several = |n: usize, word: &str| match n {
            0 => None,
            1 => Some(format!("1 {word}")),
            n => Some(format!("{n} {word}s")),
        };
        let counts =
            [(critical > 0).then(|| format!("{critical} critical")), several(warnings, "warning")];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        if counts.is_empty() {
            return "all is well".to_owned();
        }
        let bad = self.findings.iter().filter(|f| f.severity >= Severity::Warning);
        let mut checks: Vec<&str> = bad.map(|f| f.check.as_ref()).collect();
        checks.dedup();
        format!("{}: {}", counts.join(", "), checks.join(", "))
    }
}

/// Bytes as people say them: `19.5 GiB`.
pub(super) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 100.0 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// A count as people read it: `50,000`.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(50_000), "50,000");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(bytes(512), "512 bytes");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(200 << 20), "200 MiB");
        assert_eq!(bytes(u64::MAX), "16777216 TiB");
    }

    #[test]
    fn the_summary_counts_what_is_bad_and_names_it() {
        let finding = |check, severity| Finding::new(check, severity, String::new(), "");
        let report = |findings| Report::new(Millis(0), true, findings);
        let well = report(vec![finding("clock", Severity::Notice)]);
        assert_eq!(well.summary(), "all is well");
        assert_eq!(well.worst, Severity::Notice);
        let bad = report(vec![
            finding("certificate", Severity::Critical),
            finding("open files", Severity::Warning),
            finding("memory", Severity::Warning),
            finding("clock", Severity::Fine),
        ]);
        assert_eq!(bad.summary(), "1 critical, 2 warnings: certificate, open files, memory");
        assert_eq!(bad.worst, Severity::Critical);
        assert_eq!(report(Vec::new()).worst, Severity::Fine);
    }
}
