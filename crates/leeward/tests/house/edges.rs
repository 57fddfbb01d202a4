//! Which crate may depend on which, as the architecture draws it, and under which licences the others
//! come. All is read from `cargo metadata` and `cargo tree`.

use crate::tree::root;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

/// The edges of the architecture. Nothing else.
const EDGES: [(&str, &str); 11] = [
    ("leeward-store", "leeward-core"),
    ("leeward-bus", "leeward-core"),
    ("leeward-client", "leeward-core"),
    ("leeward-xmpp", "leeward-core"),
    ("leeward-sim", "leeward-core"),
    ("leeward-server", "leeward-core"),
    ("leeward-server", "leeward-store"),
    ("leeward-server", "leeward-bus"),
    ("leeward-server", "leeward-xmpp"),
    ("leeward", "leeward-server"),
    ("leeward", "leeward-client"),
];
/// Edges of tests alone: they speak to a real server with the real client.
const TEST_EDGES: [(&str, &str); 1] = [("leeward-server", "leeward-client")];
/// What the core may not bring in, even by way of others: a runtime, a clock, sockets, randomness.
const NEVER_IN_CORE: [&str; 7] =
    ["tokio", "mio", "socket2", "getrandom", "rand", "hyper", "rusqlite"];

fn metadata(arguments: &[&str]) -> Value {
    let cargo = env!("CARGO");
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs its own tests");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("cargo writes JSON")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().expect("a list in cargo's metadata").iter()
}

/// Every edge between crates of the workspace that the architecture does not draw.
fn forbidden(metadata: &Value) -> Vec<String> {
    let ours: BTreeSet<&str> = items(metadata, "packages").map(|p| text(p, "name")).collect();
    let mut faults = Vec::new();
    for package in items(metadata, "packages") {
        for dependency in items(package, "dependencies") {
            let edge = (text(package, "name"), text(dependency, "name"));
            let in_tests = text(dependency, "kind") == "dev" && TEST_EDGES.contains(&edge);
            if ours.contains(edge.1) && !EDGES.contains(&edge) && !in_tests {
                faults.push(format!("{} may not depend on {}", edge.0, edge.1));
            }
        }
    }
    faults
}

#[test]
fn crates_depend_on_each_other_as_the_architecture_draws_it() {
    assert_eq!(forbidden(&metadata(&["--no-deps"])), Vec::<String>::new());
}

#[test]
fn an_edge_too_many_is_found() {
    let with = |from: &str, to: &str, kind: Value| {
        serde_json::json!({ "packages": [
            { "name": from, "dependencies": [{ "name": to, "kind": kind }, { "name": "serde", "kind": null }] },
            { "name": to, "dependencies": [] },
        ]})
    };
    let found = forbidden(&with("leeward-store", "leeward-bus", Value::Null));
    assert_eq!(found, ["leeward-store may not depend on leeward-bus"]);
    assert_eq!(forbidden(&with("leeward-core", "leeward-store", "dev".into())).len(), 1);
    assert_eq!(forbidden(&with("leeward-server", "leeward-client", Value::Null)).len(), 1);
    assert_eq!(forbidden(&with("leeward-server", "leeward-client", "dev".into())).len(), 0);
}

/// Everything that a crate brings in outside its tests when it is built alone, by name: what `cargo metadata`
/// tells has the features that others switch on for their tests.
fn reached(from: &str) -> BTreeSet<String> {
    let out = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["--target", "x86_64-unknown-linux-gnu", "-p", from])
        .current_dir(root())
        .output()
        .expect("cargo runs its own tests");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let lines = String::from_utf8(out.stdout).expect("names are text");
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_core_brings_in_no_runtime_no_clock_no_socket_and_no_randomness() {
    let core = reached("leeward-core");
    assert!(core.contains("serde"), "the walk finds what is there: {core:?}");
    for name in NEVER_IN_CORE {
        assert!(!core.contains(name), "leeward-core brings in {name}");
    }
    let xmpp = reached("leeward-xmpp");
    for name in NEVER_IN_CORE {
        assert!(!xmpp.contains(name), "leeward-xmpp brings in {name}");
    }
    let server = reached("leeward-server");
    assert!(server.contains("tokio") && server.contains("rusqlite"), "the walk goes all the way");
}

/// Whether a licence expression can be met with the licences of the list. `/` is an old way to say OR.
fn allowed(expression: &str, list: &BTreeSet<String>) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    // Every expression in use is a choice of conjunctions, or a conjunction of choices; with all names
    // on the list both hold, and otherwise one alternative must be all on it.
    let one = |licence: &str| list.contains(licence.trim());
    flat.split(" AND ").flat_map(|part| part.split(" OR ")).all(one)
        || flat.split(" OR ").any(|choice| choice.split(" AND ").all(one))
        || flat.split(" AND ").all(|part| part.split(" OR ").any(one))
}

#[test]
fn every_library_comes_under_a_licence_of_the_list() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml is there");
    let deny: toml::Table = deny.parse().expect("deny.toml is TOML");
    let list: BTreeSet<String> = deny["licenses"]["allow"]
        .as_array()
        .expect("a list of licences")
        .iter()
        .map(|l| l.as_str().expect("licences are text").to_owned())
        .collect();
    for package in items(&metadata(&[]), "packages") {
        let expression = text(package, "license");
        let name = text(package, "name");
        assert!(allowed(expression, &list), "{name} is under `{expression}`");
    }
    assert!(!allowed("GPL-3.0-only", &list) && !allowed("", &list));
    assert!(!allowed("MIT AND AGPL-3.0-only", &list) && allowed("MIT OR AGPL-3.0-only", &list));
}
