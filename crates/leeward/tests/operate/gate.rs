//! `leeward gate`, `drain` and `rate`: good orders are obeyed and seen, nonsense is answered with what
//! would be right and changes nothing.

use crate::program::{Server, complaint, done, said};
use crate::{door, order, post, serving, told};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;

/// What it says when it does not understand; the exit status is that of a bad command line.
fn puzzled(dir: &Path, arguments: &[&str]) -> String {
    let out = done(dir, arguments);
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{arguments:?}: {text}");
    text
}

/// The gates as the status shows them, by class.
fn gates(dir: &Path) -> Vec<(String, Value)> {
    let (classes, status) = told(dir, &["gate", "status", "--json"]);
    assert_eq!(status, 0);
    let classes = classes.as_array().expect("a list").clone();
    classes
        .into_iter()
        .map(|class| (class["class"].as_str().expect("a name").to_owned(), class["gate"].clone()))
        .collect()
}

fn gate_of(dir: &Path, class: &str) -> Value {
    let gates = gates(dir);
    gates.into_iter().find(|(name, _)| name == class).expect("there is such a class").1
}

#[test]
fn a_gate_is_closed_paced_and_opened_and_its_state_is_shown() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (_server, _) = serving(dir, &[]);
    let open = json!({"state": "open"});
    assert!(gates(dir).iter().all(|(_, gate)| *gate == open));

    let words = "Back at nine.";
    let close = ["gate", "close", "--class", "sign-in", "--message", words, "--after", "2m"];
    let told_so = said(dir, &close);
    assert!(
        told_so.starts_with("sign-in: closed, ask again after 2 min: Back at nine.\n"),
        "{told_so}"
    );
    let closed = json!({"state": "closed", "after_ms": 120_000, "message": words});
    eventually(|| gate_of(dir, "sign_in") == closed, "the closed gate is shown");
    assert_eq!(gate_of(dir, "resume_here"), open, "only that class");
    assert!(said(dir, &["gate", "status"]).contains("Back at nine."));

    let (ordered, _) = told(dir, &["gate", "pace", "50/s", "--json"]);
    assert_eq!(ordered["gates"].as_array().expect("a list").len(), 6, "all but the operator's");
    let paced = json!({"state": "paced", "per_s": 50, "message": ""});
    eventually(|| gate_of(dir, "guest") == paced, "the paced gate is shown");
    assert_eq!(gate_of(dir, "operator"), open);

    assert_eq!(said(dir, &["gate", "open"]), "all gates are open\n");
    eventually(|| gates(dir).iter().all(|(_, gate)| *gate == open), "the open gates are shown");
}

/// The status is looked at a few times a second: it follows an order within moments.
fn eventually(holds: impl Fn() -> bool, what: &str) {
    let deadline = std::time::Instant::now() + crate::program::PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "{what}");
    }
}

#[test]
fn nonsense_is_answered_with_what_would_be_right_and_changes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (_server, _) = serving(dir, &[]);
    for (arguments, words) in [
        (&["gate", "pace", "fast"][..], "like `50/s`"),
        (&["gate", "pace", "-5/s"], "--help"),
        (&["gate", "pace", "0/s"], "say `close`"),
        (&["gate", "pace"], "N/s"),
        (&["gate", "close", "--class", "signin"], "sign-in, guest"),
        (&["gate", "close", "--after", "soon"], "like `500ms`, `30s`, `2m` or `1h`"),
        (&["gate", "ajar"], "--help"),
        (&["drain", "--over", "later"], "`2m`"),
        (&["drain", "--end", "--wait"], "cannot be used with"),
        (&["rate", "slow"], "or `auto`"),
        (&["rate", "0/s"], "at least `1/s`"),
    ] {
        let text = puzzled(dir, arguments);
        assert!(text.contains(words), "{arguments:?}: `{words}`: {text}");
    }
    // Understood, and refused by the server.
    let long = "x".repeat(2_000);
    let refused = complaint(dir, &["gate", "close", "--message", &long]);
    assert!(refused.contains("message"), "{refused}");
    let refused = complaint(dir, &["gate", "close", "--after", "1000h"]);
    assert!(refused.contains("after_ms"), "{refused}");
    assert_eq!(said(dir, &["gate", "open", "--class", "guest"]), "all gates are open\n");
}

#[test]
fn a_rate_is_held_until_it_is_measured_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (_server, _) = serving(dir, &[]);
    assert_eq!(told(dir, &["rate", "200/s", "--json"]).0["per_s"], 200);
    assert!(said(dir, &["gate", "open"]).contains("rate: fixed at 200/s"), "it is not forgotten");
    assert_eq!(told(dir, &["rate", "auto", "--json"]).0["per_s"], Value::Null);
}

#[test]
fn a_drain_is_begun_waited_for_and_ended() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (server, _) = serving(dir, &[]);
    let begun = said(dir, &["drain", "--over", "1s"]);
    assert!(begun.contains("leeward drain --end"), "{begun}");
    let gone = said(dir, &["drain", "--over", "1s", "--wait"]);
    assert!(gone.starts_with("nobody is connected: 0 were sent away"), "{gone}");
    assert_eq!(told(dir, &["drain", "--over", "1s", "--wait", "--json"]).0["sent_away"], 0);
    assert_eq!(said(dir, &["drain", "--end"]), "all gates are open\n");
    server.ready();
    assert!(server.terminate().success());
}

#[test]
fn without_a_server_there_is_nobody_to_obey() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let orders: [&[&str]; 6] = [
        &["gate", "open"],
        &["gate", "close"],
        &["gate", "pace", "5/s"],
        &["drain"],
        &["drain", "--end"],
        &["rate", "auto"],
    ];
    for order in orders {
        let said = complaint(dir, order);
        assert!(said.contains("no server serves leeward-data"), "{order:?}: {said}");
    }
    let nobody = ["gate", "status", "--set", "operator_listen=127.0.0.1:1"];
    assert!(complaint(dir, &nobody).contains("no server answers at 127.0.0.1:1"));
}

#[test]
fn nobody_else_gives_orders() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (server, operator) = serving(dir, &[]);
    let close = r#"{"command":"gate","gate":{"state":"closed"}}"#;
    let (_, secret) = door(dir);
    let secret = secret.as_str();
    for (address, secret) in [
        (operator, None),
        (operator, Some("guessed")),
        (server.public, None),
        (server.public, Some(secret)),
    ] {
        let answer = post(address, secret, close);
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    for nonsense in [
        "",
        "{",
        "{}",
        "[]",
        r#"{"command":"explode"}"#,
        r#"{"command":"gate","gate":{"state":"ajar"}}"#,
    ] {
        let answer = post(operator, Some(secret), nonsense);
        assert!(answer.contains(" 400 "), "{nonsense}: {answer}");
    }
    let fault = r#"{"command":"fault","fault":{"kind":"freeze_cursor"}}"#;
    assert!(post(operator, Some(secret), fault).contains(" 403 "), "drills are not allowed");
    assert_eq!(said(dir, &["gate", "open", "--class", "guest"]), "all gates are open\n");
    assert!(post(operator, Some(secret), close).contains(" 200 "), "the control: the secret opens");
}

#[test]
fn control_is_switched_off_for_drills_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let off = ["serve", "--storm-control", "off"];
    assert!(
        complaint(dir, &off).contains("`storm.control` can only be false where `drills.allowed`")
    );
    let unguarded = ["serve", "--set", "storm.guard=false"];
    assert!(complaint(dir, &unguarded).contains("`storm.guard` can only be false"));
    assert!(
        puzzled(dir, &["serve", "--storm-control", "maybe"]).contains("possible values: on, off")
    );
    assert!(!dir.join("leeward-data").exists(), "nothing is made");
    let server = Server::start(dir, &["--allow-drills", "--storm-control", "off"], Stdio::null());
    server.ready();
    let answer = order(dir, r#"{"command":"fault","fault":{"kind":"negative_count"}}"#);
    assert!(answer.contains(" 200 "), "drills are allowed: {answer}");
    let config =
        said(dir, &["config", "--set", "drills.allowed=true", "--set", "storm.control=false"]);
    let line = config.lines().find(|l| l.starts_with("storm.control ")).expect("a line");
    assert!(line.contains("\"false\"") && line.ends_with("# flag --set"), "{line}");
}
