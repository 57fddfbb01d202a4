//! The audit log: what those have done who may do more than others.

use super::Sqlite;
use crate::error::StoreError;
use crate::records::{AuditEntry, NewAudit};
use leeward_core::id::{AccountId, Millis};

impl Sqlite {
    pub(crate) async fn audit(&self, entry: NewAudit) -> Result<u64, StoreError> {
        self.change(move |tx| {
            tx.conn
                .prepare_cached(
                    "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((
                    entry.at.0,
                    entry.by.map(|by| by.0),
                    &entry.action,
                    &entry.subject,
                    &entry.detail,
                ))?;
            Ok(tx.conn.last_insert_rowid().unsigned_abs())
        })
        .await
    }

    pub(crate) async fn audit_log(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT id, at, actor, action, subject, detail FROM audit
                 WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let entries = statement.query_map((before, limit), |row| {
                let entry = NewAudit {
                    at: Millis(row.get(1)?),
                    by: row.get::<_, Option<u64>>(2)?.map(AccountId),
                    action: row.get(3)?,
                    subject: row.get(4)?,
                    detail: row.get(5)?,
                };
                Ok(AuditEntry { id: row.get(0)?, entry })
            })?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
        .await
    }
}
