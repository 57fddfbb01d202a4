//! The one thread that writes, and group commit: what stands in line goes into one transaction, and
//! whoever waits is answered after its commit has reached the disk, never before.
//!
//! A batch is what came while the last one was committed, at most 512 jobs or 2 ms of work. A job
//! that can fail midway runs in a savepoint of its own; the others check everything before they
//! write. When the transaction itself fails, nothing of it was stored and everybody is told so.

use super::cache::Cache;
use super::queue::{Queue, Served};
use crate::error::StoreError;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Most jobs in one transaction: beyond, the commit is a small part of the cost and latency suffers.
const BATCH_JOBS_MAX: usize = 512;
/// Longest time a transaction stays open for further jobs.
const BATCH_WORK_MAX: Duration = Duration::from_millis(2);
/// Longest wait for those answered by the last batch to come back with their next job; under load
/// they all do, and one commit then serves them all.
const GATHER_MAX: Duration = Duration::from_millis(1);
/// Pages in the write-ahead log above which it is emptied between two batches, as a last resort: 64 MiB.
const WAL_PAGES_MAX: u64 = 16_384;

/// What a job writes through.
pub(super) struct Tx<'w> {
    pub(super) conn: &'w Connection,
    pub(super) cache: &'w mut Cache,
}

/// Something to be written.
pub(super) trait WriteJob: Send {
    /// Does it. `Err` from a job that is not guarded means that it has written nothing, unless the
    /// database itself failed.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError>;
    /// It may fail after it has written something.
    fn guarded(&self) -> bool;
    /// Tells whoever waits, after the commit or instead of it.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Job<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    guarded: bool,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> WriteJob for Job<T, F>
where
    T: Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let work = self.work.take().expect("a job runs once");
        let outcome = work(tx);
        let verdict = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        self.outcome = Some(outcome);
        verdict
    }

    fn guarded(&self) -> bool {
        self.guarded
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (committed, self.outcome) {
            (Err(e), _) => Err(e),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Closed),
        };
        // Whoever asked may have gone; what was stored stays stored.
        let _ = self.reply.send(outcome);
    }
}

/// What the writer tells the others.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) batches: AtomicU64,
    pub(super) jobs: AtomicU64,
    pub(super) wal_pages: AtomicU64,
}

/// The line before the writer.
#[derive(Clone)]
pub(super) struct Writes {
    pub(super) queue: Arc<Queue<Box<dyn WriteJob>>>,
    pub(super) figures: Arc<Figures>,
}

impl Writes {
    pub(super) fn new(jobs_max: usize, bytes_max: usize) -> Self {
        Self { queue: Arc::new(Queue::new(jobs_max, bytes_max)), figures: Arc::default() }
    }

    /// Has something written. `bytes` is what the job holds in memory while it waits.
    pub(super) async fn write<T, F>(
        &self,
        guarded: bool,
        bytes: usize,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Job { work: Some(work), outcome: None, guarded, reply };
        self.queue.push(Box::new(job), bytes + JOB_BYTES)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// What a waiting job takes besides its contents, in bytes.
const JOB_BYTES: usize = 256;

/// The writer thread's own.
pub(super) struct Writer {
    conn: Connection,
    cache: Cache,
    writes: Writes,
    /// Called after each commit that stored something.
    committed: Box<dyn Fn() + Send>,
    last_batch: usize,
}

impl Writer {
    pub(super) fn new(
        mut conn: Connection,
        writes: Writes,
        committed: Box<dyn Fn() + Send>,
    ) -> Result<Self, StoreError> {
        let figures = writes.figures.clone();
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            figures.wal_pages.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let cache = Cache::new(&conn)?;
        Ok(Self { conn, cache, writes, committed, last_batch: 0 })
    }

    /// Serves the line until it is closed and empty.
    pub(super) fn run(mut self) {
        let served = Served(self.writes.queue.clone());
        while let Some(first) = served.0.take() {
            let mut jobs = vec![first];
            if self.last_batch > 8 {
                served.0.gather(self.last_batch * 3 / 4, GATHER_MAX);
            }
            served.0.take_more(&mut jobs, BATCH_JOBS_MAX);
            self.batch(jobs);
        }
        // The journal is folded in and statistics are kept, so that the next start is quick. Failing
        // this loses nothing.
        let _ = self.conn.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
    }

    fn batch(&mut self, mut jobs: Vec<Box<dyn WriteJob>>) {
        let before = self.conn.total_changes();
        let done = self.transact(&mut jobs);
        if done.is_err() {
            // Nothing can be done about a failing rollback: the transaction is gone already.
            let _ = self.conn.execute_batch("ROLLBACK");
            self.cache.forget();
        }
        self.last_batch = jobs.len();
        self.writes.figures.batches.fetch_add(1, Ordering::Relaxed);
        self.writes.figures.jobs.fetch_add(jobs.len() as u64, Ordering::Relaxed);
        if done.is_ok() && self.conn.total_changes() != before {
            (self.committed)();
        }
        for job in jobs {
            job.answer(done.clone());
        }
        if self.writes.figures.wal_pages.load(Ordering::Relaxed) > WAL_PAGES_MAX {
            // The checkpoint thread has not kept up. With no writer in its way it can finish; the
            // journal then starts from its beginning unless a reader still needs it.
            let _ = checkpoint(&self.conn);
        }
    }

    fn transact(&mut self, jobs: &mut Vec<Box<dyn WriteJob>>) -> Result<(), StoreError> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let began = Instant::now();
        let mut at = 0;
        while at < jobs.len() {
            self.one(&mut jobs[at])?;
            at += 1;
            if at == jobs.len() && began.elapsed() < BATCH_WORK_MAX {
                self.writes.queue.take_more(jobs, BATCH_JOBS_MAX);
            }
        }
        self.cache.write_heads(&self.conn)?;
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// Runs one job. `Err`: the whole transaction is lost.
    fn one(&mut self, job: &mut Box<dyn WriteJob>) -> Result<(), StoreError> {
        let mut tx = Tx { conn: &self.conn, cache: &mut self.cache };
        if !job.guarded() {
            return match job.run(&mut tx) {
                Ok(()) | Err(StoreError::Refused(_)) => Ok(()),
                Err(e) => Err(e),
            };
        }
        tx.cache.begin_job(&self.conn)?;
        self.conn.prepare_cached("SAVEPOINT job")?.execute([])?;
        if let Err(e) = job.run(&mut tx) {
            if self.conn.is_autocommit() {
                return Err(e);
            }
            self.conn.prepare_cached("ROLLBACK TO job")?.execute([])?;
            tx.cache.forget_job();
        }
        self.conn.prepare_cached("RELEASE job")?.execute([])?;
        Ok(())
    }
}

/// Copies what it can of the write-ahead log into the database, keeping nobody waiting. Returns how
/// many pages are left in the log.
pub(super) fn checkpoint(conn: &Connection) -> Result<u64, StoreError> {
    let (pages, copied): (i64, i64) = conn
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
        .query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
    Ok(u64::try_from(pages - copied).unwrap_or(0))
}
