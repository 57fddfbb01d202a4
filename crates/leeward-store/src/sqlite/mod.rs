//! The embedded back end: one database file, one thread that writes, some that read, and the index
//! for full-text search in a file of its own.
//!
//! In reading order: how work gets to the threads ([`queue`], [`writer`], [`readers`]), what the writer
//! remembers ([`cache`]), the schema ([`migrate`]), then one file per subject.

mod access;
mod accounts;
mod append;
mod archive;
mod audit;
mod backup;
mod cache;
mod codes;
mod commands;
mod copying;
mod effects;
mod events;
mod export;
mod failure;
mod files;
mod hooks;
mod import;
mod invites;
mod kept;
mod log;
mod marks;
mod membership;
mod mentions;
mod migrate;
mod notes;
mod open;
mod pages;
mod queue;
mod readers;
mod rooms;
mod search;
mod sessions;
mod state;
mod threads;
mod verify;
mod workspace;
mod writer;

pub(crate) use backup::restore;
pub(crate) use verify::verify;

use crate::error::StoreError;
use crate::health::{Deeds, Health};
use readers::Reads;
use rusqlite::Connection;
use search::Search;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;
use writer::{Tx, Writes};

/// The embedded back end. Cheap to clone; the last clone to go closes it.
#[derive(Clone)]
pub struct Sqlite {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    writes: Writes,
    reads: Reads,
    search: Search,
    checkpoints: open::Checkpoints,
    read: Deeds,
    written: Deeds,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Inner {
    fn close(&self) {
        self.writes.queue.close();
        self.reads.0.close();
        self.search.close();
        self.checkpoints.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Sqlite {
    /// Has something written that checks everything before it writes.
    async fn write<T, F>(&self, bytes: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = self.inner.writes.write(false, bytes, work).await;
        self.inner.written.note(began, outcome)
    }

    /// Has something written that may fail midway; what it wrote until then is taken back.
    async fn change<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = self.inner.writes.write(true, 0, work).await;
        self.inner.written.note(began, outcome)
    }

    async fn read<T, F>(&self, look: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = self.inner.reads.read(look).await;
        self.inner.read.note(began, outcome)
    }

    pub(crate) fn health(&self) -> Health {
        Health { reads: self.inner.read.done(), writes: self.inner.written.done() }
    }

    /// Does something that takes long on a thread of its own.
    async fn apart<T, F>(&self, name: &str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let inner = self.inner.clone();
        let spawned = std::thread::Builder::new().name(name.into()).spawn(move || {
            let _ = reply.send(work(&inner));
        });
        spawned.map_err(|e| StoreError::Unusable(format!("no thread to be had: {e}")))?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Serves what stands in line, then ends the threads and lets go of the data directory.
    pub(crate) async fn close(&self) {
        self.inner.close();
        let threads: Vec<_> =
            self.inner.threads.lock().expect("nobody panics while holding it").drain(..).collect();
        let (reply, ended) = oneshot::channel();
        let waiter = std::thread::Builder::new().name("store-close".into()).spawn(move || {
            for thread in threads {
                // A thread that panicked has ended as well.
                let _ = thread.join();
            }
            let _ = reply.send(());
        });
        if waiter.is_ok() {
            let _ = ended.await;
        }
    }

    pub(crate) async fn figures(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let counted = |conn: &Connection, sql: &str| -> Result<u64, StoreError> {
            Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        };
        let mut figures = self
            .read(move |conn| {
                Ok(BTreeMap::from([
                    ("accounts".to_owned(), counted(conn, "SELECT count(*) FROM accounts")?),
                    ("rooms".to_owned(), counted(conn, "SELECT count(*) FROM rooms")?),
                    (
                        "events".to_owned(),
                        counted(conn, "SELECT coalesce(sum(head), 0) FROM heads")?,
                    ),
                ]))
            })
            .await?;
        let writes = &self.inner.writes;
        figures.insert("writes_waiting".into(), writes.queue.len() as u64);
        figures.insert("reads_waiting".into(), self.inner.reads.0.len() as u64);
        figures.insert("commits".into(), writes.figures.batches.load(Ordering::Relaxed));
        figures.insert("writes".into(), writes.figures.jobs.load(Ordering::Relaxed));
        figures.insert("wal_pages".into(), writes.figures.wal_pages.load(Ordering::Relaxed));
        figures.insert("search_behind".into(), self.inner.search.behind());
        Ok(figures)
    }
}
