//! `leeward status`: what the running server says about itself on its operator's listener.

use crate::cli::Output;
use crate::config::Config;
use crate::operator;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::fmt::Write as _;

/// Asks and shows.
pub(crate) fn run(config: &Config, output: Output) -> Result<String> {
    let body = operator::get(config, "/status")?;
    let status: Value = serde_json::from_slice(&body).context("the server's answer is unknown")?;
    if output.json {
        return Ok(format!("{status:#}\n"));
    }
    let mut out = String::new();
    lines(&mut out, "", &status);
    Ok(out)
}

/// Every leaf with its dotted name, one per line.
fn lines(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                lines(out, &name, value);
            }
        }
        Value::String(text) => writeln!(out, "{name}: {text}").expect("a String takes it"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            writeln!(out, "{name}: {value}").expect("a String takes it");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_nested_is_shown_by_its_full_name() {
        let mut out = String::new();
        let value = serde_json::json!({"ready": true, "store": {"rooms": 3}, "build": "web/1"});
        super::lines(&mut out, "", &value);
        assert_eq!(out, "build: web/1\nready: true\nstore.rooms: 3\n");
    }
}
