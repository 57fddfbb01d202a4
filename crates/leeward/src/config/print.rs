//! The configuration shown: as aligned text, as JSON, and the table of keys as Markdown.

use super::Config;
use super::keys::{KEYS, Key, Kind};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Every key with its effective value and its origin, one per line.
pub(crate) fn as_text(config: &Config) -> String {
    let mut out = String::new();
    let name_width = KEYS.iter().map(|k| k.name.len()).max().unwrap_or(0);
    let value_width = KEYS.iter().map(|k| shown(config.text(k.name)).len()).max().unwrap_or(0);
    for key in KEYS {
        let (value, origin) = config.of(key.name);
        let value = shown(value);
        writeln!(out, "{:name_width$} = {value:value_width$}  # {origin}", key.name)
            .expect("writing to a String cannot fail");
    }
    out
}

/// An empty text is shown as one, so that the line can be pasted into a file.
fn shown(value: &str) -> String {
    if value.parse::<u64>().is_ok() { value.to_owned() } else { format!("{value:?}") }
}

/// The same as an object by name: `{value, origin}`.
pub(crate) fn as_json(config: &Config) -> Value {
    let entries = KEYS.iter().map(|key| {
        let (value, origin) = config.of(key.name);
        let value = match key.kind {
            Kind::Number(..) => json!(config.number(key.name)),
            Kind::Text
            | Kind::Path
            | Kind::Address
            | Kind::Listener
            | Kind::Prefixes
            | Kind::Choice(_) => json!(value),
        };
        (key.name.to_owned(), json!({ "value": value, "origin": origin.to_string() }))
    });
    Value::Object(entries.collect())
}

/// The table of `docs/operate.md`.
pub(crate) fn as_markdown() -> String {
    let mut out = String::from("| key | values | default | |\n|---|---|---|---|\n");
    for key in KEYS {
        let default =
            if key.default.is_empty() { "–".to_owned() } else { format!("`{}`", key.default) };
        writeln!(out, "| `{}` | {} | {default} | {} |", key.name, values(key), key.help)
            .expect("writing to a String cannot fail");
    }
    out
}

fn values(key: &Key) -> String {
    match key.kind {
        Kind::Text => "text".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Address => "address:port".to_owned(),
        Kind::Listener => "address:port, `auto` or empty".to_owned(),
        Kind::Prefixes => "addresses".to_owned(),
        Kind::Number(least, most) => format!("{least} to {most}"),
        Kind::Choice(words) => format!("`{}`", words.join("`, `")),
    }
}
