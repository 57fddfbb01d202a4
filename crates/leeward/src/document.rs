//! The status document as it is read here: what `gate status`, `drain --wait` and `top` show of it.
//!
//! A field that a server does not send is empty rather than an error, so that one program can look at
//! servers a version apart.

use serde::Deserialize;

/// What is going on.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(default)]
pub(crate) struct Document {
    pub(crate) now: u64,
    pub(crate) up_ms: u64,
    pub(crate) version: String,
    pub(crate) state: String,
    pub(crate) sentence: String,
    pub(crate) connections: Connections,
    pub(crate) rate: Rates,
    pub(crate) slots: Slots,
    pub(crate) classes: Vec<ClassNow>,
    pub(crate) users: Users,
    pub(crate) recover_ms: Option<u64>,
    pub(crate) shed: Vec<Shed>,
    pub(crate) leases: Leases,
    pub(crate) guard: Guard,
    pub(crate) doctor: Doctor,
    pub(crate) journal: Vec<Entry>,
}

#[derive(Deserialize, Clone, Copy, Debug, Default)]
#[serde(default)]
pub(crate) struct Connections {
    pub(crate) live: u64,
    pub(crate) admitting: u64,
    pub(crate) waiting: u64,
    pub(crate) gone: u64,
    pub(crate) max: u64,
}

#[derive(Deserialize, Clone, Debug, Default)]
#[serde(default)]
pub(crate) struct Rates {
    pub(crate) limit_per_s: Option<u64>,
    pub(crate) limited_by: String,
    pub(crate) arrivals_per_s: u64,
    pub(crate) admissions_per_s: u64,
    pub(crate) mu_per_s: u64,
}

#[derive(Deserialize, Clone, Copy, Debug, Default)]
#[serde(default)]
pub(crate) struct Slots {
    pub(crate) out: u64,
    pub(crate) early: u64,
    pub(crate) late: u64,
    pub(crate) no_show: u64,
    pub(crate) promised_per_s: u64,
    pub(crate) kept_per_s: u64,
}

#[derive(Deserialize, Clone, Debug, Default)]
#[serde(default)]
pub(crate) struct ClassNow {
    pub(crate) class: String,
    pub(crate) waiting: u64,
    pub(crate) wait_ms: u64,
    pub(crate) gate: GateNow,
    pub(crate) admitted: u64,
    pub(crate) refused: u64,
}

/// How a gate stands.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug, Default)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum GateNow {
    #[default]
    Open,
    Paced {
        per_s: u32,
        #[serde(default)]
        message: String,
    },
    Closed {
        #[serde(default)]
        after_ms: u32,
        #[serde(default)]
        message: String,
    },
}

#[derive(Deserialize, Clone, Copy, Debug, Default)]
#[serde(default)]
pub(crate) struct Users {
    pub(crate) send_to_seen_ms: Quantiles,
    pub(crate) in_sync_ms: Quantiles,
}

#[derive(Deserialize, Clone, Copy, Debug, Default)]
#[serde(default)]
pub(crate) struct Quantiles {
    pub(crate) p50: Option<f64>,
    pub(crate) p95: Option<f64>,
}

#[derive(Deserialize, Clone, Debug, Default)]
#[serde(default)]
pub(crate) struct Shed {
    pub(crate) what: String,
    pub(crate) why: String,
}

#[derive(Deserialize, Clone, Copy, Debug, Default)]
#[serde(default)]
pub(crate) struct Leases {
    pub(crate) expired: u64,
}

#[derive(Deserialize, Clone, Copy, Debug, Default)]
#[serde(default)]
pub(crate) struct Guard {
    pub(crate) watchdog_ms_ago: Option<u64>,
    pub(crate) mismatches: u64,
    pub(crate) rebuilds: u64,
    pub(crate) fallbacks: u64,
    #[serde(rename = "static")]
    pub(crate) fixed: bool,
}

#[derive(Deserialize, Clone, Debug, Default)]
#[serde(default)]
pub(crate) struct Doctor {
    pub(crate) worst: Option<String>,
    pub(crate) findings: Vec<Found>,
}

#[derive(Deserialize, Clone, Debug, Default)]
#[serde(default)]
pub(crate) struct Found {
    pub(crate) check: String,
    pub(crate) severity: String,
}

#[derive(Deserialize, Clone, Debug, Default)]
#[serde(default)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    pub(crate) text: String,
}

impl GateNow {
    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Paced { per_s, message } => with_message(format!("{per_s}/s"), message),
            Self::Closed { after_ms, message } => {
                let after = crate::units::span(u64::from(*after_ms));
                with_message(format!("closed, ask again after {after}"), message)
            }
        }
    }
}

fn with_message(words: String, message: &str) -> String {
    if message.is_empty() { words } else { format!("{words}: {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_another_version_is_read_as_far_as_it_goes() {
        let text = r#"{"now":1,"sentence":"Calm.","weather":"fine","classes":[{"class":"sign_in",
            "gate":{"state":"closed","after_ms":30000,"message":"Back at nine."}},
            {"class":"guest","gate":{"state":"paced","per_s":5}}],"rate":{"limit_per_s":null}}"#;
        let document: Document = serde_json::from_str(text).expect("it is read");
        assert_eq!(document.sentence, "Calm.");
        let words: Vec<String> = document.classes.iter().map(|c| c.gate.words()).collect();
        assert_eq!(words, ["closed, ask again after 30 s: Back at nine.", "5/s"]);
        assert_eq!(document.rate.limit_per_s, None);
    }
}
