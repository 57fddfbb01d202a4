//! Accounts, passwords, sessions, invites, bot tokens.

use super::Stage;
use super::stage::*;
use leeward_core::account::Role;
use leeward_core::code::Code;
use leeward_core::id::{AccountId, Millis, SessionId};
use leeward_core::room::RoomKind;
use leeward_store::{NewAccount, NewInvite, NewSession, Session};

fn new(name: &str, at: Millis) -> NewAccount {
    let (name, display) = (name.to_owned(), name.to_owned());
    NewAccount { name, display, role: Role::Member, bot: false, password_hash: None, at }
}

async fn session(stage: &Stage, account: AccountId) -> Session {
    let at = stage.at();
    let expires_at = Millis(at.0 + 1_000_000);
    stage
        .store()
        .create_session(NewSession { account, device: "a browser".into(), at, expires_at })
        .await
        .unwrap()
}

pub(crate) async fn a_workspace_is_set_up_once(stage: &Stage) {
    let store = stage.store();
    assert_eq!(store.workspace().await.unwrap(), "");
    let owner = store.set_up("Harbour".into(), new("owner", stage.at())).await.unwrap();
    assert_eq!((owner.person.role, owner.person.id), (Role::Owner, OWNER.account));
    assert_eq!(store.workspace().await.unwrap(), "Harbour");
    let again = store.set_up("Mine".into(), new("intruder", stage.at())).await;
    assert_eq!(code(again), Code::Conflict);
    assert_eq!(store.workspace().await.unwrap(), "Harbour");
    store.set_workspace("Port".into()).await.unwrap();
    assert_eq!(store.workspace().await.unwrap(), "Port");
}

pub(crate) async fn a_name_is_one_account(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    assert_eq!(code(store.create_account(new("member", stage.at())).await), Code::Conflict);
    assert_eq!(code(store.create_account(new("Not A Name", stage.at())).await), Code::BadRequest);
    let found = store.credentials("member".into()).await.unwrap().unwrap();
    assert_eq!((found.person.id, found.password_hash), (MEMBER.account, Some("$argon2id$".into())));
    assert_eq!(store.credentials("nobody".into()).await.unwrap(), None);
    let display = Some("Somebody".to_owned());
    let edited = store.edit_person(MEMBER.account, display, Some("away".into())).await.unwrap();
    assert_eq!(
        (edited.person.display.as_str(), edited.person.status.as_str()),
        ("Somebody", "away")
    );
    let again = store.edit_person(MEMBER.account, None, Some(String::new())).await.unwrap();
    assert_eq!((again.person.display.as_str(), again.person.status.as_str()), ("Somebody", ""));
    assert_eq!(store.index().await.unwrap().len(), 4);
    assert_eq!(code(store.edit_person(AccountId(99), None, None).await), Code::NotFound);
}

pub(crate) async fn the_last_owner_stays(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    assert_eq!(code(store.set_role(OWNER.account, Role::Admin).await), Code::Conflict);
    assert_eq!(code(store.set_disabled(OWNER.account, true).await), Code::Conflict);
    assert_eq!(store.set_role(MEMBER.account, Role::Owner).await.unwrap().person.role, Role::Owner);
    store.set_role(OWNER.account, Role::Admin).await.unwrap();
    assert_eq!(code(store.set_disabled(MEMBER.account, true).await), Code::Conflict);
}

pub(crate) async fn a_changed_password_ends_the_other_sessions(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let (one, two) = (session(stage, MEMBER.account).await, session(stage, MEMBER.account).await);
    let other = session(stage, OTHER.account).await;
    assert_eq!(one.role, Role::Member);
    let hash = Some("$argon2id$2".to_owned());
    let ended = store.set_password_hash(MEMBER.account, hash.clone(), Some(two.id)).await.unwrap();
    assert_eq!(ended, [one.id]);
    let found = store.credentials("member".into()).await.unwrap().unwrap();
    assert_eq!(found.password_hash, hash);
    let left = store.sessions(MEMBER.account, stage.at()).await.unwrap();
    assert_eq!(left.iter().map(|s| s.id).collect::<Vec<_>>(), [two.id]);
    assert_eq!(store.sessions(OTHER.account, stage.at()).await.unwrap()[0].id, other.id);
    assert_eq!(store.revoke_sessions(MEMBER.account, None).await.unwrap(), [two.id]);
}

pub(crate) async fn what_scram_needs_is_kept_for_the_password_that_it_was_made_of(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let scram = async || store.credentials("member".into()).await.unwrap().unwrap().scram;
    store.keep_scram(MEMBER.account, "$argon2id$".into(), vec![1, 2]).await.unwrap();
    assert_eq!(scram().await, Some(vec![1, 2]));
    store.set_password_hash(MEMBER.account, Some("$argon2id$2".into()), None).await.unwrap();
    assert_eq!(scram().await, None, "it was of another password");
    store.keep_scram(MEMBER.account, "$argon2id$".into(), vec![3]).await.unwrap();
    assert_eq!(scram().await, None, "that password was changed meanwhile");
}

pub(crate) async fn a_disabled_account_gets_no_session(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let open = session(stage, MEMBER.account).await;
    let (entry, ended) = store.set_disabled(MEMBER.account, true).await.unwrap();
    assert!(entry.person.disabled);
    assert_eq!(ended, [open.id]);
    let at = stage.at();
    let again = NewSession { account: MEMBER.account, device: String::new(), at, expires_at: at };
    assert_eq!(code(store.create_session(again).await), Code::Banned);
    assert!(!store.set_disabled(MEMBER.account, false).await.unwrap().0.person.disabled);
    session(stage, MEMBER.account).await;
}

pub(crate) async fn a_revoked_session_is_remembered_until_it_would_have_ended(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let open = session(stage, MEMBER.account).await;
    assert!(!store.revoke_session(OTHER.account, open.id).await.unwrap(), "not theirs");
    assert!(store.revoke_session(MEMBER.account, open.id).await.unwrap());
    assert!(!store.revoke_session(MEMBER.account, open.id).await.unwrap(), "already");
    assert!(!store.revoke_session(MEMBER.account, SessionId(99)).await.unwrap());
    stage.reopen().await;
    let store = stage.store();
    let at = stage.at();
    assert_eq!(store.revoked_sessions(at).await.unwrap(), [open.id]);
    let later = Millis(at.0 + 2_000_000);
    assert_eq!(store.revoked_sessions(later).await.unwrap(), []);
    let next = session(stage, MEMBER.account).await;
    assert!(next.id > open.id, "ids are not used again");
    store.touch_sessions(vec![(next.id, later)]).await.unwrap();
    assert_eq!(store.sessions(MEMBER.account, at).await.unwrap()[0].seen_at, later);
}

fn invite(by: AccountId, uses_max: u32, at: Millis) -> NewInvite {
    NewInvite {
        token_hash: [7; 32],
        by,
        role: Role::Guest,
        rooms: vec![],
        uses_max,
        expires_at: Millis(at.0 + 1_000_000),
        note: "for the fair".into(),
        at,
    }
}

pub(crate) async fn an_invite_makes_as_many_accounts_as_it_says(stage: &Stage) {
    let lobby = stage.lobby().await;
    let store = stage.store();
    let direct = stage.room("", RoomKind::Direct, &[OWNER, MEMBER]).await;
    let bad = NewInvite { rooms: vec![direct], ..invite(OWNER.account, 2, stage.at()) };
    assert_eq!(code(store.create_invite(bad).await), Code::BadRequest);
    let good = NewInvite { rooms: vec![lobby], ..invite(OWNER.account, 2, stage.at()) };
    let made = store.create_invite(good).await.unwrap();
    assert_eq!(store.invites(stage.at()).await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(store.invite_by_token([7; 32], stage.at()).await.unwrap(), Some(made));
    let come = async |name: &str| store.redeem_invite([7; 32], new(name, stage.at())).await;
    let first = come("first").await.unwrap();
    assert_eq!(first.entry.person.role, Role::Guest, "whatever was asked for");
    assert_eq!((first.rooms.len(), first.rooms[0].room), (1, lobby));
    assert_eq!(first.entry.version, first.rooms[0].versions[0].1);
    let state = store.account_state(first.entry.person.id).await.unwrap().unwrap();
    assert_eq!((state.rooms.len(), state.version), (1, first.entry.version));
    come("second").await.unwrap();
    assert_eq!(code(come("third").await), Code::NotFound);
    assert_eq!(store.invites(stage.at()).await.unwrap(), []);
}

pub(crate) async fn an_invite_that_ended_makes_none(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let at = stage.at();
    let made = store.create_invite(invite(OWNER.account, 9, at)).await.unwrap();
    let late = new("late", Millis(at.0 + 1_000_000));
    assert_eq!(code(store.redeem_invite([7; 32], late).await), Code::NotFound);
    assert_eq!(code(store.redeem_invite([8; 32], new("lost", at)).await), Code::NotFound);
    assert!(store.revoke_invite(made.id).await.unwrap());
    assert!(!store.revoke_invite(made.id).await.unwrap());
    assert_eq!(code(store.redeem_invite([7; 32], new("shut", at)).await), Code::NotFound);
    assert_eq!(store.invite_by_token([7; 32], at).await.unwrap(), None);
}

pub(crate) async fn an_invite_that_names_a_room_twice_leads_there_once(stage: &Stage) {
    let lobby = stage.lobby().await;
    let second = stage.room("second", RoomKind::Private, &[OWNER]).await;
    let store = stage.store();
    let rooms = vec![second, lobby, second, lobby];
    let twice = NewInvite { rooms, ..invite(OWNER.account, 2, stage.at()) };
    assert_eq!(store.create_invite(twice).await.unwrap().rooms, [second, lobby]);
    let come = store.redeem_invite([7; 32], new("first", stage.at())).await.unwrap();
    let rooms: Vec<_> = come.rooms.iter().map(|change| change.room).collect();
    assert_eq!(rooms, [second, lobby]);
    assert_eq!(come.rooms.iter().map(|change| change.events.len()).sum::<usize>(), 2);
}

pub(crate) async fn a_taken_name_does_not_use_up_an_invite(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    store.create_invite(invite(OWNER.account, 1, stage.at())).await.unwrap();
    let taken = store.redeem_invite([7; 32], new("member", stage.at())).await;
    assert_eq!(code(taken), Code::Conflict);
    store.redeem_invite([7; 32], new("another", stage.at())).await.unwrap();
}

pub(crate) async fn bot_tokens_are_for_bots_and_end_with_them(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let bot = NewAccount { bot: true, ..new("bot", stage.at()) };
    let bot = store.create_account(bot).await.unwrap().person;
    assert!(bot.bot);
    let refused = store.create_bot_token(MEMBER.account, [1; 32], "x".into(), stage.at()).await;
    assert_eq!(code(refused), Code::BadRequest);
    let one = store.create_bot_token(bot.id, [1; 32], "ci".into(), stage.at()).await.unwrap();
    let two = store.create_bot_token(bot.id, [2; 32], "cd".into(), stage.at()).await.unwrap();
    assert_eq!(store.bot_tokens().await.unwrap(), [one.clone(), two]);
    assert_eq!(store.revoke_bot_token(one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(store.revoke_bot_token(one.id).await.unwrap(), None);
    store.set_disabled(bot.id, true).await.unwrap();
    assert_eq!(store.bot_tokens().await.unwrap(), []);
}
