//! Curves over time as inline SVG, in the colours of the page around them. Never knows what they mean.

use std::fmt::Write as _;

/// The size of a chart in its own units.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 210.0;
/// What the axes take.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 24.0;
/// The least that a logarithmic axis shows.
const LOG_MIN: f64 = 1.0;
/// Points further apart than this, in seconds, are not joined.
const GAP_S: f64 = 1.5;

/// One curve.
pub(super) struct Line {
    /// What it is, in the legend.
    pub(super) name: String,
    /// The class that colours it.
    pub(super) class: &'static str,
    /// Filled down to the axis.
    pub(super) area: bool,
    pub(super) points: Vec<(f64, f64)>,
}

/// One chart.
pub(super) struct Chart<'a> {
    pub(super) title: String,
    pub(super) unit: &'static str,
    pub(super) lines: Vec<Line>,
    /// From and to, in seconds.
    pub(super) x: (f64, f64),
    /// Powers of ten.
    pub(super) log: bool,
    /// A bound, drawn across.
    pub(super) bound: Option<f64>,
    /// When what happened.
    pub(super) marks: &'a [(f64, String)],
}

impl Chart<'_> {
    /// The figure, with its legend.
    pub(super) fn svg(&self) -> String {
        let mut out = format!("<figure class=\"chart\"><figcaption>{}", text(&self.title));
        for line in &self.lines {
            let _ = write!(out, "<span class=\"key {}\">{}</span>", line.class, text(&line.name));
        }
        let _ = write!(
            out,
            "</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            text(&self.title)
        );
        let top = self.top();
        self.axes(&mut out, top);
        for (at_s, words) in self.marks.iter().filter(|(at, _)| self.holds(*at)) {
            let x = self.x_at(*at_s);
            let _ = write!(
                out,
                "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{:.1}\">\
                 <title>{:.1} s: {}</title></line>",
                HEIGHT - BOTTOM,
                at_s,
                text(words)
            );
        }
        if let Some(bound) = self.bound {
            let y = self.y_at(bound, top);
            let _ = write!(
                out,
                "<line class=\"bound\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
                WIDTH - RIGHT
            );
        }
        for line in &self.lines {
            self.curve(&mut out, line, top);
        }
        out.push_str("</svg></figure>");
        out
    }

    fn holds(&self, at_s: f64) -> bool {
        (self.x.0..=self.x.1).contains(&at_s)
    }

    fn top(&self) -> f64 {
        let values = self.lines.iter().flat_map(|line| &line.points);
        let seen = values.filter(|(at, _)| self.holds(*at)).map(|(_, value)| *value);
        let most = seen.chain(self.bound).fold(0.0, f64::max);
        if self.log {
            10f64.powf(most.max(LOG_MIN * 10.0).log10().ceil())
        } else {
            let step = step(most.max(1e-9) / 4.0);
            (most / step).ceil().max(1.0) * step
        }
    }

    fn axes(&self, out: &mut String, top: f64) {
        let values: Vec<f64> = if self.log {
            std::iter::successors(Some(LOG_MIN), |v| Some(v * 10.0))
                .take_while(|v| *v <= top * 1.01)
                .collect()
        } else {
            let step = step(top / 4.0);
            (0..=8).map(|n| f64::from(n) * step).take_while(|v| *v <= top * 1.001).collect()
        };
        for (n, value) in values.iter().enumerate() {
            let y = self.y_at(*value, top);
            let unit = if n + 1 == values.len() { self.unit } else { "" };
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"y\" x=\"{:.1}\" y=\"{:.1}\">{}{unit}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 3.5,
                number(*value)
            );
        }
        let span = self.x.1 - self.x.0;
        let step = step(span / 6.0);
        let first = (self.x.0 / step).ceil() as i64;
        for n in (first..).take(10) {
            let at_s = n as f64 * step;
            if at_s > self.x.1 {
                break;
            }
            let _ = write!(
                out,
                "<text class=\"x\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                self.x_at(at_s),
                HEIGHT - 7.0,
                if n == 0 { "outage".to_owned() } else { format!("{} s", number(at_s)) }
            );
        }
    }

    fn curve(&self, out: &mut String, line: &Line, top: f64) {
        let mut path = String::new();
        let mut last: Option<f64> = None;
        let base = HEIGHT - BOTTOM;
        let mut closing = String::new();
        for (at_s, value) in line.points.iter().filter(|(at, _)| self.holds(*at)) {
            let (x, y) = (self.x_at(*at_s), self.y_at(*value, top));
            let joined = last.is_some_and(|last| at_s - last < GAP_S);
            if !joined {
                path.push_str(&closing);
                let _ = write!(path, "M{x:.1} {}", if line.area { base } else { y });
            }
            let _ = write!(path, "L{x:.1} {y:.1}");
            closing = if line.area { format!("L{x:.1} {base}Z") } else { String::new() };
            last = Some(*at_s);
        }
        path.push_str(&closing);
        let kind = if line.area { "area" } else { "line" };
        let _ = write!(out, "<path class=\"{kind} {}\" d=\"{path}\"/>", line.class);
    }

    fn x_at(&self, at_s: f64) -> f64 {
        let share = (at_s - self.x.0) / (self.x.1 - self.x.0).max(1e-9);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y_at(&self, value: f64, top: f64) -> f64 {
        let share = if self.log {
            (value.max(LOG_MIN) / LOG_MIN).log10() / (top / LOG_MIN).log10().max(1e-9)
        } else {
            value / top.max(1e-9)
        };
        HEIGHT - BOTTOM - share.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }
}

/// 1, 2 or 5 times a power of ten: the next one up.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1e-12).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    steps.into_iter().find(|step| *step >= least * 0.999).unwrap_or(power * 10.0)
}

fn number(value: f64) -> String {
    if value.abs() >= 10_000.0 {
        format!("{}k", value / 1_000.0)
    } else {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Text as HTML takes it.
pub(super) fn text(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (least, expected) in
            [(0.7, 1.0), (1.0, 1.0), (1.1, 2.0), (34.0, 50.0), (600.0, 1_000.0)]
        {
            assert!((step(least) - expected).abs() < 1e-9, "{least}: {}", step(least));
        }
        assert_eq!([number(0.5), number(100.0), number(15_000.0)], ["0.5", "100", "15k"]);
    }

    #[test]
    fn what_is_in_a_name_is_no_markup() {
        let line =
            Line { name: "<b>".to_owned(), class: "ours", area: true, points: vec![(0.0, 1.0)] };
        let chart = Chart {
            title: "a \"title\"".to_owned(),
            unit: "",
            lines: vec![line],
            x: (-1.0, 1.0),
            log: false,
            bound: None,
            marks: &[(0.0, "<script>".to_owned())],
        };
        let svg = chart.svg();
        assert!(svg.contains("&lt;b&gt;") && !svg.contains("<script>") && !svg.contains("NaN"));
    }
}
