//! What XMPP clients keep with the server, the devices that they run on, and what is kept of their
//! sessions until the next start.

use super::Stage;
use super::stage::*;
use leeward_core::code::Code;
use leeward_core::id::{AccountId, Millis, SessionId};
use leeward_store::{NewSession, Note, SqliteConfig, Store};

/// As many keys as an account may have.
const KEYS_MAX: usize = 200;
/// As many bytes as all their values may have.
const BYTES_MAX: usize = 1024 * 1024;
/// As many devices as an account may have.
const DEVICES_MAX: usize = 100;

async fn keep(store: &Store, who: AccountId, key: &str, value: &str) {
    store.keep_for_clients(who, key.into(), value.into()).await.unwrap();
}

async fn kept(store: &Store, who: AccountId, prefix: &str) -> Vec<(String, String)> {
    store.kept_for_clients(who, prefix.into()).await.unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(crate) async fn what_is_kept_for_clients_is_found_by_how_its_key_begins(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let (member, other) = (MEMBER.account, OTHER.account);
    for (key, value) in [("x/b", "2"), ("x/a", "1"), ("x%", "3"), ("x_", "4"), ("\u{fc}/a", "5")] {
        keep(&store, member, key, value).await;
    }
    keep(&store, other, "x/a", "another's").await;
    let both = pairs(&[("x/a", "1"), ("x/b", "2")]);
    assert_eq!(kept(&store, member, "x/").await, both, "in the order of their keys");
    assert_eq!(kept(&store, member, "x%").await, pairs(&[("x%", "3")]), "no pattern");
    assert_eq!(kept(&store, member, "x_").await, pairs(&[("x_", "4")]), "no pattern");
    assert_eq!(kept(&store, member, "X/").await, [], "case counts");
    assert_eq!(kept(&store, member, "\u{fc}/").await, pairs(&[("\u{fc}/a", "5")]));
    assert_eq!(kept(&store, member, "").await.len(), 5, "all, and none of another's");
    assert_eq!(kept(&store, GUEST.account, "").await, []);
}

pub(crate) async fn what_is_kept_last_is_what_is_kept_and_nothing_forgets_it(stage: &Stage) {
    stage.people().await;
    let member = MEMBER.account;
    let store = stage.store();
    keep(&store, member, "nick", "first").await;
    keep(&store, member, "nick", "a \u{1f600} and a \0 and a '").await;
    keep(&store, member, "gone", "soon").await;
    keep(&store, member, "gone", "").await;
    keep(&store, member, "never", "").await;
    stage.reopen().await;
    let all = kept(&stage.store(), member, "").await;
    assert_eq!(all, pairs(&[("nick", "a \u{1f600} and a \0 and a '")]));
}

pub(crate) async fn a_refusal_of_what_is_too_much_leaves_what_was_kept(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let (member, other) = (MEMBER.account, OTHER.account);
    for n in 0..KEYS_MAX {
        keep(&store, member, &format!("k{n}"), "1").await;
    }
    let more = store.keep_for_clients(member, "one more".into(), "1".into()).await;
    assert_eq!(code(more), Code::TooMany);
    keep(&store, member, "k7", "another value needs no room of its own").await;
    keep(&store, member, "k8", "").await;
    keep(&store, member, "one more", "1").await;
    // Bytes are counted and not characters: each of these is two.
    let half = "\u{fc}".repeat(BYTES_MAX / 4);
    keep(&store, other, "half", &half).await;
    let more = store.keep_for_clients(other, "rest".into(), format!("{half}x")).await;
    assert_eq!(code(more), Code::TooMany);
    keep(&store, other, "rest", &half).await;
    let longer = store.keep_for_clients(other, "rest".into(), format!("{half}x")).await;
    assert_eq!(code(longer), Code::TooMany);
    assert!(kept(&store, other, "rest").await == [("rest".to_owned(), half)], "it is as it was");
    assert_eq!(kept(&store, member, "").await.len(), KEYS_MAX, "others have their own room");
}

async fn signed_in(stage: &Stage, who: AccountId) -> SessionId {
    let at = stage.at();
    let new = NewSession {
        account: who,
        device: "a client on a phone".into(),
        at,
        expires_at: Millis(at.0 + 1_000_000_000),
    };
    stage.store().create_session(new).await.unwrap().id
}

async fn devices(stage: &Stage) -> Vec<((AccountId, String), SessionId)> {
    let mut devices = stage.store().devices().await.unwrap();
    devices.sort();
    devices
}

pub(crate) async fn a_device_is_known_by_its_last_sign_in_until_that_ends(stage: &Stage) {
    stage.people().await;
    let (member, other) = (MEMBER.account, OTHER.account);
    let (first, second) = (signed_in(stage, member).await, signed_in(stage, member).await);
    let (tablet, others) = (signed_in(stage, member).await, signed_in(stage, other).await);
    let store = stage.store();
    store.keep_device(member, "phone".into(), first).await.unwrap();
    store.keep_device(member, "tablet".into(), tablet).await.unwrap();
    store.keep_device(other, "phone".into(), others).await.unwrap();
    store.keep_device(member, "phone".into(), second).await.unwrap();
    let of = |who, agent: &str, session| ((who, agent.to_owned()), session);
    let three = [of(member, "phone", second), of(member, "tablet", tablet)];
    let three = [&three[..], &[of(other, "phone", others)]].concat();
    assert_eq!(devices(stage).await, three);
    stage.reopen().await;
    assert_eq!(devices(stage).await, three);
    assert!(stage.store().revoke_session(member, second).await.unwrap());
    assert_eq!(devices(stage).await, three[1..], "the sign-in before does not come back");
    stage.store().set_password_hash(member, Some("$2".into()), None).await.unwrap();
    assert_eq!(devices(stage).await, three[2..], "a new password ends them all");
}

pub(crate) async fn of_too_many_devices_the_oldest_sign_ins_are_forgotten(stage: &Stage) {
    stage.people().await;
    let (member, other) = (MEMBER.account, OTHER.account);
    let others = signed_in(stage, other).await;
    stage.store().keep_device(other, "old".into(), others).await.unwrap();
    let mut made = Vec::new();
    for n in 0..=DEVICES_MAX {
        let session = signed_in(stage, member).await;
        // Names in another order than sign-ins.
        let name = format!("device {}", (n * 37) % (DEVICES_MAX + 1));
        stage.store().keep_device(member, name.clone(), session).await.unwrap();
        made.push(((member, name), session));
    }
    let mut known = made.split_off(1);
    known.push(((other, "old".to_owned()), others));
    known.sort();
    assert_eq!(devices(stage).await, known);
}

pub(crate) async fn sessions_are_kept_byte_for_byte_and_good_for_one_start(stage: &Stage) {
    stage.people().await;
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n * 7 % 251) as u8).collect();
    for note in [Note::Sleepers, Note::Bosh] {
        stage.store().keep_note(note, bytes.clone()).await.unwrap();
    }
    stage.reopen().await;
    let store = stage.store();
    for note in [Note::Sleepers, Note::Bosh] {
        assert!(store.note(note).await.unwrap().as_ref() == Some(&bytes), "{note:?}");
    }
    store.keep_note(Note::Sleepers, Vec::new()).await.unwrap();
    stage.reopen().await;
    let store = stage.store();
    assert_eq!(store.note(Note::Sleepers).await.unwrap(), Some(Vec::new()));
    assert!(store.note(Note::Bosh).await.unwrap() == Some(bytes), "each by itself");
}

/// Whoever has the name of a session of BOSH goes on with it without a password: so it ends with the
/// password, even if that is changed while no server runs, and with the history that it was in.
pub(crate) async fn sessions_without_a_sign_in_end_with_a_password_and_with_a_history(
    stage: &Stage,
) {
    stage.people().await;
    let store = stage.store();
    store.keep_note(Note::Bosh, vec![1]).await.unwrap();
    store.keep_note(Note::Storm, vec![2]).await.unwrap();
    store.backup(stage.dir("backup")).await.unwrap();
    let changed = store.set_password_hash(AccountId(99), Some("$2".into()), None).await;
    assert_eq!(code(changed), Code::NotFound);
    assert_eq!(store.note(Note::Bosh).await.unwrap(), Some(vec![1]), "a refusal changes nothing");
    store.set_password_hash(OTHER.account, Some("$2".into()), None).await.unwrap();
    assert_eq!(store.note(Note::Bosh).await.unwrap(), None);
    assert_eq!(store.note(Note::Storm).await.unwrap(), Some(vec![2]));
    Store::restore(&stage.dir("backup"), &stage.dir("again")).unwrap();
    let again = Store::open(&SqliteConfig::new(stage.dir("again"))).unwrap();
    assert_eq!(again.note(Note::Bosh).await.unwrap(), None);
    again.close().await;
}
