//! How files look: their length, their head, their names, and which of them know JSON and SQL.

use crate::tree::files;

/// No file is longer.
const LINES_MAX: usize = 800;
/// Nine in ten are not longer.
const LINES_USUAL: usize = 500;
/// No view of the web client is longer.
const VIEW_LINES_MAX: usize = 300;
/// Words that say nothing about what is in a file.
const EMPTY_WORDS: [&str; 9] =
    ["manager", "helper", "helpers", "util", "utils", "common", "misc", "shared", "service"];
/// Where JSON is read and written: the wire, the HTTP API, stored columns, exports, the command line.
/// Everything else speaks in types.
const KNOW_JSON: [&str; 7] = [
    "crates/leeward-core/src/wire",
    "crates/leeward-server/src/http",
    "crates/leeward-server/src/operator",
    "crates/leeward-server/src/upgrade.rs",
    "crates/leeward-store/src/sqlite/",
    "crates/leeward-client/src/",
    "crates/leeward/src/",
];
/// Where SQL is.
const KNOW_SQL: [&str; 2] = ["crates/leeward-store/", "crates/leeward/tests/house/"];
/// Written by a program.
const GENERATED: [&str; 2] = ["web/src/wire/", "web/src/views/emoji/data.ts"];

type Files = Vec<(String, String)>;

fn rust() -> Files {
    files("crates", &["rs"])
}

fn web() -> Files {
    let mut all = files("web/src", &["ts", "tsx"]);
    all.retain(|(path, _)| !GENERATED.iter().any(|g| path.starts_with(g)));
    all
}

fn is_test(path: &str) -> bool {
    let named = ["tests.rs", "generated.rs"].iter().any(|n| path.ends_with(n));
    named || ["/tests/", "/examples/", "/benches/"].iter().any(|d| path.contains(d))
}

/// What stands before the tests of a file.
fn before_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

fn too_long(files: &Files) -> Vec<String> {
    let lengths: Vec<(usize, &str)> =
        files.iter().map(|(path, text)| (text.lines().count(), path.as_str())).collect();
    let mut faults: Vec<String> = lengths
        .iter()
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines, more than {LINES_MAX}"))
        .collect();
    let long = lengths.iter().filter(|(lines, _)| *lines > LINES_USUAL).count();
    if long * 10 > lengths.len() {
        faults
            .push(format!("{long} of {} files have more than {LINES_USUAL} lines", lengths.len()));
    }
    faults
}

#[test]
fn files_are_short() {
    let mut all = rust();
    all.extend(web());
    assert_eq!(too_long(&all), Vec::<String>::new());
    let of = |lines: usize| ("x.rs".to_owned(), "\n".repeat(lines));
    assert_eq!(too_long(&vec![of(LINES_MAX + 1)]).len(), 2);
    assert_eq!(too_long(&vec![of(LINES_USUAL + 1), of(1)]).len(), 1);
    assert_eq!(too_long(&vec![of(LINES_USUAL); 3]).len(), 0);
}

fn too_long_views(files: &Files) -> Vec<&str> {
    let long = |text: &str| text.lines().count() > VIEW_LINES_MAX;
    let views = files.iter().filter(|(path, _)| path.starts_with("web/src/views/"));
    views.filter(|(_, text)| long(text)).map(|(path, _)| path.as_str()).collect()
}

#[test]
fn views_are_shorter_still() {
    assert_eq!(too_long_views(&web()), Vec::<&str>::new());
    let long = ("web/src/views/x.tsx".to_owned(), "\n".repeat(VIEW_LINES_MAX + 1));
    assert_eq!(too_long_views(&vec![long]).len(), 1);
}

fn headless(files: &Files) -> Vec<&str> {
    files
        .iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path.as_str())
        .collect()
}

#[test]
fn every_file_says_first_what_it_is() {
    assert_eq!(headless(&rust()), Vec::<&str>::new());
    assert_eq!(headless(&vec![("x.rs".to_owned(), "use x;".to_owned())]), ["x.rs"]);
}

fn emptily_named(files: &Files) -> Vec<&str> {
    let says_nothing = |path: &str| {
        let words = path.split(['/', '.', '-', '_']).map(str::to_lowercase);
        words.into_iter().any(|w| EMPTY_WORDS.contains(&w.as_str()))
    };
    files.iter().map(|(path, _)| path.as_str()).filter(|path| says_nothing(path)).collect()
}

#[test]
fn files_are_named_for_what_is_in_them() {
    let mut all = rust();
    all.extend(web());
    assert_eq!(emptily_named(&all), Vec::<&str>::new());
    for name in ["src/utils.rs", "src/room_manager.rs", "tests/common/mod.rs", "web/Helpers.ts"] {
        assert_eq!(emptily_named(&vec![(name.to_owned(), String::new())]), [name]);
    }
}

fn knows_json(files: &Files) -> Vec<&str> {
    let allowed = |path: &str| is_test(path) || KNOW_JSON.iter().any(|k| path.starts_with(k));
    let knows = |text: &str| before_tests(text).contains("serde_json");
    files.iter().filter(|(p, t)| !allowed(p) && knows(t)).map(|(p, _)| p.as_str()).collect()
}

#[test]
fn json_is_known_where_bytes_come_in_and_go_out() {
    assert_eq!(knows_json(&rust()), Vec::<&str>::new());
    let machine =
        ("crates/leeward-core/src/session.rs".to_owned(), "use serde_json::Value;".to_owned());
    assert_eq!(knows_json(&vec![machine]).len(), 1);
}

fn knows_sql(files: &Files) -> Vec<&str> {
    const STARTS: [&str; 5] =
        ["SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA "];
    let allowed = |path: &str| KNOW_SQL.iter().any(|k| path.starts_with(k));
    let knows = |text: &str| STARTS.iter().any(|s| text.contains(s)) || text.contains("rusqlite");
    files.iter().filter(|(p, t)| !allowed(p) && knows(t)).map(|(p, _)| p.as_str()).collect()
}

#[test]
fn sql_stays_in_the_store() {
    assert_eq!(knows_sql(&rust()), Vec::<&str>::new());
    let route =
        |text: &str| vec![("crates/leeward-server/src/http/x.rs".to_owned(), text.to_owned())];
    assert_eq!(knows_sql(&route("\"SELECT id FROM rooms\"")).len(), 1);
    assert_eq!(knows_sql(&route("use rusqlite::Connection;")).len(), 1);
    assert_eq!(knows_sql(&route("// select one of them")).len(), 0);
}

fn knows_react(files: &Files) -> Vec<&str> {
    let machines =
        |path: &str| ["web/src/sync/", "web/src/wire/"].iter().any(|d| path.starts_with(d));
    let knows = |t: &str| ["from \"react", "from 'react", "/views/"].iter().any(|s| t.contains(s));
    files.iter().filter(|(p, t)| machines(p) && knows(t)).map(|(p, _)| p.as_str()).collect()
}

#[test]
fn the_web_clients_machines_know_no_react() {
    assert_eq!(knows_react(&web()), Vec::<&str>::new());
    let found =
        vec![("web/src/sync/x.ts".to_owned(), "import { useState } from \"react\";".to_owned())];
    assert_eq!(knows_react(&found).len(), 1);
}
