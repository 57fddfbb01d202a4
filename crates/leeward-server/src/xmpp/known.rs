//! Passwords that were right a moment ago, so that whoever comes back with one costs a MAC and no hash.
//!
//! What is kept is a MAC of the password under a secret of this process, which is written nowhere: a
//! copy of the database or of a backup says nothing of it. It is forgotten when the password changes.

use leeward_core::id::{AccountId, Instant};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// How long after it was last used a password is still known, in milliseconds: a working day.
const KNOWN_MS: u64 = 12 * 3_600_000;
/// Accounts of which one is known; beyond, those not used lately are forgotten.
const ACCOUNTS_MAX: usize = 200_000;

/// The passwords known.
pub(crate) struct Known {
    secret: [u8; 32],
    seen: Mutex<BTreeMap<AccountId, (blake3::Hash, Instant)>>,
}

impl Known {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self { secret, seen: Mutex::default() }
    }

    /// Whether this password of the account was right a moment ago. The comparison takes the same time
    /// wherever they differ.
    pub(crate) fn is(&self, account: AccountId, password: &str, now: Instant) -> bool {
        let mac = self.mac(account, password);
        match self.seen().get_mut(&account) {
            Some((known, used)) if now.ms_since(*used) < KNOWN_MS && *known == mac => {
                *used = now;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Whether any password of the account was right a moment ago.
    pub(crate) fn has(&self, account: AccountId) -> bool {
        self.seen().contains_key(&account)
    }

    /// This password was right.
    pub(crate) fn note(&self, account: AccountId, password: &str, now: Instant) {
        let mac = self.mac(account, password);
        let mut seen = self.seen();
        if seen.len() >= ACCOUNTS_MAX {
            seen.retain(|_, (_, used)| now.ms_since(*used) < KNOWN_MS / 12);
        }
        if seen.len() < ACCOUNTS_MAX {
            seen.insert(account, (mac, now));
        }
    }

    /// No password of the account is known any more.
    pub(crate) fn forget(&self, account: AccountId) {
        self.seen().remove(&account);
    }

    fn mac(&self, account: AccountId, password: &str) -> blake3::Hash {
        let mut mac = blake3::Hasher::new_keyed(&self.secret);
        mac.update(&account.0.to_be_bytes()).update(password.as_bytes()).finalize()
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<AccountId, (blake3::Hash, Instant)>> {
        self.seen.lock().expect("nothing panics while it holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_for_a_day_of_work_and_until_it_is_changed() {
        let (known, now) = (Known::new([1; 32]), Instant(5));
        let account = AccountId(1);
        assert!(!known.is(account, "correct horse", now));
        known.note(account, "correct horse", now);
        assert!(known.is(account, "correct horse", now) && known.has(account));
        assert!(!known.is(account, "battery staple", now));
        assert!(!known.is(AccountId(2), "correct horse", now), "another's");
        let late = now.plus_ms(KNOWN_MS);
        assert!(!known.is(account, "correct horse", late));
        known.note(account, "correct horse", late);
        known.forget(account);
        assert!(!known.is(account, "correct horse", late));
    }
}
