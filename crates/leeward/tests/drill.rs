//! The drills as an operator holds them, small. A slow machine may break a promise about time and no
//! other; and a drill of which a promise is broken on purpose has to find that out.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Drills share two cores with their servers: one at a time.
static STAGE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    STAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The program, with a temporary directory of its own and no variable that could configure it.
fn leeward(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leeward"));
    command.args(arguments).current_dir(dir).env_clear().env("TMPDIR", dir);
    command
}

fn drill(dir: &Path, arguments: &[&str]) -> Output {
    let brisk = ["--json", "--brisk"];
    let arguments = [&["drill"], arguments, &brisk].concat();
    leeward(dir, &arguments).output().expect("the program starts")
}

fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no report: {told}"))
}

/// The promises that broke, without those about time.
fn broken(report: &Value) -> Vec<&str> {
    let promises = report["promises"].as_array().expect("a list");
    let broken = promises.iter().filter(|p| p["held"] == false && p["timed"] == false);
    broken.map(|p| p["name"].as_str().expect("a name")).collect()
}

/// A drill in which everything that was promised is kept, but for what a slow machine may break.
fn kept(arguments: &[&str]) -> Value {
    let _alone = alone();
    let dir = tempfile::tempdir().expect("a directory");
    let output = drill(dir.path(), arguments);
    let report = report(&output);
    assert_eq!(broken(&report), [""; 0], "{report:#}");
    assert_eq!(output.status.code(), Some(i32::from(report["passed"] == false)));
    assert!(report["run"]["verdict"]["events"].as_u64().expect("a count") > 1_000);
    assert!(report["run"]["verdict"]["posts"].as_u64().expect("a count") > 20);
    let left = std::fs::read_dir(dir.path()).expect("it is there").count();
    assert_eq!(left, 0, "the server's data is gone");
    report
}

#[test]
fn a_storm_is_held_beside_its_control_and_drawn_on_one_page() {
    let pages = tempfile::tempdir().expect("a directory");
    let at = pages.path().join("report");
    let at = at.to_str().expect("text");
    let mix = ["--species", "leeward:3,naive:1", "--compare", "naive", "--report", at];
    let report = kept(&[&["storm", "--clients", "300"], &mix[..]].concat());
    assert_eq!(report["run"]["missing"], 0);
    assert!(report["control"]["verdict"]["events"].as_u64().expect("a count") > 1_000);
    let page = std::fs::read_to_string(Path::new(at).join("index.html")).expect("a page");
    assert!(page.contains("Beside the control") && page.ends_with("</html>\n"));
    let needs = ["src=", "<script", "<link", "http://", "https://"];
    assert!(!needs.iter().any(|word| page.contains(word)), "the page needs nothing else");
    let json = std::fs::read_to_string(Path::new(at).join("report.json")).expect("a report");
    assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON")["drill"], "storm");
}

#[test]
fn every_kind_of_client_comes_back_from_a_storm() {
    // Without those whose own delay is a minute.
    let mix = "leeward,naive,phoenix,tldraw,socketio,hocuspocus,centrifugo,hammer";
    let report = kept(&["storm", "--clients", "200", "--species", mix]);
    let kinds = report["run"]["kinds"].as_array().expect("a list");
    assert_eq!(kinds.len(), 8);
    assert!(kinds.iter().all(|kind| kind["back"] == kind["clients"]), "{kinds:#?}");
}

/// What came of each kind of client.
fn kinds(report: &Value) -> Vec<(&str, &Value)> {
    let kinds = report["run"]["kinds"].as_array().expect("a list");
    kinds.iter().map(|kind| (kind["species"].as_str().expect("a name"), kind)).collect()
}

#[test]
fn clients_of_xmpp_come_back_from_a_storm_beside_those_of_leeward() {
    // Without those whose own delay is long.
    let mix = "leeward:30,xmppjs:20,converse:20,converse-bosh:20,slixmpp:20,monal:10,tokioxmpp:10";
    let report = kept(&["storm", "--clients", "200", "--species", mix]);
    let kinds = kinds(&report);
    assert_eq!(kinds.len(), 7);
    assert!(kinds.iter().all(|(_, kind)| kind["back"] == kind["clients"]), "{kinds:#?}");
    let (_, bosh) = kinds.iter().find(|(name, _)| *name == "converse-bosh").expect("one of them");
    let half_s = bosh["half_s"].as_f64().expect("seconds");
    assert!(half_s < 3.0, "a session goes on; another would begin after 3 s: {half_s}");
    // Every client has kept a log of its room, and each survivor one more of theirs.
    let survivors = report["survivors"].as_u64().expect("a count");
    let logs = report["run"]["verdict"]["logs"].as_u64().expect("a count");
    assert!(logs >= 200 + survivors, "{logs}");
}

#[test]
fn programs_that_speak_xmpp_come_back_over_tls() {
    let report = kept(&["mural", "--clients", "100", "--species", "leeward,slixmpp,converse"]);
    assert_eq!(kinds(&report).len(), 3);
    assert_eq!(report["tls"], true);
}

#[test]
fn a_full_house_is_full_for_clients_of_xmpp_too() {
    kept(&["ryver", "--clients", "100", "--species", "leeward,xmppjs,converse-bosh"]);
}

#[test]
fn no_lease_ends_who_speaks_xmpp() {
    kept(&["gitter", "--clients", "100", "--species", "leeward,converse,converse-bosh,slixmpp"]);
}

#[test]
fn a_jammed_limiter_mends_itself_and_never_lets_in_too_many() {
    let report = kept(&["ryver", "--clients", "200"]);
    let jams = report["promises"].as_array().expect("a list").iter();
    assert_eq!(jams.filter(|p| p["name"] == "first_in").count(), 4);
}

#[test]
fn sign_ins_are_closed_and_paced_while_others_come_back() {
    let report = kept(&["hipchat", "--clients", "300"]);
    let dropped: Vec<&str> = kinds(&report).into_iter().map(|(species, _)| species).collect();
    assert_eq!(dropped, ["leeward", "converse", "converse-bosh"], "programs stay connected");
}

#[test]
fn leases_change_in_a_storm_and_nobody_is_expired() {
    kept(&["gitter", "--clients", "200"]);
}

#[test]
fn old_builds_are_told_so_and_let_in() {
    let report = kept(&["mural", "--clients", "200"]);
    assert_eq!(report["tls"], true);
    assert!(report["run"]["told_stale"].as_u64().expect("a count") > 40);
}

#[test]
fn a_promise_broken_on_purpose_is_found() {
    let _alone = alone();
    let dir = tempfile::tempdir().expect("a directory");
    for promise in ["lost", "duplicated", "reordered"] {
        let output = drill(dir.path(), &["storm", "--clients", "100", "--break", promise]);
        assert_eq!(output.status.code(), Some(1), "{promise}");
        assert!(broken(&report(&output)).contains(&promise), "{promise}");
    }
}

#[test]
fn a_promise_broken_to_clients_of_xmpp_is_found() {
    let _alone = alone();
    let dir = tempfile::tempdir().expect("a directory");
    for promise in ["lost", "duplicated", "reordered"] {
        let mix = ["--species", "xmppjs,converse-bosh,slixmpp", "--break", promise];
        let output = drill(dir.path(), &[&["storm", "--clients", "60"], &mix[..]].concat());
        assert_eq!(output.status.code(), Some(1), "{promise}");
        assert!(broken(&report(&output)).contains(&promise), "{promise}");
    }
}

#[test]
fn help_names_every_kind_of_client() {
    let dir = tempfile::tempdir().expect("a directory");
    let output = leeward(dir.path(), &["drill", "--help"]).output().expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("text");
    for name in ["naive", "hammer", "xmppjs", "converse-bosh", "rfc6120", "xmpp-mixed"] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

#[test]
fn without_storm_control_a_closed_gate_is_found_open() {
    let _alone = alone();
    let dir = tempfile::tempdir().expect("a directory");
    let output = drill(dir.path(), &["hipchat", "--clients", "100", "--break", "control"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(broken(&report(&output)).contains(&"closed"));
}

/// What is said of a drill that cannot be held.
fn refused(dir: &Path, arguments: &[&str]) -> String {
    let output = drill(dir, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).expect("text");
    text.lines().last().expect("a reason").to_owned()
}

#[test]
fn what_cannot_be_drilled_is_refused_in_words() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let refused = |arguments: &[&str]| refused(dir, arguments);
    assert!(refused(&["storm", "--clients", "1"]).contains("--help"));
    assert!(refused(&["storm", "--survivors", "100"]).contains("one survivor in each"));
    std::fs::write(dir.join("token"), "no token\n").expect("written");
    let named = |url: &str| refused(&["storm", "--against", url, "--token-file", "token"]);
    assert!(named("http://127.0.0.1:9").contains("operator.json"));

    // Somebody who answers, but not as Leeward does.
    let stranger = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = stranger.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in stranger.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4096]);
            let page = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";
            let _ = stream.write_all(page.as_bytes());
        }
    });
    let door = format!(r#"{{"address":"{address}","secret":"none"}}"#);
    std::fs::write(dir.join("operator.json"), door).expect("written");
    let url = format!("http://{address}");
    let other =
        ["storm", "--against", &url, "--token-file", "token", "--operator-file", "operator.json"];
    assert!(refused(&other).contains("not a Leeward server"));
}

/// A server that an operator runs.
struct Server {
    child: Child,
    url: String,
    token: String,
}

impl Server {
    fn start(dir: &Path, more: &[&str], people: &[&str]) -> Self {
        let data = dir.join("leeward-data");
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir(&data).expect("made");
        let lines = [r#"{"name":"owner","role":"owner"}"#].into_iter().map(str::to_owned);
        let people = people.iter().map(|name| format!(r#"{{"name":"{name}"}}"#));
        let lines: Vec<String> = lines.chain(people).collect();
        std::fs::write(dir.join("people.jsonl"), lines.join("\n")).expect("written");
        let import = ["account", "import", "people.jsonl", "--tokens", "--json"];
        let made = leeward(dir, &import).output().expect("the program starts");
        let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let token = made[0]["token"].as_str().expect("a token").to_owned();
        std::fs::write(dir.join("token"), &token).expect("written");

        let ports = ["serve", "--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0"];
        let quiet = ["--set", "allow_load=true", "--set", "log.filter=error"];
        let mut child = leeward(dir, &[&ports, more, &quiet].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut greeting = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        out.read_line(&mut greeting).expect("it says where it serves");
        let url = greeting.rsplit(' ').next().expect("a URL").trim().to_owned();
        let server = Self { child, url, token };
        server.ready();
        server
    }

    fn ready(&self) {
        while !self.get("/readyz").contains("200 OK") {
            std::thread::yield_now();
        }
    }

    fn get(&self, path: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        let Ok(mut stream) = std::net::TcpStream::connect(host) else { return String::new() };
        let token = &self.token;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        let mut answer = String::new();
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_string(&mut answer);
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_that_is_named_is_asked_first_and_left_as_it_was() {
    let _alone = alone();
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let server = Server::start(dir, &[], &[]);
    let small = ["--clients", "60", "--token-file", "token", "--against"];
    let against = |url: &str| {
        [&["storm"], &small[..]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .chain([url.to_owned()])
            .collect::<Vec<_>>()
    };
    let strings = against(&server.url);
    let arguments: Vec<&str> = strings.iter().map(String::as_str).collect();
    assert!(refused(dir, &arguments).contains("--allow-drills"));
    drop(server);

    let deaf = ["--allow-drills", "--set", "xmpp.listen="];
    let server = Server::start(dir, &deaf, &["member", "guest"]);
    let strings = against(&server.url);
    let arguments: Vec<&str> = strings.iter().map(String::as_str).collect();
    assert!(refused(dir, &arguments).contains("3 real people"));
    let rooms = |server: &Server| server.get("/api/v1/rooms").matches("\"id\"").count();
    let before = rooms(&server);
    let native = [&arguments[..], &["--species", "leeward,gajim", "--force"]].concat();
    assert!(refused(dir, &native).contains("`gajim` speaks XMPP over TCP"));
    let web = ["--species", "leeward,converse-bosh,converse"];
    let forced = [&arguments[..], &["--force"], &web].concat();
    let output = drill(dir, &forced);
    assert_eq!(broken(&report(&output)), [""; 0]);
    assert_eq!(rooms(&server), before, "the synthetic rooms are gone");
}

#[test]
fn a_drill_that_is_stopped_leaves_nothing_behind() {
    let _alone = alone();
    let dir = tempfile::tempdir().expect("a directory");
    let mut child = leeward(dir.path(), &["drill", "storm", "--clients", "100"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let well = lines.by_ref().map_while(Result::ok).find(|line| line.contains("all is well"));
    assert!(well.is_some(), "it says how far it is");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is running");
    assert_eq!(child.wait().expect("it ends").code(), Some(2));
    let last = lines.map_while(Result::ok).last().expect("a word");
    assert!(last.contains("stopped"), "{last}");
    let left = std::fs::read_dir(dir.path()).expect("it is there").count();
    assert_eq!(left, 0, "the server and its data are gone");
}
