//! What happens when the disk is full, the database damaged or held by another: a clear answer,
//! nothing acknowledged that is not stored, and everything as before once the cause is gone.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod lobby;

use leeward_core::id::Seq;
use leeward_store::{Appended, SqliteConfig, Store, StoreError};
use lobby::{ROOM, founded, run, saying};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

async fn say(store: &Store, nonce: &str, text: &str) -> Result<Appended, StoreError> {
    store.append(saying(nonce, text)).await
}

async fn seqs(store: &Store) -> Vec<u64> {
    let events = store.events_after(ROOM, Seq(0), 100_000).await.unwrap();
    events.iter().map(|event| event.seq.0).collect()
}

#[test]
fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let bounded = SqliteConfig { pages_max: 120, ..SqliteConfig::new(dir.path()) };
        let store = founded(&bounded).await;
        let text = "x".repeat(3_000);
        let mut stored = 0;
        let refused = loop {
            match say(&store, &format!("n{stored}"), &text).await {
                Ok(appended) => assert_eq!(appended.event.seq.0, 3 + stored),
                Err(e) => break e,
            }
            stored += 1;
        };
        assert_eq!(refused, StoreError::Full);
        assert!(stored > 10, "{stored} messages in 120 pages");
        let (one, two) = tokio::join!(say(&store, "a", &text), say(&store, "b", &text));
        assert_eq!((one.unwrap_err(), two.unwrap_err()), (StoreError::Full, StoreError::Full));
        assert_eq!(seqs(&store).await, (1..stored + 3).collect::<Vec<_>>(), "reading works");
        let repeated = say(&store, "n0", &text).await.unwrap();
        assert!(repeated.repeated, "what was stored is still acknowledged");
        store.close().await;
        drop(store);
        let store = Store::open(&SqliteConfig::new(dir.path())).unwrap();
        let appended = say(&store, &format!("n{stored}"), &text).await.unwrap();
        assert_eq!((appended.event.seq.0, appended.repeated), (3 + stored, false));
        assert_eq!(seqs(&store).await, (1..=stored + 3).collect::<Vec<_>>());
        store.close().await;
        assert_eq!(Store::verify(dir.path()).unwrap().faults, Vec::<String>::new());
    });
}

#[test]
fn a_database_held_by_another_is_busy_for_writers_only() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let store = founded(&SqliteConfig::new(dir.path())).await;
        say(&store, "before", "before").await.unwrap();
        let other = Connection::open(dir.path().join("leeward.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let (said, read) = tokio::join!(say(&store, "during", "during"), seqs(&store));
        assert_eq!(said.unwrap_err(), StoreError::Busy);
        assert_eq!(read, [1, 2, 3], "readers are not blocked");
        other.execute_batch("ROLLBACK").unwrap();
        let again = say(&store, "during", "during").await.unwrap();
        assert_eq!((again.repeated, again.event.seq), (false, Seq(4)));
        store.close().await;
    });
}

#[test]
fn one_data_directory_serves_one_server() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let store = founded(&SqliteConfig::new(dir.path())).await;
        let second = Store::open(&SqliteConfig::new(dir.path()));
        let Err(StoreError::Unusable(words)) = second.map(|_| ()) else { panic!("let in") };
        assert!(words.contains("another server"), "{words}");
        store.close().await;
        Store::open(&SqliteConfig::new(dir.path())).unwrap().close().await;
    });
}

#[test]
fn a_closed_store_says_so() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let store = founded(&SqliteConfig::new(dir.path())).await;
        store.close().await;
        assert_eq!(say(&store, "late", "late").await.unwrap_err(), StoreError::Closed);
        assert_eq!(store.epoch().await.unwrap_err(), StoreError::Closed);
    });
}

fn overwrite(path: &Path, from: usize, bytes: usize) {
    let mut content = fs::read(path).unwrap();
    let end = (from + bytes).min(content.len());
    content[from..end].fill(0xa5);
    fs::write(path, content).unwrap();
}

#[test]
fn a_damaged_database_says_what_to_do() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(dir.path());
        let store = founded(&config).await;
        for n in 0..60 {
            say(&store, &format!("n{n}"), &"y".repeat(2_000)).await.unwrap();
        }
        store.close().await;
        drop(store);
        let path = dir.path().join("leeward.db");
        let whole = fs::read(&path).unwrap();
        // The log is at the end of the file, everything else before it.
        overwrite(&path, whole.len() - 40 * 4_096, 30 * 4_096);
        let store = Store::open(&config).unwrap();
        let read = store.events_after(ROOM, Seq(0), 1_000).await;
        let Err(StoreError::Corrupt(words)) = read else { panic!("read: {read:?}") };
        assert!(words.contains("leeward restore"), "{words}");
        store.close().await;
        drop(store);
        let checked = Store::verify(dir.path());
        assert!(checked.map_or(true, |report| !report.faults.is_empty()), "verify sees it too");
        fs::write(&path, &whole).unwrap();
        overwrite(&path, 0, 64);
        let refused = Store::open(&config).map(|_| ());
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
        fs::write(&path, &whole).unwrap();
        let store = Store::open(&config).unwrap();
        assert_eq!(seqs(&store).await.len(), 62);
        store.close().await;
    });
}

#[test]
fn a_database_of_a_later_version_is_left_alone() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(dir.path());
        founded(&config).await.close().await;
        let conn = Connection::open(dir.path().join("leeward.db")).unwrap();
        conn.pragma_update(None, "user_version", 9_999).unwrap();
        drop(conn);
        let Err(StoreError::Unusable(words)) = Store::open(&config).map(|_| ()) else {
            panic!("opened")
        };
        assert!(words.contains("later version"), "{words}");
    });
}

#[test]
fn one_commit_serves_many_writers() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let store = founded(&SqliteConfig::new(dir.path())).await;
        let before = store.figures().await.unwrap();
        let tasks = tokio::task::LocalSet::new();
        for n in 0..400 {
            let store = store.clone();
            tasks.spawn_local(async move {
                say(&store, &format!("n{n}"), "at once").await.unwrap();
            });
        }
        tasks.await;
        let after = store.figures().await.unwrap();
        let rose = |name: &str| after[name] - before[name];
        assert_eq!(rose("writes"), 400);
        assert!(rose("commits") <= 20, "{} commits", rose("commits"));
        assert_eq!(seqs(&store).await, (1..=402).collect::<Vec<_>>());
        store.close().await;
    });
}
