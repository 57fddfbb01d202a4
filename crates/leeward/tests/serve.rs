//! The program as an operator meets it: what it says when it starts, that it serves whether or not its
//! log is read, and that commands work with a server running and without one.

mod program;

use program::{Server, complaint, get, said};
use serde_json::Value;
use std::process::Stdio;

#[test]
fn a_fresh_server_says_in_ten_lines_where_it_is_and_how_to_set_it_up() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = std::fs::File::create(dir.path().join("log")).expect("a file");
    let server = Server::start(dir.path(), &[], log.into());
    server.ready();
    let link = server.greeting.last().expect("lines");
    assert!(link.contains(&format!("http://{}/setup#", server.public)), "{link}");
    let page = get(server.public, "/");
    assert!(page.contains("200 OK") && page.contains("<!doctype html"), "{page}");
    let greeting = server.greeting.len();
    assert!(server.terminate().success(), "SIGTERM ends it in good order");
    let log = std::fs::read_to_string(dir.path().join("log")).expect("text");
    let lines = log.lines().filter(|l| !l.contains("stop")).count() + greeting;
    assert!(lines <= 10, "{lines} lines:\n{log}");
    let secrets = dir.path().join("leeward-data/leeward.db");
    let mode =
        std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(secrets).expect("it is there"));
    assert_eq!(mode & 0o077, 0, "nobody else may read the database");
    assert!(!dir.path().join("leeward-data/operator.json").exists(), "the door is closed");
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let trace = ["--set", "log.filter=trace"];
    // The pipe is held open and never read: it is full after 64 KiB.
    let mut server = Server::start(dir.path(), &trace, Stdio::piped());
    let unread = server.child.stderr.take().expect("a pipe");
    server.ready();
    for _ in 0..2_000 {
        assert!(get(server.public, "/readyz").contains("200 OK"));
    }
    drop(unread);
}

#[test]
fn commands_work_with_a_server_and_without_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    assert!(complaint(dir, &["account", "list"]).contains("there is no data directory"));
    std::fs::create_dir(dir.join("leeward-data")).expect("made");
    assert!(complaint(dir, &["account", "add", "member"]).contains("no owner yet"));

    let made = said(dir, &["account", "add", "owner", "--role", "owner"]);
    assert!(made.starts_with("owner: the password is "), "{made}");
    std::fs::write(dir.join("has-an-owner"), "").expect("written");
    assert!(
        complaint(dir, &["account", "add", "owner"]).contains("there is an account named owner")
    );

    let server = Server::start(dir, &[], Stdio::null());
    server.ready();
    assert!(server.greeting.iter().all(|l| !l.contains("/setup#")), "an owner needs no link");
    said(dir, &["account", "add", "member"]);
    std::fs::write(
        dir.join("people.jsonl"),
        "{\"name\":\"guest\",\"role\":\"guest\"}\n{\"name\":\"member\"}\n",
    )
    .expect("written");
    let imported = said(dir, &["account", "import", "people.jsonl"]);
    assert_eq!(imported, "1 added, 1 existed and were left as they are\n");
    let token = said(dir, &["account", "token", "bot", "--json"]);
    let token: Value = serde_json::from_str(&token).expect("JSON");
    assert!(token["token"].as_str().expect("a token").len() > 40);
    let status: Value = serde_json::from_str(&said(dir, &["status", "--json"])).expect("JSON");
    assert_eq!(status["accounts"], 4);
    let again = ["serve", "--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0"];
    let again = [&again[..], &["--set", "log.filter=error"]].concat();
    assert!(complaint(dir, &again).contains("another server is using the data directory"));
    said(dir, &["backup", "while-serving"]);
    assert!(server.terminate().success());

    let listed = said(dir, &["account", "list"]);
    assert_eq!(listed.lines().count(), 4, "{listed}");
    let verified = said(dir, &["restore", "while-serving", "--verify"]);
    assert!(verified.contains("can be restored: 4 accounts, 1 rooms"), "{verified}");
    assert!(complaint(dir, &["restore", "while-serving"]).contains("leeward-data"));
    said(dir, &["restore", "while-serving", "--data-dir", "restored"]);
    assert_eq!(said(dir, &["account", "list", "--data-dir", "restored"]), listed);
    said(dir, &["export", "out"]);
    let lines = std::fs::read_to_string(dir.join("out/workspace.jsonl")).expect("an export");
    assert!(lines.lines().all(|l| serde_json::from_str::<Value>(l).is_ok()), "{lines}");
}

#[test]
fn a_bad_line_adds_nobody_and_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    std::fs::create_dir(dir.join("leeward-data")).expect("made");
    for (text, words) in [
        ("{\"name\":\"member\"}\n{\"nam\":\"guest\"}\n", "people.jsonl:2: unknown field `nam`"),
        ("{\"name\":\"Not A Name\"}\n", "people.jsonl:1: "),
        ("{\"name\":\"member\",\"password\":\"short\"}\n", "people.jsonl:1: a password is"),
        ("{\"name\":\"member\"}\n\n{\"name\":\"member\"}\n", "people.jsonl:3: the name member"),
    ] {
        std::fs::write(dir.join("people.jsonl"), text).expect("written");
        let complaint = complaint(dir, &["account", "import", "people.jsonl"]);
        assert!(complaint.contains(words), "{complaint}");
    }
    assert_eq!(said(dir, &["account", "list"]), "");
}

#[test]
fn a_damaged_backup_is_refused_and_touches_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    std::fs::create_dir(dir.join("leeward-data")).expect("made");
    said(dir, &["account", "add", "owner", "--role", "owner"]);
    said(dir, &["backup", "good"]);
    let database = dir.join("good/leeward.db");
    let mut bytes = std::fs::read(&database).expect("a database");
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xff);
    std::fs::write(&database, bytes).expect("damaged");
    complaint(dir, &["restore", "good", "--verify"]);
    complaint(dir, &["restore", "good", "--data-dir", "restored"]);
    assert!(!dir.join("restored").exists(), "nothing half restored is left");
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_before_anything_is_made() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    std::fs::write(dir.join("leeward.toml"), "\nlisen = \"127.0.0.1:1\"\n").expect("written");
    let words = "leeward.toml:2: unknown key `lisen`; did you mean `listen`?";
    assert!(complaint(dir, &["serve"]).contains(words));
    assert!(!dir.join("leeward-data").exists());
}
