//! Signing in (RFC 4422).

/// What binds a sign-in to the TLS connection below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Binding {
    /// `tls-exporter` (RFC 9266): 32 bytes.
    Exporter([u8; 32]),
}

/// What is kept of a password for SCRAM (RFC 5802, section 3): nobody can sign in with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scram {
    /// The salt of both.
    pub salt: [u8; 16],
    /// Rounds of both.
    pub iterations: u32,
    /// For SCRAM-SHA-1: stored key and server key.
    pub sha1: ([u8; 20], [u8; 20]),
    /// For SCRAM-SHA-256: stored key and server key.
    pub sha256: ([u8; 32], [u8; 32]),
}
