//! What a terminal of 80 by 24 shows.

use super::*;
use crate::document::{Entry, Found, Shed};

fn storm() -> Document {
    let text = r#"{"now":1900000000000,"up_ms":7200000,"version":"0.1.0","state":"storm",
        "sentence":"Storm, 00:41. 6,310 of 9,800 back, letting in 220/s, about 16 s to go, nothing lost.",
        "connections":{"live":6310,"admitting":12,"waiting":3100,"gone":378,"max":50000},
        "rate":{"limit_per_s":250,"limited_by":"cpu","arrivals_per_s":900,"admissions_per_s":220},
        "slots":{"promised_per_s":30,"kept_per_s":28,"late":3},
        "users":{"send_to_seen_ms":{"p50":4.2,"p95":18.0},"in_sync_ms":{"p50":null,"p95":null}},
        "recover_ms":9500,"leases":{"expired":4},
        "guard":{"watchdog_ms_ago":120,"rebuilds":1,"fallbacks":0,"static":false}}"#;
    let mut document: Document = serde_json::from_str(text).expect("it is read");
    let names =
        ["operator", "resume_here", "resume_elsewhere", "sign_in", "guest", "stale", "stranger"];
    document.classes = names
        .map(|class| ClassNow { class: class.to_owned(), admitted: 7, ..ClassNow::default() })
        .into();
    document.classes[3].waiting = 3_100;
    document.classes[3].wait_ms = 14_000;
    document.classes[3].gate = GateNow::Paced { per_s: 50, message: String::new() };
    document.shed = vec![Shed { what: "typing".to_owned(), why: "cpu".to_owned() }];
    document.doctor.worst = Some("warning".to_owned());
    document.doctor.findings =
        vec![Found { check: "open files".to_owned(), severity: "warning".to_owned() }];
    let entry = |n: u64| Entry { at: n * 1_000, text: format!("Event {n}.") };
    document.journal = (0..40).map(entry).collect();
    document
}

fn drawn(document: &Document, size: Size) -> Vec<String> {
    let mut past = Past::default();
    past.note(document);
    draw(document, &past, "127.0.0.1:8081", size).into_iter().map(|line| line.text).collect()
}

#[test]
fn everything_that_matters_fits_on_a_terminal_of_80_by_24() {
    let lines = drawn(&storm(), Size::USUAL);
    let all = lines.join("\n");
    assert_eq!(lines.len(), 23, "one line is left for how to leave:\n{all}");
    for line in &lines {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for words in [
        "Leeward 0.1.0 at 127.0.0.1:8081, up 2 h",
        "17:46:40 UTC",
        "Storm, 00:41. 6,310 of 9,800 back",
        "to go, nothing",
        "6,310 of 50,000",
        "3,112, 378 gone",
        "220/s of 250/s (cpu)",
        "30/s",
        "28/s, 3 late",
        "4.2 ms · p95 18 ms",
        "50/s · 3,100 wait 14 s",
        "looked 120 ms ago · 1 rebuilt",
        "back in 9.5 s if all drop",
        "left out: typing (cpu) · doctor: open files · 4 leases ran out",
        "00:00:02  Event 2.",
    ] {
        assert!(all.contains(words), "`{words}` is missing:\n{all}");
    }
}

#[test]
fn a_larger_terminal_shows_more_of_the_journal_and_a_smaller_one_breaks_nothing() {
    let tall = drawn(&storm(), Size { columns: 120, lines: 40 });
    assert_eq!(tall.len(), 39);
    assert!(tall.iter().any(|line| line.contains("Event 15.")), "{tall:#?}");
    for columns in 0..90 {
        for lines in [0, 1, 2, 5, 23] {
            let small = drawn(&storm(), Size { columns, lines });
            assert!(small.len() <= lines, "{columns}x{lines}");
            assert!(small.iter().all(|line| line.chars().count() <= columns), "{columns}x{lines}");
        }
    }
}

#[test]
fn nothing_that_somebody_wrote_steers_the_terminal() {
    let mut document = storm();
    document.sentence = "Storm \u{1b}[2J\u{7}".to_owned();
    document.journal = vec![Entry { at: 0, text: "\u{1b}]0;title\u{7}\r\n".to_owned() }];
    for line in drawn(&document, Size::USUAL) {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[test]
fn a_line_of_blocks_is_as_high_as_its_values_and_shows_the_latest_at_the_right() {
    assert_eq!(sparkline(&[0.0, 1.0, 4.0, 8.0], 8.0, 6), "  ▁▂▅█");
    assert_eq!(sparkline(&[1.0, 2.0, 3.0], 3.0, 2), "▆█");
    assert_eq!(sparkline(&[0.0, 0.0], 0.0, 2), "▁▁");
    assert_eq!(sparkline(&[0.001], 1_000.0, 1), "▂", "more than nothing is seen to be");
}

#[test]
fn what_is_wrong_is_red_and_what_is_under_way_is_amber() {
    let styles = |document: &Document| {
        let lines = draw(document, &Past::default(), "", Size::USUAL);
        let health = lines.iter().find(|line| line.text.starts_with("health")).expect("a line");
        (lines[1].style, health.style)
    };
    assert_eq!(styles(&storm()), (Style::Amber, Style::Amber));
    let calm = Document { state: "calm".to_owned(), ..Document::default() };
    assert_eq!(styles(&calm), (Style::Strong, Style::Plain));
    let mut wrong = storm();
    wrong.state = "static".to_owned();
    wrong.doctor.worst = Some("critical".to_owned());
    assert_eq!(styles(&wrong), (Style::Red, Style::Red));
}
