//! Tables in the documents: those that are generated, which `LEEWARD_BLESS=1 cargo test -p leeward --test house`
//! writes, and those that name tests.

use crate::tree::{files, root};
use std::process::Command;

/// What `leeward` prints.
fn printed(arguments: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_leeward"))
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env_clear()
        .output()
        .expect("the program was built for this test");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("it prints text")
}

/// A document with the table between its two marks replaced.
fn with_table(document: &str, name: &str, table: &str) -> String {
    let (begin, end) =
        (format!("<!-- {name}: generated -->\n"), format!("<!-- end of {name} -->\n"));
    let (head, rest) = document.split_once(&begin).expect("the table has a beginning");
    let (_, tail) = rest.split_once(&end).expect("the table has an end");
    format!("{head}{begin}{table}{end}{tail}")
}

#[test]
fn the_tables_of_configuration_keys_and_of_metrics_are_fresh() {
    let path = root().join("docs/operate.md");
    let found = std::fs::read_to_string(&path).expect("docs/operate.md is there");
    let wanted = with_table(&found, "keys", &printed(&["config", "--markdown"]));
    let wanted = with_table(&wanted, "metrics", &leeward_server::metrics_table());
    if found == wanted {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
    let blessed = std::env::var_os("LEEWARD_BLESS").is_some();
    assert!(
        blessed,
        "docs/operate.md is stale: LEEWARD_BLESS=1 cargo test -p leeward --test house"
    );
    std::fs::write(&path, wanted).expect("written");
}

#[test]
fn a_stale_table_differs() {
    let document = "a\n<!-- keys: generated -->\nold\n<!-- end of keys -->\nb\n";
    let wanted = with_table(document, "keys", "table\n");
    assert_eq!(wanted, "a\n<!-- keys: generated -->\ntable\n<!-- end of keys -->\nb\n");
    assert_ne!(document, wanted);
}

/// The tests that a section's table names and that no file has.
fn missing_tests(section: &str, code: &str) -> Vec<String> {
    let named = section.lines().filter(|line| line.starts_with("| ")).flat_map(|row| {
        let tests = row.rsplit(" | ").next().unwrap_or_default();
        tests.split('`').skip(1).step_by(2)
    });
    let missing = |name: &&str| !code.contains(&format!("fn {name}("));
    named.filter(missing).map(str::to_owned).collect()
}

#[test]
fn what_is_said_to_be_refused_over_xmpp_has_its_tests() {
    let found =
        std::fs::read_to_string(root().join("docs/xmpp.md")).expect("docs/xmpp.md is there");
    let (_, section) = found.split_once("## What is refused").expect("it has that section");
    let section = section.split("\n## ").next().expect("a section has a beginning");
    let code: String = files("crates", &["rs"]).into_iter().map(|(_, text)| text).collect();
    assert_eq!(missing_tests(section, &code), Vec::<String>::new());
    assert!(section.matches("\n| ").count() > 40, "it is read");
    let row = "| a | b: `there`, `gone` |";
    assert_eq!(missing_tests(row, "fn there() {}"), ["gone"]);
}
