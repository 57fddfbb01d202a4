//! The report as one page that needs nothing else: no script, no font, no network. Never measures.

use super::chart::{Chart, Line, text};
use super::report::{Report, Run, rows};
use super::tape::Point;
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::path::Path;

/// The look of the page.
const STYLE: &str = include_str!("page.css");
/// How long before the outage the curves begin, in seconds.
const BEFORE_S: f64 = 4.0;

/// Writes `index.html` and `report.json`.
pub(super) fn write(dir: &Path, report: &Report) -> Result<()> {
    let put = |name: &str, content: String| {
        let path = dir.join(name);
        std::fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
    };
    put("index.html", html(report))?;
    put("report.json", serde_json::to_string_pretty(report)?)
}

fn html(report: &Report) -> String {
    let Report { drill, clients, species, version, machine, at, .. } = report;
    let tls = if report.tls { " · TLS" } else { "" };
    let broken = report.promises.iter().filter(|p| !p.held).count();
    let verdict = match broken {
        0 => format!("<b class=\"held\">All {} promises held</b>", report.promises.len()),
        _ => format!("<b class=\"broke\">{broken} of {} promises broke</b>", report.promises.len()),
    };
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Leeward drill: {drill}</title><style>{STYLE}</style><main>\
         <header><p class=\"brand\">Leeward drill</p><h1>{drill}</h1><p class=\"verdict\">{verdict}</p>\
         <p class=\"story\">{}</p>\
         <p class=\"facts\">{clients} clients · {}{tls} · Leeward {} · {} · {at}</p></header>",
        text(&report.story),
        text(species),
        text(version),
        text(machine),
    );
    tiles(&mut out, report);
    if let Some(control) = &report.control {
        beside(&mut out, &report.run, control);
    }
    out.push_str("<h2>This server</h2>");
    curves(&mut out, &report.run);
    if let Some(control) = &report.control {
        out.push_str("<h2>The control: no storm control, clients that take no advice</h2>");
        curves(&mut out, control);
    }
    promises(&mut out, report);
    figures(&mut out, report);
    kinds(&mut out, &report.run);
    method(&mut out, &report.run);
    out.push_str("</main></html>\n");
    out
}

/// The four figures that one remembers.
fn tiles(out: &mut String, report: &Report) {
    let run = &report.run;
    let v = run.verdict;
    let latency = run.survivors.during;
    let own = if run.tiles.is_empty() { of_recovery(run) } else { run.tiles.clone() };
    let shared = [
        [
            "survivors see messages (p99)".to_owned(),
            format!("{:.1} ms", latency.p99_ms),
            format!("{:.1} ms before", run.survivors.before.p99_ms),
        ],
        [
            "lost · duplicated · reordered".to_owned(),
            format!("{} · {} · {}", v.lost, v.duplicated, v.reordered),
            format!("of {} events and posts checked", v.events + v.posts),
        ],
    ];
    out.push_str("<section class=\"tiles\">");
    for [what, value, note] in own.iter().chain(&shared) {
        let _ =
            write!(out, "<div><p>{what}</p><strong>{value}</strong><small>{note}</small></div>");
    }
    out.push_str("</section>");
}

fn of_recovery(run: &Run) -> Vec<[String; 3]> {
    let back = run.recovery_s.map_or("never".to_owned(), |s| format!("{s:.2} s"));
    let of = run.ratio(run.recovery_s).map_or(String::new(), |ratio| {
        format!("{ratio:.2} × the least possible {:.2} s", run.t_star_s)
    });
    let (knocks, clients) =
        run.kinds.iter().fold((0, 0), |(k, b), row| (k + row.knocks, b + row.back));
    let knocks = format!("{:.2}", knocks as f64 / clients.max(1) as f64);
    vec![
        ["everybody back after".to_owned(), back, of],
        ["attempts for each who came back".to_owned(), knocks, "one is the least".to_owned()],
    ]
}

fn span(run: &Run) -> (f64, f64) {
    let last = run.points.last().map_or(1.0, |point| point.at_s);
    let busy = run.recovery_s.unwrap_or(last).max(1.0);
    (-BEFORE_S, last.min(busy + 4.0).max(3.0))
}

fn pick(run: &Run, of: impl Fn(&Point) -> Option<f64>) -> Vec<(f64, f64)> {
    run.points.iter().filter_map(|p| of(p).map(|value| (p.at_s, value))).collect()
}

/// The kernel counts a process's time in hundredths of a second: three rows together say more.
fn smooth(points: &[Point]) -> Vec<(f64, f64)> {
    let mean = |three: &[Point]| three.iter().map(|p| p.server_cpu).sum::<f64>() / 3.0;
    points.windows(3).map(|three| (three[1].at_s, mean(three))).collect()
}

fn line(name: &str, class: &'static str, points: Vec<(f64, f64)>) -> Line {
    Line { name: name.to_owned(), class, area: false, points }
}

/// Both runs in one picture.
fn beside(out: &mut String, run: &Run, control: &Run) {
    let x = (-BEFORE_S, span(run).1.max(span(control).1));
    let connected = |run| pick(run, |p: &Point| Some(p.connected as f64));
    let late = |run| pick(run, |p: &Point| p.p99_ms);
    let chart = |title: &str, unit, log, bound, lines| Chart {
        title: title.to_owned(),
        unit,
        lines,
        x,
        log,
        bound,
        marks: &[],
    };
    let both =
        |ours, theirs| vec![line("control", "control", theirs), line("this server", "ours", ours)];
    let charts = [
        chart("Connected clients", "", false, None, both(connected(run), connected(control))),
        chart(
            "Survivors' messages, p99 (at most 100 ms is promised)",
            " ms",
            true,
            Some(100.0),
            both(late(run), late(control)),
        ),
    ];
    out.push_str("<h2>Beside the control</h2><section class=\"charts\">");
    charts.iter().for_each(|chart| out.push_str(&chart.svg()));
    out.push_str("</section>");
}

fn curves(out: &mut String, run: &Run) {
    let x = span(run);
    let connected =
        Line { area: true, ..line("connected", "ours", pick(run, |p| Some(p.connected as f64))) };
    let rates = vec![
        line("attempts", "knocks", pick(run, |p| Some(p.knocks_per_s))),
        line("refused", "refused", pick(run, |p| Some(p.refusals_per_s))),
        line("let in", "ours", pick(run, |p| Some(p.admissions_per_s))),
    ];
    let late = vec![
        line("p99", "late", pick(run, |p| p.p99_ms)),
        line("half", "ours", pick(run, |p| p.p50_ms)),
    ];
    let cpu = Line { area: true, ..line("cores", "ours", smooth(&run.points)) };
    let chart = |title: &str, unit, log, bound, lines| Chart {
        title: title.to_owned(),
        unit,
        lines,
        x,
        log,
        bound,
        marks: &run.marks,
    };
    let charts = [
        chart("Connected clients", "", false, None, vec![connected]),
        chart("Attempts and admissions", "/s", false, None, rates),
        chart("Survivors' messages, from sending to seeing", " ms", true, Some(100.0), late),
        chart("Processor time of the server", "", false, None, vec![cpu]),
    ];
    out.push_str("<section class=\"charts\">");
    charts.iter().for_each(|chart| out.push_str(&chart.svg()));
    out.push_str("</section><ol class=\"marks\">");
    for (at_s, words) in run.marks.iter().filter(|(at, _)| *at >= x.0) {
        let _ = write!(out, "<li><span>{at_s:.1} s</span> {}</li>", text(words));
    }
    out.push_str("</ol>");
}

fn promises(out: &mut String, report: &Report) {
    out.push_str("<h2>What was promised</h2><table class=\"promises\">");
    for p in &report.promises {
        let (class, word) = if p.held { ("held", "held") } else { ("broke", "broke") };
        let _ = write!(
            out,
            "<tr><td class=\"{class}\">{word}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(&p.words),
            text(&p.measured),
            text(&p.bound)
        );
    }
    out.push_str("</table>");
}

fn figures(out: &mut String, report: &Report) {
    out.push_str("<h2>Figures</h2><table><tr><th></th><th>this server</th>");
    let control = report.control.as_ref().map(rows);
    out.push_str(if control.is_some() { "<th>control</th></tr>" } else { "</tr>" });
    for (n, (what, value)) in rows(&report.run).into_iter().enumerate() {
        let _ = write!(out, "<tr><td>{}</td><td>{}</td>", text(what), text(&value));
        if let Some((_, value)) = control.as_ref().and_then(|rows| rows.get(n)) {
            let _ = write!(out, "<td>{}</td>", text(value));
        }
        out.push_str("</tr>");
    }
    for (what, value) in &report.run.figures {
        let _ = write!(out, "<tr><td>{}</td><td>{}</td></tr>", text(what), text(value));
    }
    for (code, count) in &report.run.refusals {
        let _ = write!(out, "<tr><td>refused: {}</td><td>{count}</td></tr>", text(code));
    }
    out.push_str("</table>");
}

fn kinds(out: &mut String, run: &Run) {
    out.push_str(
        "<h2>Who came back how</h2><table><tr><th>kind</th><th>clients</th><th>back</th>\
         <th>half in</th><th>last in</th><th>waited at most</th><th>attempts each</th><th>at most</th></tr>",
    );
    for row in &run.kinds {
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.2} s</td><td>{:.2} s</td>\
             <td>{:.2} s</td><td>{:.2}</td><td>{}</td></tr>",
            text(&row.species),
            row.clients,
            row.back,
            row.half_s,
            row.last_s,
            row.wait_max_s,
            row.knocks_each,
            row.knocks_max
        );
    }
    out.push_str("</table>");
}

fn method(out: &mut String, run: &Run) {
    out.push_str(
        "<h2>How T* was measured</h2><p>T* = N ÷ mu: the clients to bring back, divided by the most \
         of them that this machine can let in per second. mu was measured just before in the \
         same run, on the same server, by the same clients, with the same chat going on: each broke its connection \
         off and came back at once, in a closed loop with a bounded number in flight. Nobody waited by \
         choice, was refused or kept a timer, and the machine had little left to give, as the last columns show; \
         the best round counts, or the outage itself where that was faster.</p><table><tr><th>in flight</th><th>took</th><th>per second</th>\
         <th>server, each</th><th>machine idle</th><th>other programs</th></tr>",
    );
    for round in &run.mu.rounds {
        let each = round.cpu_us_each.map_or("–".to_owned(), |us| format!("{us:.0} µs"));
        let others = round.others_percent.map_or("–".to_owned(), |share| format!("{share:.0} %"));
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{:.2} s</td><td>{:.0}</td><td>{each}</td><td>{:.0} %</td><td>{others}</td></tr>",
            round.in_flight, round.seconds, round.per_s, round.idle_percent
        );
    }
    out.push_str("</table>");
}

/// What this machine is.
pub(super) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cores} × {model}, Linux {}", kernel.trim())
}

/// The day and the time, UTC.
pub(super) fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute) = (seconds / 3_600 % 24, seconds / 60 % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

/// The Gregorian date of a day since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
fn date(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(19_782), (2024, 2, 29));
        assert_eq!(date(20_778), (2026, 11, 21));
    }
}
