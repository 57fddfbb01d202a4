//! One picture: the document and the last minutes as lines of text. Pure: the same document gives the
//! same lines, whatever the terminal.

use super::past::{Past, Row};
use crate::document::{ClassNow, Document, GateNow};
use crate::gate::hyphened;
use crate::units::{count, span};

/// Columns and lines to fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) lines: usize,
}

impl Size {
    /// What everything is laid out for; a terminal that is smaller shows the upper left of it.
    pub(super) const USUAL: Self = Self { columns: 80, lines: 24 };
}

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    Plain,
    Strong,
    /// Something is under way.
    Amber,
    /// Something is wrong.
    Red,
    Faint,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) style: Style,
    pub(super) text: String,
}

/// Where a line's name ends, and its figure begins, counted from the right.
const NAME: usize = 10;
const FIGURE: usize = 30;

/// The picture, at most as large as the terminal.
pub(super) fn draw(document: &Document, past: &Past, place: &str, size: Size) -> Vec<Line> {
    let mut lines = head(document, place, size);
    lines.extend(plots(document, past, size));
    lines.push(plain(String::new()));
    lines.extend(classes(&document.classes, size));
    lines.push(plain(guard(document)));
    lines.push(health(document));
    lines.push(Line { style: Style::Faint, text: "journal".to_owned() });
    // The last line is for how to leave.
    let room = size.lines.saturating_sub(lines.len() + 1);
    let entries = document.journal.iter().take(room);
    lines.extend(entries.map(|e| plain(format!("{}  {}", clock(e.at), e.text))));
    lines.truncate(size.lines.saturating_sub(1));
    for line in &mut lines {
        line.text = clipped(&line.text, size.columns);
    }
    lines
}

fn plain(text: String) -> Line {
    Line { style: Style::Plain, text }
}

fn style_of(state: &str) -> Style {
    match state {
        "calm" | "" => Style::Strong,
        "static" => Style::Red,
        _ => Style::Amber,
    }
}

fn head(document: &Document, place: &str, size: Size) -> Vec<Line> {
    let left = format!("Leeward {} at {place}, up {}", document.version, span(document.up_ms));
    let right = format!("{} UTC", clock(document.now));
    let mut lines = vec![Line { style: Style::Faint, text: apart(&left, &right, size.columns) }];
    let mut sentence = wrapped(&document.sentence, size.columns);
    sentence.resize(2, String::new());
    let style = style_of(&document.state);
    lines.extend(sentence.into_iter().map(|text| Line { style, text }));
    lines
}

/// What one line of blocks shows of a second.
type Value = fn(&Row) -> f64;

fn plots(document: &Document, past: &Past, size: Size) -> Vec<Line> {
    let Document { connections: c, rate, slots, users, .. } = document;
    let limit = match rate.limit_per_s {
        Some(limit) => format!(" of {}/s ({})", count(limit), rate.limited_by.replace('_', " ")),
        None => String::new(),
    };
    let ms = |value: Option<f64>| match value {
        Some(ms) if ms < 10.0 => format!("{ms:.1} ms"),
        Some(ms) => format!("{ms:.0} ms"),
        None => "-".to_owned(),
    };
    let quantiles = |q: crate::document::Quantiles| format!("{} · p95 {}", ms(q.p50), ms(q.p95));
    let per_s = |n: u64| format!("{}/s", count(n));
    let coming = count(c.waiting + c.admitting);
    let of: [(&str, String, Value); 8] = [
        ("live", format!("{} of {}", count(c.live), count(c.max)), |r| r.live),
        ("waiting", format!("{coming}, {} gone", count(c.gone)), |r| r.waiting),
        ("arriving", per_s(rate.arrivals_per_s), |r| r.arrivals),
        ("let in", format!("{}{limit}", per_s(rate.admissions_per_s)), |r| r.admissions),
        ("promised", per_s(slots.promised_per_s), |r| r.promised),
        ("kept", format!("{}, {} late", per_s(slots.kept_per_s), count(slots.late)), |r| r.kept),
        ("send-seen", quantiles(users.send_to_seen_ms), |r| r.send_ms),
        ("in sync", quantiles(users.in_sync_ms), |r| r.sync_ms),
    ];
    let width = size.columns.saturating_sub(NAME + FIGURE + 1);
    // Two that belong together are drawn to one measure.
    let values = of.each_ref().map(|(_, _, value)| past.last(width, value));
    let most = |i: usize| values[i].iter().copied().fold(0.0, f64::max);
    let shared = [most(0), most(1), most(2).max(most(3)), most(2).max(most(3))];
    let shared = [shared, [most(4).max(most(5)), most(4).max(most(5)), most(6), most(7)]].concat();
    let line = |i: usize| {
        let (name, figure, _) = &of[i];
        let spark = sparkline(&values[i], shared[i], width);
        plain(format!("{name:NAME$}{spark} {figure}"))
    };
    (0..of.len()).map(line).collect()
}

/// As many blocks as there are seconds, the latest at the right.
fn sparkline(values: &[f64], most: f64, width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut out = " ".repeat(width.saturating_sub(values.len()));
    for value in values.iter().skip(values.len().saturating_sub(width)) {
        let share = if most > 0.0 { (value / most).clamp(0.0, 1.0) } else { 0.0 };
        // What is more than nothing is seen to be.
        let least = if *value > 0.0 { 1 } else { 0 };
        let step = ((share * 7.0).round() as usize).clamp(least, 7);
        out.push(if *value > 0.0 { BLOCKS[step] } else { BLOCKS[0] });
    }
    out
}

/// Two beside each other, so that all classes take four lines.
fn classes(classes: &[ClassNow], size: Size) -> Vec<Line> {
    let half = size.columns / 2;
    let cell = |class: &ClassNow| {
        let waiting = if class.waiting == 0 {
            format!("{} in, {} turned away", count(class.admitted), count(class.refused))
        } else {
            format!("{} wait {}", count(class.waiting), span(class.wait_ms))
        };
        let gate = match &class.gate {
            GateNow::Open => String::new(),
            GateNow::Paced { per_s, .. } => format!("{per_s}/s · "),
            GateNow::Closed { .. } => "closed · ".to_owned(),
        };
        clipped(&format!("{:17}{gate}{waiting}", hyphened(&class.class)), half.saturating_sub(1))
    };
    let row = |pair: &[ClassNow]| {
        let cells: Vec<String> = pair.iter().map(cell).collect();
        let held = pair.iter().any(|class| class.gate != GateNow::Open);
        let left = cells.first().map_or("", String::as_str);
        let right = cells.get(1).map_or("", String::as_str);
        let pad = half.saturating_sub(left.chars().count());
        let style = if held { Style::Amber } else { Style::Plain };
        Line { style, text: format!("{left}{}{right}", " ".repeat(pad)) }
    };
    classes.chunks(2).map(row).collect()
}

fn guard(document: &Document) -> String {
    let guard = document.guard;
    let looked = match guard.watchdog_ms_ago {
        Some(ms) => format!("looked {} ago", span(ms)),
        None => "has not looked".to_owned(),
    };
    let fixed = if guard.fixed { " · a fixed rate is held" } else { "" };
    let recover = document
        .recover_ms
        .map_or_else(String::new, |ms| format!(" · back in {} if all drop", span(ms)));
    let (rebuilt, fell_back) = (count(guard.rebuilds), count(guard.fallbacks));
    format!("guard     {looked} · {rebuilt} rebuilt · {fell_back} static{fixed}{recover}")
}

fn health(document: &Document) -> Line {
    let doctor = &document.doctor;
    let bad = doctor.findings.iter().filter(|f| ["warning", "critical"].contains(&&*f.severity));
    let checks: Vec<&str> = bad.map(|finding| finding.check.as_str()).collect();
    let mut parts = Vec::new();
    if !document.shed.is_empty() {
        let shed = document.shed.iter().map(|shed| format!("{} ({})", shed.what, shed.why));
        parts.push(format!("left out: {}", shed.collect::<Vec<_>>().join(", ")));
    }
    parts.push(match (&doctor.worst, checks.is_empty()) {
        (None, _) => "the doctor has not looked".to_owned(),
        (Some(_), true) => "doctor: all is well".to_owned(),
        (Some(_), false) => format!("doctor: {}", checks.join(", ")),
    });
    parts.push(format!("{} leases ran out", count(document.leases.expired)));
    let style = match doctor.worst.as_deref() {
        Some("critical") => Style::Red,
        Some("warning") => Style::Amber,
        Some(_) | None if document.shed.is_empty() => Style::Plain,
        Some(_) | None => Style::Amber,
    };
    Line { style, text: format!("health    {}", parts.join(" · ")) }
}

/// The time of day of a moment in milliseconds since 1970, in UTC.
fn clock(ms: u64) -> String {
    let seconds = ms / 1_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// One at the left, one at the right.
fn apart(left: &str, right: &str, columns: usize) -> String {
    let used = left.chars().count() + right.chars().count();
    format!("{left}{}{right}", " ".repeat(columns.saturating_sub(used).max(1)))
}

/// Broken between words; at most two lines, the second cut where it ends.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is one from the start");
        let longer = last.chars().count() + 1 + word.chars().count();
        if last.is_empty() {
            last.push_str(word);
        } else if longer <= columns || lines.len() == 2 {
            let last = lines.last_mut().expect("there is one from the start");
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Cut where the terminal ends. Nothing that a message says can steer the terminal.
fn clipped(text: &str, columns: usize) -> String {
    let safe = |c: char| if c.is_control() { '?' } else { c };
    text.chars().take(columns).map(safe).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests;
