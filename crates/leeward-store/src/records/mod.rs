//! What goes into the store and what comes out, in the words of the domain.

mod accounts;
mod commands;
mod log;
mod rooms;
mod transfer;
mod workspace;

pub use accounts::{
    BotToken, Credentials, IndexEntry, Invite, NewAccount, NewInvite, NewSession, Redeemed,
    Session, SessionRecord,
};
pub use commands::{Command, NewCommand};
pub use log::{
    Append, Appended, Author, FinishedUpload, Hit, LoadedRoom, Page, PageFrom, PageQuery, Revision,
    StoredFile, ThreadSummary,
};
pub use rooms::{Access, Membership, ReadMark, RoomChange, RoomListing, Versioned};
pub use transfer::{
    BackupReport, ExportReport, Import, ImportFile, ImportReaction, Imported, VerifyReport,
};
pub use workspace::{AuditEntry, Hook, KeyMaterial, NewAudit, NewHook, Note};
