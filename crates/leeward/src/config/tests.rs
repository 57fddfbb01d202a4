//! What the configuration accepts, refuses and says about it.

use super::*;

fn read(file: &str, environment: &[(&str, &str)], set: &[(&str, &str)]) -> Result<Config> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("leeward.toml");
    std::fs::write(&path, file).expect("the file is written");
    let flags = Flags {
        file: Some(path),
        set: set
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned(), format!("--set {k}")))
            .collect(),
    };
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Config::from_sources(&flags, environment.collect())
}

fn refusal(file: &str, environment: &[(&str, &str)], set: &[(&str, &str)]) -> String {
    let error = read(file, environment, set).expect_err("this must be refused");
    let text = format!("{error:#}");
    assert!(!text.contains('\n'), "an error is one line: {text}");
    text
}

#[test]
fn nothing_needs_to_be_set() {
    let config = read("", &[], &[]).expect("defaults alone");
    assert_eq!(config.address("listen").to_string(), "127.0.0.1:8080");
    assert_eq!(config.data_dir(), Path::new("leeward-data"));
    assert_eq!(config.of("listen").1, Origin::Default);
}

#[test]
fn each_source_overrides_the_one_before_and_is_named() {
    let file = "listen = \"0.0.0.0:1\"\n[limits]\nfile_bytes_max = 5\nconnections_max = 10\n";
    let environment = [("LEEWARD_LISTEN", "0.0.0.0:2"), ("LEEWARD_LIMITS_CONNECTIONS_MAX", "20")];
    let config = read(file, &environment, &[("listen", "0.0.0.0:3")]).expect("all are good");
    assert_eq!(config.text("listen"), "0.0.0.0:3");
    assert_eq!(config.of("listen").1, Origin::Flag("--set listen".to_owned()));
    assert_eq!(config.number("limits.connections_max"), 20);
    assert_eq!(config.number("limits.file_bytes_max"), 5);
    let origin = config.of("limits.file_bytes_max").1.to_string();
    assert!(origin.ends_with("leeward.toml:3"), "{origin}");
}

#[test]
fn an_unknown_key_in_the_file_is_refused_with_its_line_and_the_nearest_key() {
    let said = refusal("\n\nlisen = \"127.0.0.1:1\"\n", &[], &[]);
    assert!(said.contains("leeward.toml:3: unknown key `lisen`; did you mean `listen`?"), "{said}");
    let said = refusal("[limits]\nfile_byte_max = 3\n", &[], &[]);
    assert!(said.contains(":2: unknown key `limits.file_byte_max`"), "{said}");
    assert!(said.contains("`limits.file_bytes_max`"), "{said}");
}

#[test]
fn an_unknown_variable_or_flag_is_refused_with_the_nearest() {
    let said = refusal("", &[("LEEWARD_LISTEM", "127.0.0.1:1")], &[]);
    assert!(said.contains("did you mean `LEEWARD_LISTEN`?"), "{said}");
    let said = refusal("", &[], &[("shard", "1")]);
    assert!(said.contains("did you mean `shards`?"), "{said}");
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_what_would_be_right() {
    let said = refusal("listen = \"localhost\"\n", &[], &[]);
    assert!(said.contains("`listen` must be an IP address and a port"), "{said}");
    let said = refusal("shards = 1000\n", &[], &[]);
    assert!(said.contains("a whole number from 0 to 256, not `1000`"), "{said}");
    let said = refusal("[log]\nformat = \"xml\"\n", &[], &[]);
    assert!(said.contains("one of `text`, `json`"), "{said}");
    let said = refusal("shards = [1]\n", &[], &[]);
    assert!(said.contains("leeward.toml:1: `shards` must be a text, a whole number"), "{said}");
    let said = refusal("data_dir = \"\"\n", &[], &[]);
    assert!(said.contains("`data_dir` must be something"), "{said}");
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    let said = refusal("shards = 1\nlisten = \n", &[], &[]);
    assert!(said.contains("leeward.toml:2: "), "{said}");
}

#[test]
fn half_a_certificate_and_half_an_address_are_refused() {
    let said = refusal("[tls]\ncert_file = \"a.pem\"\n", &[], &[]);
    assert!(said.contains("belong together"), "{said}");
    for url in ["chat.example.org", "https://", "https://chat.example.org/leeward"] {
        let said = refusal(&format!("public_url = \"{url}\"\n"), &[], &[]);
        assert!(said.contains("`public_url` must be"), "{said}");
    }
}

#[test]
fn a_lease_that_one_lost_ping_would_end_is_refused() {
    let said = refusal("[lease]\nping_ms = 9000\nlease_ms = 15000\n", &[], &[]);
    assert!(said.contains("`lease.lease_ms` must be at least twice"), "{said}");
}

#[test]
fn a_statsd_daemon_is_a_host_and_a_port() {
    for address in ["127.0.0.1", ":8125", "statsd.example.org:0", "statsd.example.org:99999"] {
        let said = refusal(&format!("[metrics]\nstatsd = \"{address}\"\n"), &[], &[]);
        assert!(said.contains("`metrics.statsd` must be a host and a port"), "{said}");
    }
    for address in ["statsd.example.org:8125", "[::1]:8125"] {
        read(&format!("[metrics]\nstatsd = \"{address}\"\n"), &[], &[]).expect("good");
    }
}

#[test]
fn several_public_addresses_are_told_apart() {
    let config =
        read("public_url = \"https://a.example, https://b.example/\"\n", &[], &[]).expect("good");
    assert_eq!(config.origins(), ["https://a.example", "https://b.example"]);
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let flags = Flags { file: Some(PathBuf::from("/nonexistent/leeward.toml")), set: Vec::new() };
    let said = format!("{:#}", Config::from_sources(&flags, BTreeMap::new()).expect_err("missing"));
    assert!(said.contains("cannot read /nonexistent/leeward.toml"), "{said}");
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config =
        read("shards = 3\npublic_url = \"http://chat.example.org\"\n", &[], &[]).expect("good");
    let again = read(&as_text(&config), &[], &[]).expect("the printed text is a configuration");
    assert_eq!(as_json(&config)["shards"]["value"], as_json(&again)["shards"]["value"]);
    assert_eq!(again.text("public_url"), "http://chat.example.org");
}
