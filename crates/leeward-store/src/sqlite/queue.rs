//! The waiting line before a database thread: bounded in jobs and in bytes, closed once.

use crate::error::StoreError;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Jobs on their way to the threads that take them.
pub(super) struct Queue<J> {
    line: Mutex<Line<J>>,
    ready: Condvar,
    jobs_max: usize,
    bytes_max: usize,
}

struct Line<J> {
    jobs: VecDeque<(J, usize)>,
    bytes: usize,
    /// Whoever waits is woken only when so many jobs are here: gathering a batch costs one wake-up.
    wanted: usize,
    closed: bool,
}

impl<J> Queue<J> {
    pub(super) fn new(jobs_max: usize, bytes_max: usize) -> Self {
        let line = Line { jobs: VecDeque::new(), bytes: 0, wanted: 1, closed: false };
        Self { line: Mutex::new(line), ready: Condvar::new(), jobs_max, bytes_max }
    }

    /// Puts a job at the end of the line.
    pub(super) fn push(&self, job: J, bytes: usize) -> Result<(), StoreError> {
        let mut line = self.line();
        if line.closed {
            return Err(StoreError::Closed);
        }
        if line.jobs.len() >= self.jobs_max || line.bytes + bytes > self.bytes_max {
            return Err(StoreError::Busy);
        }
        line.bytes += bytes;
        line.jobs.push_back((job, bytes));
        let wake = line.jobs.len() >= line.wanted;
        drop(line);
        if wake {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Waits for the first of the line. `None`: closed and empty.
    pub(super) fn take(&self) -> Option<J> {
        let mut line = self.line();
        loop {
            if let Some(job) = line.pop() {
                return Some(job);
            }
            if line.closed {
                return None;
            }
            line = self.ready.wait(line).expect("nobody panics while holding the line");
        }
    }

    /// Takes what stands in line, without waiting, at most `jobs_max`.
    pub(super) fn take_more(&self, into: &mut Vec<J>, jobs_max: usize) {
        let mut line = self.line();
        while into.len() < jobs_max {
            let Some(job) = line.pop() else { break };
            into.push(job);
        }
    }

    /// Waits until so many jobs stand in line, but not for longer than `most`. For a queue with one
    /// thread behind it.
    pub(super) fn gather(&self, jobs: usize, most: Duration) {
        let until = Instant::now() + most;
        let mut line = self.line();
        line.wanted = jobs;
        while line.jobs.len() < jobs && !line.closed {
            let Some(left) = until.checked_duration_since(Instant::now()) else { break };
            let waited = self.ready.wait_timeout(line, left);
            line = waited.expect("nobody panics while holding the line").0;
        }
        line.wanted = 1;
    }

    /// Lets nobody else in; those in line are served.
    pub(super) fn close(&self) {
        self.line().closed = true;
        self.ready.notify_all();
    }

    /// Jobs in line.
    pub(super) fn len(&self) -> usize {
        self.line().jobs.len()
    }

    fn line(&self) -> MutexGuard<'_, Line<J>> {
        self.line.lock().expect("nobody panics while holding the line")
    }
}

impl<J> Line<J> {
    fn pop(&mut self) -> Option<J> {
        let (job, bytes) = self.jobs.pop_front()?;
        self.bytes -= bytes;
        Some(job)
    }
}

/// Closes the queue when the thread that serves it ends, however it ends, and drops those in line:
/// whoever waits for them is told.
pub(super) struct Served<J>(pub(super) std::sync::Arc<Queue<J>>);

impl<J> Drop for Served<J> {
    fn drop(&mut self) {
        self.0.close();
        self.0.line().jobs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_line_says_busy_and_a_closed_one_closed() {
        let queue = Queue::new(2, 100);
        queue.push(1, 60).unwrap();
        assert_eq!(queue.push(2, 60), Err(StoreError::Busy), "too many bytes");
        queue.push(3, 40).unwrap();
        assert_eq!(queue.push(4, 0), Err(StoreError::Busy), "too many jobs");
        queue.close();
        assert_eq!(queue.push(5, 0), Err(StoreError::Closed));
        assert_eq!((queue.take(), queue.take(), queue.take()), (Some(1), Some(3), None));
    }
}
