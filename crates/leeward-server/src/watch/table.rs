//! The table of metrics in the documentation, made from what a node exports before anything happened.

use super::{Figures, Watch, gather};
use crate::metrics::Metrics;
use std::sync::Arc;

/// More values of a label than so many are told by an ellipsis.
const VALUES_MAX: usize = 8;

/// One family.
struct Family<'t> {
    name: &'t str,
    help: &'t str,
    kind: &'t str,
    /// Names of labels, each with the values that there are.
    labels: Vec<(&'t str, Vec<&'t str>)>,
}

/// Every metric, as a table in Markdown.
pub fn metrics_table() -> String {
    let watch = Arc::new(Watch::new(String::new()));
    watch.look(gather::blank(), false);
    let text = Metrics::with(Box::new(Figures(watch))).text();
    let mut table = String::from("| metric | kind | labels | |\n|---|---|---|---|\n");
    for Family { name, help, kind, labels } in families(&text) {
        let total = if kind == "counter" { "_total" } else { "" };
        let labels: Vec<String> = labels.iter().map(label).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join("; ") };
        table.push_str(&format!("| `{name}{total}` | {kind} | {labels} | {help} |\n"));
    }
    table
}

fn label((name, values): &(&str, Vec<&str>)) -> String {
    // The registry has them in no order.
    let mut sorted = values.clone();
    sorted.sort_unstable();
    let shown: Vec<String> = sorted.iter().take(VALUES_MAX).map(|v| format!("`{v}`")).collect();
    let more = if values.len() > VALUES_MAX { ", …" } else { "" };
    format!("`{name}`: {}{more}", shown.join(", "))
}

fn families(text: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|l| l.split_once(' ')) {
            let help = help.trim_end_matches('.');
            families.push(Family { name, help, kind: "", labels: Vec::new() });
        } else if let Some((_, kind)) = line.strip_prefix("# TYPE ").and_then(|l| l.split_once(' '))
        {
            families.last_mut().into_iter().for_each(|family| family.kind = kind);
        } else if let Some((_, labels)) = line.split_once('{')
            && let Some(family) = families.last_mut()
        {
            note(&mut family.labels, labels.split('}').next().unwrap_or(labels));
        }
    }
    families
}

fn note<'t>(known: &mut Vec<(&'t str, Vec<&'t str>)>, labels: &'t str) {
    for pair in labels.split(',') {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| *name != "le") else {
            continue;
        };
        let value = value.trim_matches('"');
        match known.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => known.push((name, vec![value])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_kind_and_labels() {
        let table = metrics_table();
        let row = |name: &str| {
            let start = format!("| `{name}` |");
            table.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{table}"))
        };
        assert!(
            row("leeward_standing")
                .contains("| gauge | `is`: `admitting`, `gone`, `live`, `waiting` |")
        );
        assert!(row("leeward_posts_total").ends_with("| counter | – | Drafts stored |"));
        assert!(row("leeward_send_to_seen_seconds").contains("| histogram | – |"));
        assert!(row("leeward_refusals_total").contains(", …"));
    }
}
