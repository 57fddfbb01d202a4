//! All that must survive a restart, in domain words.
//!
//! In reading order: the one type ([`Store`]), what goes in and comes out ([`records`]), what can go
//! wrong ([`StoreError`]), how it has answered so far ([`Health`]), and the back end, `sqlite`. No SQL
//! type crosses this seam.
#![warn(missing_docs)]

mod error;
mod health;
pub mod records;
mod sqlite;
mod store;

pub use error::StoreError;
pub use health::{Done, Health};
pub use records::*;
pub use store::{SqliteConfig, Store};
