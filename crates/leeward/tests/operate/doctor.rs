//! `leeward doctor` on machines that are really broken, by a shell that takes something away.

use crate::program::{PORTS, Server, done, get, leeward, said};
use crate::{operator, order, serving, told};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The program after a shell has done something to its limits.
fn after(shell: &str, dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]);
    command.arg(env!("CARGO_BIN_EXE_leeward")).args(arguments);
    command.current_dir(dir).env_clear();
    command
}

/// What it finds, and its exit status.
fn found(command: &mut Command) -> (Value, i32) {
    let out = command.output().expect("the program starts");
    let words = String::from_utf8_lossy(&out.stderr);
    let report = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {words}"));
    (report, out.status.code().expect("it ends by itself"))
}

/// What one check says, at its worst.
fn finding<'a>(report: &'a Value, check: &str) -> Option<&'a Value> {
    report["findings"].as_array().expect("a list").iter().find(|f| f["check"] == check)
}

fn severity<'a>(report: &'a Value, check: &str) -> &'a str {
    finding(report, check).and_then(|f| f["severity"].as_str()).unwrap_or("none")
}

fn lines(report: &Value, check: &str) -> String {
    finding(report, check).map_or_else(String::new, |f| f["change"].to_string())
}

/// Few enough connections for any machine.
const SMALL: [&str; 4] =
    ["--set", "limits.connections_max=100", "--set", "storm.parked_bytes_max=1048576"];

fn doctor(dir: &Path, more: &[&str]) -> (Value, i32) {
    told(dir, &[&["doctor", "--json"], &SMALL[..], more].concat())
}

#[test]
fn a_machine_on_which_all_is_well_gives_status_0() {
    let dir = tempfile::tempdir().expect("a directory");
    let (report, status) = doctor(dir.path(), &[]);
    for check in ["open files", "kernel backlog", "memory", "disk space", "clock", "limits"] {
        assert!(["fine", "notice"].contains(&severity(&report, check)), "{check}: {report:#}");
    }
    assert_eq!((report["serving"].as_bool(), status), (Some(false), 0), "{report:#}");
    assert!(!dir.path().join("leeward-data").exists(), "looking makes nothing");
    let text = said(dir.path(), &[&["doctor"], &SMALL[..]].concat());
    assert!(text.starts_with("a server started here: all is well\n"), "{text}");
    assert!(text.contains("\nfine  memory: the server can have "), "{text}");
}

#[test]
fn too_few_open_files_are_told_by_the_command_and_by_the_server_that_has_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let files = ["doctor", "--json", "--set", "limits.connections_max=400"];
    assert_eq!(found(&mut leeward(dir, &files)).1, 0, "the control: with enough files");
    let (report, status) = found(&mut after("ulimit -n 500", dir, &files));
    assert_eq!((severity(&report, "open files"), status), ("warning", 3), "{report:#}");
    assert!(lines(&report, "open files").contains("limits.connections_max = 300"), "{report:#}");
    let (report, status) = found(&mut after("ulimit -n 210", dir, &files));
    assert_eq!((severity(&report, "open files"), status), ("critical", 4), "{report:#}");

    // Whoever asks has files enough; the server has not, and it is the server that answers.
    let serve = [&PORTS[..], &["--set", "limits.connections_max=400"]].concat();
    let server = Server::of(dir, after("ulimit -n 500", dir, &serve).stderr(Stdio::null()));
    server.ready();
    let summary = server.greeting.iter().find(|line| line.contains("  doctor ")).expect("a line");
    assert!(summary.contains("warning") && summary.contains("open files"), "{summary}");
    let (report, status) = found(&mut leeward(dir, &files));
    assert_eq!((severity(&report, "open files"), status), ("warning", 3), "{report:#}");
    assert_eq!(report["serving"], true);

    let operator = operator(dir);
    let answer = get(operator, "/api/doctor");
    assert!(answer.contains("200 OK") && answer.contains("LimitNOFILE="), "{answer}");
    let metrics = get(operator, "/metrics");
    assert!(metrics.contains("leeward_doctor_findings{severity=\"warning\"} "), "{metrics}");
    assert!(!metrics.contains("leeward_doctor_findings{severity=\"warning\"} 0\n"), "{metrics}");
    assert!(!get(server.public, "/api/doctor").contains("LimitNOFILE="), "not for the public");
}

#[test]
fn more_than_the_machine_has_is_told_before_it_is_needed() {
    let dir = tempfile::tempdir().expect("a directory");
    let huge = ["--set", "storm.parked_bytes_max=1099511627776"];
    let (report, status) = doctor(dir.path(), &huge);
    assert_eq!((severity(&report, "memory"), status), ("critical", 4), "{report:#}");
    let many =
        ["--set", "limits.connections_max=1000000", "--set", "limits.queue_bytes_max=1073741824"];
    let (report, status) = doctor(dir.path(), &many);
    assert_eq!((severity(&report, "limits"), status), ("critical", 4), "{report:#}");
    assert!(lines(&report, "limits").contains("limits.queue_bytes_max = "), "{report:#}");
}

#[test]
fn a_disk_that_takes_nothing_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    std::fs::create_dir(dir.join("leeward-data")).expect("made");
    let arguments = [&["doctor", "--json"], &SMALL[..]].concat();
    let (report, _) = found(&mut leeward(dir, &arguments));
    assert_eq!(severity(&report, "disk space"), "fine", "the control: {report:#}");
    assert!(finding(&report, "disk latency").is_some(), "{report:#}");
    // As on a full disk, every byte that is written fails.
    let full = "trap '' XFSZ; ulimit -f 0";
    let (report, status) = found(&mut after(full, dir, &arguments));
    assert_eq!((severity(&report, "disk space"), status), ("critical", 4), "{report:#}");
    let left = std::fs::read_dir(dir.join("leeward-data")).expect("it is there").count();
    assert_eq!(left, 0, "a probe that fails leaves nothing either");
}

/// A certificate for these names, good from and to these years, in that directory.
fn certificate(dir: &Path, names: &[&str], from: i32, until: i32) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut wanted = rcgen::CertificateParams::new(names).expect("good names");
    wanted.not_before = rcgen::date_time_ymd(from, 1, 1);
    wanted.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().expect("a key");
    let made = wanted.self_signed(&key).expect("a certificate");
    std::fs::write(dir.join("cert.pem"), made.pem()).expect("written");
    std::fs::write(dir.join("key.pem"), key.serialize_pem()).expect("written");
}

#[test]
fn a_certificate_that_browsers_refuse_is_told_with_the_reason() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let tls = [
        "--set",
        "tls.cert_file=cert.pem",
        "--set",
        "tls.key_file=key.pem",
        "--set",
        "public_url=https://chat.example.org",
    ];
    let judged = |words: &str| {
        let (report, status) = doctor(dir, &tls);
        let said = finding(&report, "certificate").map(Value::to_string).unwrap_or_default();
        assert!(said.contains(words), "`{words}`: {report:#}");
        (severity(&report, "certificate").to_owned(), status)
    };
    let name = "chat.example.org";
    certificate(dir, &[name], 2020, 2999);
    assert_eq!(judged("signed by its own key"), ("warning".to_owned(), 3), "else it is good");
    certificate(dir, &[name], 2019, 2020);
    assert_eq!(judged("it ran out "), ("critical".to_owned(), 4));
    certificate(dir, &[name], 2990, 2999);
    assert_eq!(judged("it counts only in "), ("critical".to_owned(), 4));
    certificate(dir, &["other.example.org"], 2020, 2999);
    assert_eq!(judged("it does not name chat.example.org"), ("critical".to_owned(), 4));
    let key = std::fs::read(dir.join("key.pem")).expect("a key");
    certificate(dir, &[name], 2020, 2999);
    std::fs::write(dir.join("key.pem"), key).expect("another's key");
    assert_eq!(judged("the key does not belong to"), ("critical".to_owned(), 4));
    std::fs::remove_file(dir.join("key.pem")).expect("it was there");
    assert_eq!(judged("key.pem: "), ("critical".to_owned(), 4));
}

#[test]
fn a_log_that_nobody_reads_is_told_by_the_server() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    // Held open and never read.
    let mut server = Server::start(dir, &SMALL, Stdio::piped());
    let unread = server.child.stderr.take().expect("a pipe");
    server.ready();
    assert_eq!(severity(&doctor(dir, &[]).0, "log"), "fine", "the control: a pipe with room");
    let deadline = Instant::now() + crate::program::PATIENCE;
    while severity(&doctor(dir, &[]).0, "log") != "warning" {
        assert!(Instant::now() < deadline, "nobody misses the log");
        // Each order is a line of the log.
        for _ in 0..50 {
            let answer = order(dir, r#"{"command":"gate","gate":{"state":"open"}}"#);
            assert!(answer.contains(" 200 "), "{answer}");
        }
    }
    drop(unread);
}

#[test]
fn what_opens_the_server_to_others_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = ["--set", "operator_listen=0.0.0.0:8081", "--set", "listen=0.0.0.0:8080"];
    let (report, status) = doctor(dir.path(), &open);
    assert_eq!((severity(&report, "operator listener"), status), ("warning", 3), "{report:#}");
    let line = "operator_listen = \\\"127.0.0.1:8081\\\"";
    assert!(lines(&report, "operator listener").contains(line), "{report:#}");
    assert_eq!(severity(&report, "limits"), "warning", "no TLS: {report:#}");
    let drills = ["--set", "drills.allowed=true", "--set", "storm.control=false"];
    let (report, status) = doctor(dir.path(), &drills);
    assert_eq!((severity(&report, "drills"), status), ("critical", 4), "{report:#}");
}

#[test]
fn every_key_that_it_names_is_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let bad = [
        "--set",
        "limits.connections_max=1000000",
        "--set",
        "limits.queue_bytes_max=1073741824",
        "--set",
        "limits.room_bytes_max=1073741824",
        "--set",
        "storm.parked_bytes_max=1099511627776",
        "--set",
        "operator_listen=0.0.0.0:1",
        "--set",
        "listen=0.0.0.0:1",
        "--set",
        "behind_proxy=true",
        "--set",
        "lease.hidden_lease_ms=119000",
        "--set",
        "lease.hidden_ping_ms=59000",
        "--set",
        "lease.lease_ms=61000",
        "--set",
        "drills.allowed=true",
        "--set",
        "storm.control=false",
        "--set",
        "allow_load=true",
        "--set",
        "limits.file_bytes_max=1099511627776",
    ];
    let (report, status) = doctor(dir, &bad);
    assert_eq!(status, 4);
    let keys = said(dir, &["config", "--json"]);
    let keys: Value = serde_json::from_str(&keys).expect("JSON");
    let mut named = 0;
    for finding in report["findings"].as_array().expect("a list") {
        let changes = finding["change"].as_array().into_iter().flatten();
        for change in changes.filter(|c| c["in"].as_str().is_some_and(|p| p.contains(".toml"))) {
            let line = change["line"].as_str().expect("a line");
            let key = line.split(" = ").next().expect("a key");
            assert!(keys.get(key).is_some(), "there is no key `{key}`: {finding:#}");
            named += 1;
        }
    }
    assert!(named > 10, "{report:#}");
}

#[test]
fn a_server_answers_for_itself_and_not_for_whoever_asks() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (server, _) = serving(dir, &SMALL);
    // The question is asked with another configuration; the answer is about the server's.
    let (report, status) = told(dir, &["doctor", "--json", "--set", "allow_load=true"]);
    assert_eq!((severity(&report, "drills"), status), ("none", 0), "{report:#}");
    assert!(server.terminate().success());
    let (report, status) = told(dir, &["doctor", "--json", "--set", "allow_load=true"]);
    assert_eq!(severity(&report, "drills"), "warning", "{report:#}");
    assert!(status >= 3);
    let nonsense = done(dir, &["doctor", "--please"]);
    assert_eq!(nonsense.status.code(), Some(2));
}
