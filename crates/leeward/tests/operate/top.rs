//! `leeward top` on a real terminal, and without one.

use crate::program::{PATIENCE, complaint, leeward, said};
use crate::{operator, serving};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

#[test]
fn one_picture_is_printed_where_there_is_no_terminal() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let nobody = ["top", "--once", "--set", "operator_listen=127.0.0.1:1"];
    assert!(complaint(dir, &nobody).contains("no server answers at 127.0.0.1:1"));
    let (_server, operator) = serving(dir, &[]);
    let picture = said(dir, &["top", "--once"]);
    assert!(picture.contains(&format!(" at {operator}, up ")), "{picture}");
    assert!(picture.contains("\nlive ") && picture.contains("\njournal\n"), "{picture}");
    assert!(picture.lines().count() <= 23, "{picture}");
    assert!(!picture.contains('\u{1b}'), "what is not a terminal gets no colours");
    let document: Value =
        serde_json::from_str(&said(dir, &["top", "--once", "--json"])).expect("JSON");
    assert!(
        picture.contains(document["sentence"].as_str().expect("words").get(..10).expect("some"))
    );
    let said = complaint(dir, &["top"]);
    assert!(said.contains("needs a terminal; `--once` prints once"), "{said}");
}

/// Lines of a child as they come.
fn lines_of(child: &mut Child) -> impl Iterator<Item = Value> + use<> {
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    lines.map(|line| serde_json::from_str(&line.expect("text")).expect("one object a line"))
}

#[test]
fn each_document_is_a_line_and_a_server_that_goes_away_is_a_line_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (server, _) = serving(dir, &[]);
    let mut top = leeward(dir, &["top", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = lines_of(&mut top);
    let mut next = || lines.next().expect("it goes on");
    let before = next();
    assert!(before["sentence"].is_string() && next()["now"].as_u64() > before["now"].as_u64());
    drop(server);
    while next()["state"] != "away" {}
    let (_server, _) = serving(dir, &[]);
    let back = next();
    assert!(back["sentence"].is_string(), "one that is back is seen by itself: {back}");
    top.kill().expect("it runs");
    top.wait().expect("it ends");
}

/// `leeward top` on a terminal of its own.
struct Screen {
    child: Child,
    keys: File,
    shown: Receiver<Vec<u8>>,
    all: String,
    /// The other end, as a shell would hold it.
    shell: File,
}

impl Screen {
    fn open(dir: &Path, columns: u16, rows: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("it has a size");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let name = name.into_string().expect("a path");
        let end = || File::options().read(true).write(true).open(&name).expect("its other end");
        let mut keys = File::from(master);
        let mut output = keys.try_clone().expect("a descriptor");
        let child = leeward(dir, &["top"])
            .stdin(end())
            .stdout(end())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let shell = end();
        let (show, shown) = sync_channel(1_024);
        std::thread::spawn(move || {
            let mut part = [0; 4_096];
            while let Ok(n) = output.read(&mut part) {
                if n == 0 || show.send(part[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        keys.flush().expect("nothing is waiting");
        Self { child, keys, shown, all: String::new(), shell }
    }

    /// Reads until that is on the screen; what came before is forgotten.
    fn until(&mut self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.all.find(words) {
                let seen = self.all[..at + words.len()].to_owned();
                self.all.drain(..at + words.len());
                return seen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let part = self.shown.recv_timeout(left);
            let part = part.unwrap_or_else(|_| panic!("`{words}` does not come: {}", self.all));
            self.all.push_str(&String::from_utf8_lossy(&part));
        }
    }

    fn quiet(&self) -> bool {
        let modes = tcgetattr(&self.shell).expect("a terminal").local_modes;
        !modes.intersects(LocalModes::ECHO | LocalModes::ICANON)
    }

    /// It ends by itself, and the terminal is as it was.
    fn ends(mut self) {
        self.until("\x1b[?1049l");
        assert!(self.child.wait().expect("it ends").success());
        assert!(!self.quiet(), "what is typed is seen again");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_terminal_shows_the_picture_and_is_given_back_as_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (_server, operator) = serving(dir, &[]);
    let mut screen = Screen::open(dir, 80, 24);
    screen.until("\x1b[?1049h");
    screen.until(&format!("at {operator}, up "));
    screen.until("q leaves");
    assert!(screen.quiet(), "keys are not shown");
    let again = screen.until("q leaves");
    assert!(
        again.starts_with("\x1b[0m") && again.contains("\x1b[H"),
        "redrawn in place: {again:?}"
    );
    assert!((16..=23).contains(&again.matches("\r\n").count()), "{again:?}");
    screen.keys.write_all(b"x").expect("a key that does nothing");
    screen.until("q leaves");
    screen.keys.write_all(b"q").expect("a key");
    screen.ends();

    let mut screen = Screen::open(dir, 80, 24);
    screen.until("q leaves");
    let pid = rustix::process::Pid::from_child(&screen.child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is running");
    screen.ends();
}

#[test]
fn a_server_that_is_away_is_said_to_be_and_one_that_is_back_is_shown() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let (server, _) = serving(dir, &[]);
    let mut screen = Screen::open(dir, 100, 30);
    screen.until("q leaves");
    drop(server);
    screen.until("Looking again every second. What follows is from before.");
    let (_server, operator_again) = serving(dir, &[]);
    screen.until(&format!("at {operator_again}, up "));
    let mut picture = screen.until("q leaves");
    while picture.contains("Away for ") {
        picture = screen.until("q leaves");
    }
    assert_eq!(operator(dir), operator_again);
    screen.keys.write_all(b"q").expect("a key");
    screen.ends();
}
