//! What was acknowledged survives SIGKILL, exactly once, without holes.
//!
//! The test starts itself again as a child that appends as fast as it can and prints what was
//! acknowledged, kills it in the middle, opens what it left behind, and compares. In the control, the
//! child prints before it has the answer: the same comparison must then find losses.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod lobby;

use leeward_core::id::Seq;
use leeward_store::{SqliteConfig, Store};
use lobby::{ROOM, founded, run, saying};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const DIR: &str = "LEEWARD_DURABILITY_DIR";
const ROUND: &str = "LEEWARD_DURABILITY_ROUND";
const EARLY: &str = "LEEWARD_DURABILITY_EARLY";
const ROUNDS: u64 = 25;
const WRITERS: u64 = 16;

#[test]
fn acknowledged_messages_survive_being_killed() {
    if let Some(dir) = setting(DIR) {
        return run(child(&dir, setting(EARLY).is_some()));
    }
    let found = torture("acknowledged_messages_survive_being_killed", false);
    assert!(found.acknowledged > 500, "only {} messages: nothing was tried", found.acknowledged);
    assert_eq!(found.lost, Vec::<String>::new(), "acknowledged, and gone");
}

#[test]
fn messages_acknowledged_before_the_commit_are_seen_to_be_lost() {
    if let Some(dir) = setting(DIR) {
        return run(child(&dir, setting(EARLY).is_some()));
    }
    let found = torture("messages_acknowledged_before_the_commit_are_seen_to_be_lost", true);
    assert!(!found.lost.is_empty(), "the comparison finds no losses where there must be some");
}

#[expect(clippy::disallowed_methods, reason = "how the child process is told what it is")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

struct Found {
    acknowledged: usize,
    lost: Vec<String>,
}

fn torture(test: &str, early: bool) -> Found {
    let dir = tempfile::tempdir().unwrap();
    run(async { founded(&SqliteConfig::new(dir.path())).await.close().await });
    let mut acknowledged = BTreeMap::new();
    for round in 0..ROUNDS {
        acknowledged.extend(one_round(test, dir.path(), round, early));
        let report = Store::verify(dir.path()).unwrap();
        assert_eq!(report.faults, Vec::<String>::new(), "holes or doubles after round {round}");
    }
    let mut lost = Vec::new();
    run(async {
        let store = Store::open(&SqliteConfig::new(dir.path())).unwrap();
        let events = store.events_after(ROOM, Seq(0), usize::MAX >> 1).await.unwrap();
        let mut stored: BTreeMap<String, Vec<Seq>> = BTreeMap::new();
        for event in &events {
            if let Some(nonce) = &event.nonce {
                stored.entry(nonce.as_str().to_owned()).or_default().push(event.seq);
            }
        }
        assert!(stored.values().all(|seqs| seqs.len() == 1), "one nonce, one message");
        assert!(events.iter().zip(1..).all(|(event, seq)| event.seq.0 == seq), "no holes");
        for (nonce, seq) in &acknowledged {
            match stored.get(nonce) {
                Some(seqs) if early || seqs[0].0 == *seq => {}
                Some(_) | None => lost.push(nonce.clone()),
            }
        }
        // A client that did not hear the answer asks again, and hears the same.
        for (nonce, seq) in acknowledged.iter().rev().take(if early { 0 } else { 20 }) {
            let again = store.append(saying(nonce, "something")).await.unwrap();
            assert_eq!((again.repeated, again.event.seq.0), (true, *seq));
        }
        store.close().await;
    });
    Found { acknowledged: acknowledged.len(), lost }
}

/// Lets the child write until so many messages are acknowledged, then kills it.
fn one_round(test: &str, dir: &Path, round: u64, early: bool) -> BTreeMap<String, u64> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(DIR, dir).env(ROUND, round.to_string());
    if early {
        command.env(EARLY, "1");
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let enough = 100 + round as usize * 37;
    let mut acknowledged = BTreeMap::new();
    let mut line = String::new();
    let mut killed = false;
    loop {
        line.clear();
        if lines.read_line(&mut line).unwrap() == 0 {
            break;
        }
        // A line cut short by the kill was not heard.
        let Some(words) = line.strip_suffix('\n').and_then(|l| l.strip_prefix("acknowledged "))
        else {
            continue;
        };
        let (nonce, seq) = words.split_once(' ').unwrap();
        acknowledged.insert(nonce.to_owned(), seq.parse().unwrap());
        if acknowledged.len() >= enough && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(killed, "the child ended by itself: {:?}", child.wait());
    child.wait().unwrap();
    acknowledged
}

/// Appends from several writers at once until it is killed.
async fn child(dir: &str, early: bool) {
    let store = Store::open(&SqliteConfig::new(dir)).unwrap();
    let round = setting(ROUND).unwrap();
    let tasks = tokio::task::LocalSet::new();
    for writer in 0..WRITERS {
        let (store, round) = (store.clone(), round.clone());
        tasks.spawn_local(async move {
            for n in 0.. {
                let nonce = format!("r{round}-w{writer}-{n}");
                if early {
                    acknowledge(&nonce, 0);
                }
                let appended = store.append(saying(&nonce, "something")).await.unwrap();
                if !early {
                    acknowledge(&nonce, appended.event.seq.0);
                }
            }
        });
    }
    tasks.await;
}

fn acknowledge(nonce: &str, seq: u64) {
    // One write, so that the kill cuts between lines or within the last.
    let line = format!("acknowledged {nonce} {seq}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}
