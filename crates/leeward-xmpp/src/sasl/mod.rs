//! Signing in (RFC 4422): what the mechanisms say and check. Never decides who may.

mod fast;
mod plain;
mod scram;

pub(crate) use fast::MECHANISMS as TOKENS;
pub use fast::{Fast, check as check_token};
pub use plain::{Plain, parse as parse_plain};
pub use scram::{Exchange, Hash, ITERATIONS, Scram, ScramError};

/// What binds a sign-in to the TLS connection below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Binding {
    /// `tls-exporter` (RFC 9266): 32 bytes.
    Exporter([u8; 32]),
}

impl Binding {
    /// Its name in SASL.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Exporter(_) => "tls-exporter",
        }
    }

    /// Its data.
    pub fn data(&self) -> &[u8] {
        match self {
            Self::Exporter(data) => data,
        }
    }
}

/// The MAC of the mechanisms of tokens, for plays that sign in by one.
#[cfg(test)]
pub(crate) fn tests_mac(key: &[u8], data: &[u8]) -> [u8; 32] {
    scram::mac256(key, data)
}
