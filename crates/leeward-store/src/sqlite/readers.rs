//! The threads that read. Each has its own connection that cannot write, and answers every question
//! from one read transaction: what it sees is one state, however long it looks.

use super::queue::{Queue, Served};
use crate::error::StoreError;
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::oneshot;

pub(super) type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

/// How much the threads stand back: they get about a quarter of a core that somebody else wants.
const NICE: i32 = 5;

/// The line before the readers.
#[derive(Clone)]
pub(super) struct Reads(pub(super) Arc<Queue<ReadJob>>);

impl Reads {
    pub(super) fn new(jobs_max: usize) -> Self {
        Self(Arc::new(Queue::new(jobs_max, usize::MAX)))
    }

    /// Has something read.
    pub(super) async fn read<T, F>(&self, look: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = move |conn: &Connection| {
            // Whoever asked has gone away meanwhile: a storm of them must not be read for.
            if !reply.is_closed() {
                let _ = reply.send(at_one_state(conn, look));
            }
        };
        self.0.push(Box::new(job), 0)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Serves the line until it is closed and empty.
    pub(super) fn run(self, conn: &Connection) {
        // Posting goes before reading, where the system allows it: what is posted is read by many.
        let _ = rustix::process::nice(NICE);
        let served = Served(self.0);
        while let Some(job) = served.0.take() {
            job(conn);
        }
    }
}

/// Reads everything from one state of the database.
pub(super) fn at_one_state<T>(
    conn: &Connection,
    look: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    conn.prepare_cached("BEGIN")?.execute([])?;
    let seen = look(conn);
    // A read transaction holds no changes: ending it cannot lose any.
    let _ = conn.prepare_cached("ROLLBACK")?.execute([]);
    seen
}
