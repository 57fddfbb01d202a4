//! The keys of TLS session tickets, which survive a restart.
//!
//! A full handshake costs ten times what a resumed one does, and after a restart everybody shakes
//! hands at once: that is when tickets have to open. The secret is kept in the store and replaced
//! twice a day; the one before it still opens what it sealed, and the one before that is nowhere any
//! more. The key is derived from the secret, so that the secret itself seals nothing. Never logs one.

use crate::node::{Node, StartError, secret};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use leeward_core::id::Millis;
use leeward_store::Note;
use rustls::server::ProducesTickets;
use std::sync::{Arc, RwLock};

/// How long a secret seals, in milliseconds: it opens as long again, so that what somebody recorded
/// can be read with a stolen database for a day at most.
const ROTATE_MS: u64 = 12 * 3_600_000;
/// What the client is told of how long a ticket is good.
const LIFETIME_S: u32 = (ROTATE_MS / 1_000) as u32;
/// Bytes at the head of a ticket that name its key.
const NAME_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;
/// One secret as it is kept: when it was made, then itself.
const KEPT_BYTES: usize = 8 + SECRET_BYTES;
/// What the key is derived for; another purpose has another text.
const CONTEXT: &str = "leeward 2026-11 TLS session tickets: AES-256-GCM key";
const NAME_CONTEXT: &str = "leeward 2026-11 TLS session tickets: name of the key";

/// Seals and opens session tickets.
pub(crate) struct Tickets {
    /// The one that seals, then the one before it.
    keys: RwLock<Vec<Arc<Key>>>,
}

struct Key {
    kept: [u8; KEPT_BYTES],
    name: [u8; NAME_BYTES],
    aead: RandomizedNonceKey,
}

impl Tickets {
    /// With the secrets that the store keeps, or the first one.
    pub(crate) async fn open(node: &Node) -> Result<Arc<Self>, StartError> {
        let kept = node.store.note(Note::TlsTickets).await?.unwrap_or_default();
        let tickets = Arc::new(Self::of(&kept));
        tickets.rotate(node).await?;
        Ok(tickets)
    }

    fn of(kept: &[u8]) -> Self {
        let keys = kept.as_chunks::<KEPT_BYTES>().0.iter().take(2);
        Self { keys: RwLock::new(keys.filter_map(|kept| Key::of(*kept)).map(Arc::new).collect()) }
    }

    /// Makes another secret current when it is time.
    pub(crate) async fn rotate(&self, node: &Node) -> Result<(), StartError> {
        let now = node.now();
        if let Some(keys) = self.due(now, secret) {
            // On disk first: a ticket that is given out opens after a restart.
            let kept = keys.iter().flat_map(|key| key.kept).collect();
            node.store.keep_note(Note::TlsTickets, kept).await?;
            *self.keys.write().expect("nothing panics while it holds this lock") = keys;
        }
        Ok(())
    }

    /// The keys from here on, when it is time for others. A clock that was turned back is no reason
    /// to keep a secret for longer.
    fn due(
        &self,
        now: Millis,
        secret: impl FnOnce() -> [u8; SECRET_BYTES],
    ) -> Option<Vec<Arc<Key>>> {
        let keys = self.keys.read().expect("nothing panics while it holds this lock");
        let fresh = |key: &&Arc<Key>, most_ms| now.0.abs_diff(key.made().0) < most_ms;
        if keys.first().is_some_and(|key| fresh(&key, ROTATE_MS)) {
            return None;
        }
        let mut kept = [0; KEPT_BYTES];
        kept[..8].copy_from_slice(&now.0.to_be_bytes());
        kept[8..].copy_from_slice(&secret());
        let current = Key::of(kept).map(Arc::new);
        let previous = keys.first().filter(|key| fresh(key, 2 * ROTATE_MS)).cloned();
        Some(current.into_iter().chain(previous).collect())
    }
}

impl Key {
    fn of(kept: [u8; KEPT_BYTES]) -> Option<Self> {
        let secret = &kept[8..];
        let name = blake3::derive_key(NAME_CONTEXT, secret);
        let name = *name.first_chunk().expect("a BLAKE3 hash has 32 bytes");
        let key = blake3::derive_key(CONTEXT, secret);
        Some(Self { kept, name, aead: RandomizedNonceKey::new(&AES_256_GCM, &key).ok()? })
    }

    fn made(&self) -> Millis {
        let made = *self.kept.first_chunk().expect("its first eight bytes are the time");
        Millis(u64::from_be_bytes(made))
    }

    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = plain.to_vec();
        let nonce = self.aead.seal_in_place_append_tag(Aad::from(self.name), &mut sealed).ok()?;
        Some([&self.name[..], &nonce.as_ref()[..], &sealed].concat())
    }

    fn open(&self, nonce: [u8; NONCE_LEN], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = self.aead.open_in_place(nonce, Aad::from(self.name), &mut sealed).ok()?;
        Some(plain.to_vec())
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tickets")
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME_S
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let keys = self.keys.read().expect("nothing panics while it holds this lock");
        keys.first()?.seal(plain)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME_BYTES>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let keys = self.keys.read().expect("nothing panics while it holds this lock");
        keys.iter().find(|key| key.name == *name)?.open(*nonce, sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Millis = Millis(1_795_000_000_000);

    fn turned(tickets: &Tickets, at: Millis, secret: u8) -> Vec<u8> {
        if let Some(keys) = tickets.due(at, || [secret; SECRET_BYTES]) {
            *tickets.keys.write().expect("nobody else has it") = keys;
        }
        let keys = tickets.keys.read().expect("nobody else has it");
        keys.iter().flat_map(|key| key.kept).collect()
    }

    #[test]
    fn what_was_sealed_before_a_restart_opens_after_it() {
        let before = Tickets::of(&[]);
        let kept = turned(&before, START, 1);
        let ticket = before.encrypt(b"the state of a session").expect("it seals");
        let after = Tickets::of(&kept);
        assert_eq!(after.decrypt(&ticket).as_deref(), Some(&b"the state of a session"[..]));
        let other = Tickets::of(&[]);
        turned(&other, START, 2);
        assert_eq!(other.decrypt(&ticket), None, "a ticket of another secret");
    }

    #[test]
    fn a_ticket_opens_under_the_previous_key_and_not_under_the_one_before() {
        let tickets = Tickets::of(&[]);
        turned(&tickets, START, 1);
        let ticket = tickets.encrypt(b"state").expect("it seals");
        turned(&tickets, Millis(START.0 + ROTATE_MS - 1), 2);
        assert_eq!(tickets.encrypt(b"x").expect("it seals")[..8], ticket[..8], "not yet");
        turned(&tickets, Millis(START.0 + ROTATE_MS), 2);
        assert_ne!(tickets.encrypt(b"x").expect("it seals")[..8], ticket[..8], "another");
        assert_eq!(tickets.decrypt(&ticket).as_deref(), Some(&b"state"[..]));
        let kept = turned(&tickets, Millis(START.0 + 2 * ROTATE_MS), 3);
        assert_eq!(tickets.decrypt(&ticket), None);
        assert!(!kept.windows(SECRET_BYTES).any(|w| w == [1; SECRET_BYTES]), "it is forgotten");
    }

    #[test]
    fn a_secret_that_is_too_old_opens_nothing_and_a_clock_turned_back_replaces_it() {
        for at in [START.0 + 3 * ROTATE_MS, START.0 - 3 * ROTATE_MS] {
            let tickets = Tickets::of(&[]);
            turned(&tickets, START, 1);
            let ticket = tickets.encrypt(b"state").expect("it seals");
            turned(&tickets, Millis(at), 2);
            assert_eq!(tickets.decrypt(&ticket), None);
        }
    }

    #[test]
    fn what_is_not_a_ticket_opens_nothing() {
        let tickets = Tickets::of(&[7; 3 * KEPT_BYTES + 5]);
        turned(&tickets, START, 1);
        let ticket = tickets.encrypt(b"state").expect("it seals");
        for length in 0..ticket.len() {
            assert_eq!(tickets.decrypt(&ticket[..length]), None, "{length}");
        }
        for bit in 0..ticket.len() * 8 {
            let mut forged = ticket.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(tickets.decrypt(&forged), None, "bit {bit}");
        }
    }
}
