//! How the database has answered so far: how long what it did took, and how often it failed.
//!
//! Of real operations, never of probes. A request that the rules refuse was answered well.

use crate::error::StoreError;
use leeward_core::durations::{Counts, Durations};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What became of one kind of request.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    took: Durations,
    failed: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Done {
    /// How long those took that the database answered, from being asked; waiting in line included.
    pub took: Counts,
    /// Those that it did not do: busy, full, damaged or closed.
    pub failed: u64,
}

impl Deeds {
    /// Notes what came of a request, and hands it on.
    pub(crate) fn note<T>(
        &self,
        began: Instant,
        outcome: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &outcome {
            Ok(_) | Err(StoreError::Refused(_)) => {
                self.took.add(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
            }
            Err(
                StoreError::Busy
                | StoreError::Full
                | StoreError::Unusable(_)
                | StoreError::Corrupt(_)
                | StoreError::Closed,
            ) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        outcome
    }

    pub(crate) fn done(&self) -> Done {
        Done { took: self.took.counts(), failed: self.failed.load(Ordering::Relaxed) }
    }
}

/// All requests so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Health {
    /// What was to be read.
    pub reads: Done,
    /// What was to be stored.
    pub writes: Done,
}

#[cfg(test)]
mod tests {
    use super::*;
    use leeward_core::code::Code;

    #[test]
    fn a_refused_request_was_answered_and_a_busy_database_was_not() {
        let deeds = Deeds::default();
        let now = Instant::now();
        let _ = deeds.note(now, Ok(()));
        let _ = deeds.note::<()>(now, Err(Code::NotFound.into()));
        for failure in [StoreError::Busy, StoreError::Full, StoreError::Closed] {
            let _ = deeds.note::<()>(now, Err(failure));
        }
        let done = deeds.done();
        assert_eq!((done.took.count(), done.failed), (2, 3));
    }
}
