//! What can go wrong in the store, by what the caller does next.

use leeward_core::code::{Code, Refusal};

/// Why the store did not do what was asked. Nothing of the request was stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// Too much is waiting, or another process holds the database: try again shortly.
    Busy,
    /// The disk is full: nothing can be stored until the operator makes room. Reading works.
    Full,
    /// The request itself may not or cannot be done.
    Refused(Refusal),
    /// The data directory cannot be used as it stands; the words say what to do about it.
    Unusable(String),
    /// The database is damaged; the words say what to do about it.
    Corrupt(String),
    /// The store has been closed.
    Closed,
}

impl StoreError {
    /// A refusal that says more than its code does.
    pub fn because(code: Code, message: impl Into<String>) -> Self {
        Self::Refused(Refusal::because(code, message))
    }
}

impl From<Code> for StoreError {
    fn from(code: Code) -> Self {
        Self::Refused(Refusal::new(code))
    }
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Refusal {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Refused(refusal) => refusal,
            StoreError::Full => Self::new(Code::StoreFull),
            StoreError::Busy | StoreError::Closed => Self::new(Code::StoreBusy),
            StoreError::Unusable(_) | StoreError::Corrupt(_) => Self::new(Code::Internal),
        }
    }
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy => f.write_str("the database is busy; nothing was stored"),
            Self::Full => f.write_str("the disk is full; nothing was stored"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unusable(words) | Self::Corrupt(words) => f.write_str(words),
            Self::Closed => f.write_str("the store is closed"),
        }
    }
}

impl std::error::Error for StoreError {}
