//! Slack's `mrkdwn` in an export as Markdown: ids become names first, then the same translation as for
//! incoming webhooks.

use super::Names;
use leeward_server::http::{SlackPayload, slack_markdown};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What ids in a text stand for.
pub(super) struct Referenced<'a> {
    /// Accounts by id.
    pub(super) names: &'a Names,
    /// Rooms by id.
    pub(super) rooms: BTreeMap<&'a str, &'a str>,
}

/// The text of a message as Markdown. Blocks and attachments speak where there is no text.
pub(super) fn of(text: &str, rest: Map<String, Value>, referenced: &Referenced<'_>) -> String {
    if !text.trim().is_empty() {
        return slack_markdown(&named(text, referenced));
    }
    let payload: SlackPayload = serde_json::from_value(Value::Object(rest)).unwrap_or_default();
    payload.markdown()
}

/// A link, if it is one that can be followed.
pub(super) fn link(name: &str, url: &str) -> Option<String> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    web.then(|| slack_markdown(&format!("<{}|{}>", escape(url), escape(name).replace('|', "/"))))
}

/// `<@U1>` as `<@U1|name>`, and `<#C1>` as `<#C1|room>`: an export has ids only.
fn named(text: &str, referenced: &Referenced<'_>) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(start) = rest.find("<@").into_iter().chain(rest.find("<#")).min() {
        let (before, reference) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = reference.find('>') else {
            rest = reference;
            break;
        };
        let inner = &reference[1..end];
        let id = inner[1..].split('|').next().unwrap_or_default();
        let name = match inner.as_bytes().first() {
            Some(b'@') => referenced.names.get(id).map(String::as_str),
            _ => referenced.rooms.get(id).copied(),
        };
        match name {
            Some(name) => out.push_str(&format!("<{}{id}|{name}>", &inner[..1])),
            None => out.push_str(&reference[..=end]),
        }
        rest = &reference[end + 1..];
    }
    out.push_str(rest);
    out
}
