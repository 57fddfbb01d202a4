//! Opening the data directory: the lock on it, the connections, the threads.

use super::readers::Reads;
use super::search::Search;
use super::writer::{Writer, Writes, checkpoint};
use super::{Inner, Sqlite, migrate, workspace};
use crate::error::StoreError;
use crate::store::SqliteConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

pub(super) const DATABASE: &str = "leeward.db";
pub(super) const SEARCH: &str = "search.db";
pub(super) const FILES: &str = "files";
const LOCK: &str = "lock";

/// Longest wait for another process that holds the database, such as a backup tool.
const BUSY_MS: u64 = 1_000;
/// Jobs and bytes that may wait for the writer: some half a second of its work.
const WRITES_MAX: usize = 16_384;
const WRITES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Questions that may wait for the readers: some second of their work.
const READS_MAX: usize = 16_384;
/// Pages in the write-ahead log from which copying them into the database begins: 4 MiB.
const CHECKPOINT_PAGES: u64 = 1_024;

impl Sqlite {
    pub(crate) fn open(config: &SqliteConfig) -> Result<Self, StoreError> {
        let dir = config.dir.clone();
        fs::create_dir_all(dir.join(FILES)).map_err(|e| unusable(&dir, &e))?;
        let lock = lock(&dir)?;
        let path = dir.join(DATABASE);
        let mut conn = writing(&path)?;
        if config.pages_max > 0 {
            conn.pragma_update(None, "max_page_count", config.pages_max)?;
        }
        migrate::migrate(&mut conn)?;
        workspace::found(&conn)?;

        let writes = Writes::new(WRITES_MAX, WRITES_BYTES_MAX);
        let reads = Reads::new(READS_MAX);
        let mut threads = Vec::new();
        for _ in 0..config.readers.max(1) {
            let (reads, conn) = (reads.clone(), reading(&path)?);
            threads.push(thread("store-read", move || reads.run(&conn))?);
        }
        let search = Search::open(&dir, &mut threads)?;
        let checkpoints = Checkpoints::open(&path, &mut threads)?;
        let (pokes, news, figures) = (checkpoints.clone(), search.clone(), writes.figures.clone());
        let committed = move || {
            if figures.wal_pages.load(std::sync::atomic::Ordering::Relaxed) > CHECKPOINT_PAGES {
                pokes.poke();
            }
            news.poke();
        };
        let writer = Writer::new(conn, writes.clone(), Box::new(committed))?;
        let serve = move || {
            writer.run();
            drop(lock);
        };
        threads.push(thread("store-write", serve)?);
        let threads = Mutex::new(threads);
        let (read, written) = Default::default();
        let inner = Inner { dir, writes, reads, search, checkpoints, read, written, threads };
        Ok(Self { inner: Arc::new(inner) })
    }
}

/// Takes the data directory for this process until the file is dropped.
fn lock(dir: &Path) -> Result<File, StoreError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join(LOCK))
        .map_err(|e| unusable(dir, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Unusable(format!(
            "another server is using the data directory {}: stop it first, or name another directory",
            dir.display()
        ))),
        Err(fs::TryLockError::Error(e)) => Err(unusable(dir, &e)),
    }
}

pub(super) fn unusable(path: &Path, e: &std::io::Error) -> StoreError {
    if e.kind() == std::io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Unusable(format!("{} cannot be used: {e}", path.display()))
}

pub(super) fn thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map_err(|e| StoreError::Unusable(format!("no thread to be had: {e}")))
}

/// A connection that writes, in the mode that makes a commit durable.
pub(super) fn writing(path: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
    conn.set_prepared_statement_cache_capacity(256);
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // 64 MiB: the pages that appends of a busy day touch.
    conn.pragma_update(None, "cache_size", -65_536)?;
    Ok(conn)
}

/// A connection that can only read.
pub(super) fn reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
    conn.set_prepared_statement_cache_capacity(256);
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -16_384)?;
    Ok(conn)
}

/// Wakes the thread that copies the write-ahead log into the database, beside the writer.
#[derive(Clone)]
pub(super) struct Checkpoints(Arc<Mutex<Option<SyncSender<()>>>>);

impl Checkpoints {
    fn open(path: &Path, threads: &mut Vec<JoinHandle<()>>) -> Result<Self, StoreError> {
        let (poke, pokes) = sync_channel(1);
        let conn = writing(path)?;
        let path = path.to_owned();
        threads.push(thread("store-checkpoint", move || checkpoint_when(&conn, &pokes, &path))?);
        Ok(Self(Arc::new(Mutex::new(Some(poke)))))
    }

    fn poke(&self) {
        if let Some(poke) = &*self.0.lock().expect("nobody panics while holding it") {
            match poke.try_send(()) {
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        }
    }

    pub(super) fn close(&self) {
        self.0.lock().expect("nobody panics while holding it").take();
    }
}

fn checkpoint_when(conn: &Connection, pokes: &Receiver<()>, path: &Path) {
    while pokes.recv().is_ok() {
        if let Err(e) = checkpoint(conn) {
            tracing::warn!(error = %e, database = %path.display(), "the write-ahead log could not be folded in");
        }
    }
}
