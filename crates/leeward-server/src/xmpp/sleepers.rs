//! What can be taken up again (XEP-0198), on whichever shard its client comes back to.
//!
//! A session is known by the id that its client holds, which is sealed: a forged one costs a MAC. Its
//! connection may still seem alive when its client comes back; then that is ended first, and what it
//! leaves is waited for.

use leeward_core::hub::Who;
use leeward_core::id::{AccountId, Instant};
use leeward_store::{Note, Store, StoreError};
use leeward_xmpp::station::Asleep;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// How long a session sleeps before it is forgotten, in milliseconds: XMPP clients come back within
/// five minutes if they can.
pub(crate) const SLEEP_MS: u64 = 10 * 60_000;
/// Sessions that sleep; beyond, those that sleep longest are forgotten.
const SLEEPERS_MAX: usize = 100_000;
/// Bytes that are kept of all of them for the next start: the shortest first, so that none can use it up.
pub(super) const KEPT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The sessions of a node that can be taken up again.
#[derive(Default)]
pub(crate) struct Sleepers {
    inner: Mutex<Inner>,
    came: Notify,
}

#[derive(Default)]
struct Inner {
    asleep: BTreeMap<String, (Box<Asleep>, Instant)>,
    /// Those that have a connection, by their id.
    awake: BTreeMap<String, Who>,
    swept: Instant,
}

impl Sleepers {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds this lock")
    }

    /// A session that can be taken up again has a connection.
    pub(crate) fn woke(&self, id: &str, who: Who) {
        self.inner().awake.insert(id.to_owned(), who);
    }

    /// A session sleeps from here on.
    pub(crate) fn lie_down(&self, asleep: Box<Asleep>, now: Instant) {
        let mut inner = self.inner();
        inner.awake.remove(asleep.id());
        if now.ms_since(inner.swept) >= SLEEP_MS / 20 || inner.asleep.len() >= SLEEPERS_MAX {
            inner.swept = now;
            inner.asleep.retain(|_, (_, since)| now.ms_since(*since) < SLEEP_MS);
        }
        if inner.asleep.len() < SLEEPERS_MAX {
            inner.asleep.insert(asleep.id().to_owned(), (asleep, now));
        }
        drop(inner);
        self.came.notify_waiters();
    }

    /// A session has no connection any more.
    pub(crate) fn got_up(&self, id: &str) {
        self.inner().awake.remove(id);
        self.came.notify_waiters();
    }

    /// Takes what sleeps under this id.
    pub(crate) fn take(&self, id: &str, now: Instant) -> Option<Box<Asleep>> {
        let (asleep, since) = self.inner().asleep.remove(id)?;
        (now.ms_since(since) < SLEEP_MS).then_some(asleep)
    }

    /// Whose connection has the session of this id.
    pub(crate) fn awake(&self, id: &str) -> Option<Who> {
        self.inner().awake.get(id).copied()
    }

    /// What some session's lying down ends.
    pub(crate) fn change(&self) -> Notified<'_> {
        self.came.notified()
    }

    /// Keeps what sleeps for the next start.
    pub(crate) async fn keep(&self, store: &Store) -> Result<(), StoreError> {
        let asleep = self.inner().asleep.values().map(|(asleep, _)| asleep.to_bytes()).collect();
        store.keep_note(Note::Sleepers, packed(asleep, KEPT_BYTES_MAX)).await
    }

    /// Reads what slept when the node before this one stopped, and forgets it: what is kept of a session
    /// is good for one start, because its client goes on from there.
    pub(crate) async fn open(store: &Store) -> Result<Self, StoreError> {
        let kept = store.note(Note::Sleepers).await?.unwrap_or_default();
        let sleepers = Self::default();
        let mut rest = &kept[..];
        while let Some(one) = part(&mut rest) {
            if let Some(asleep) = Asleep::read(one) {
                sleepers.lie_down(Box::new(asleep), Instant(0));
            }
        }
        if !kept.is_empty() {
            store.keep_note(Note::Sleepers, Vec::new()).await?;
        }
        Ok(sleepers)
    }

    /// Nothing of an account can be taken up any more.
    pub(crate) fn forget(&self, account: AccountId) {
        self.inner().asleep.retain(|_, (asleep, _)| asleep.bound.account != account);
    }
}

/// Each behind its length, as many as fit, the shortest first.
pub(super) fn packed(mut sessions: Vec<Vec<u8>>, bytes_max: usize) -> Vec<u8> {
    sessions.sort_by_key(Vec::len);
    let mut bytes = Vec::new();
    for one in sessions.into_iter().take(SLEEPERS_MAX) {
        if bytes.len() + 8 + one.len() > bytes_max {
            tracing::warn!("XMPP clients of which much is kept begin anew after the next start");
            break;
        }
        put(&mut bytes, &one);
    }
    bytes
}

/// Adds bytes behind their length.
pub(super) fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
    bytes.extend_from_slice(part);
}

/// The next bytes that were put there, if they are whole.
pub(super) fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_all_is_bounded_and_one_of_which_there_is_much_costs_nobody_else_theirs() {
        let sessions = || vec![vec![1; 300], vec![2; 20], vec![3; 10]];
        let two = [&10u64.to_be_bytes()[..], &[3; 10], &20u64.to_be_bytes(), &[2; 20]].concat();
        assert_eq!(packed(sessions(), two.len()), two);
        assert_eq!(packed(sessions(), two.len() + 307), two);
        assert_eq!(packed(sessions(), two.len() + 308).len(), two.len() + 308);
        assert_eq!(packed(sessions(), two.len() - 1), two[..18]);
    }
}
