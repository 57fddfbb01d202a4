//! What SQLite says when it fails, in words for whoever called.

use crate::error::StoreError;
use leeward_core::code::Code;
use rusqlite::ErrorCode;

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        let code = e.sqlite_error_code();
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(&e),
            Some(ErrorCode::SystemIoFailure) => {
                tracing::error!(error = %e, "the disk failed");
                Self::Unusable(format!("the disk under the data directory failed: {e}"))
            }
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                Self::Unusable(format!("the data directory cannot be read and written: {e}"))
            }
            _ => {
                tracing::error!(error = %e, "the database refused a statement");
                Self::from(Code::Internal)
            }
        }
    }
}

/// The one answer to a damaged database.
pub(super) fn damaged(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!(
        "the database is damaged ({why}): stop the server, keep a copy of the data directory, and \
         bring back the last backup with `leeward restore`"
    ))
}

impl From<serde_json::Error> for StoreError {
    fn from(e: serde_json::Error) -> Self {
        damaged(&e)
    }
}
