//! The workspace: keys, hooks, the audit log.

use super::Stage;
use super::stage::*;
use leeward_core::account::Role;
use leeward_core::code::Code;
use leeward_store::{NewAudit, NewCommand, NewHook, Note};

pub(crate) async fn keys_open_for_two_rotations(stage: &Stage) {
    let store = stage.store();
    let first = store.keys().await.unwrap();
    assert_eq!(first.previous, []);
    assert_ne!(first.current.1, [0; 32]);
    let second = store.rotate_keys([2; 32]).await.unwrap();
    assert_eq!((second.current.1, &second.previous), ([2; 32], &vec![first.current]));
    assert_ne!(second.current.0, first.current.0);
    store.rotate_keys([3; 32]).await.unwrap();
    let fourth = store.rotate_keys([4; 32]).await.unwrap();
    assert_eq!(fourth.previous.iter().map(|k| k.1).collect::<Vec<_>>(), [[3; 32], [2; 32]]);
    let epoch = store.epoch().await.unwrap();
    stage.reopen().await;
    assert_eq!(stage.store().keys().await.unwrap(), fourth);
    assert_eq!(stage.store().epoch().await.unwrap(), epoch);
}

pub(crate) async fn a_note_is_known_after_a_restart(stage: &Stage) {
    let store = stage.store();
    assert_eq!(store.note(Note::Storm).await.unwrap(), None);
    store.keep_note(Note::Storm, vec![1, 0, 255]).await.unwrap();
    store.keep_note(Note::TlsTickets, vec![7]).await.unwrap();
    store.keep_note(Note::Storm, vec![2]).await.unwrap();
    stage.reopen().await;
    assert_eq!(stage.store().note(Note::Storm).await.unwrap(), Some(vec![2]));
    assert_eq!(stage.store().note(Note::TlsTickets).await.unwrap(), Some(vec![7]));
}

pub(crate) async fn hooks_are_found_by_their_token(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let hook = |account, token: u8| NewHook {
        token_hash: [token; 32],
        room,
        account,
        by: OWNER.account,
        name: "build".into(),
        at: stage.at(),
    };
    let outside = store.create_hook(hook(GUEST.account, 1)).await;
    assert_eq!(code(outside), Code::BadRequest);
    let made = store.create_hook(hook(MEMBER.account, 1)).await.unwrap();
    assert_eq!(store.hook_by_token([1; 32]).await.unwrap(), Some(made.clone()));
    assert_eq!(store.hook_by_token([2; 32]).await.unwrap(), None);
    assert_eq!(store.hooks(room).await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(store.delete_hook(made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(store.delete_hook(made.id).await.unwrap(), None);
    assert_eq!(store.hook_by_token([1; 32]).await.unwrap(), None);
}

pub(crate) async fn a_command_is_found_by_its_name_until_it_ends(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let new = |name: &str| NewCommand {
        name: name.into(),
        url: "https://example.org/weather".into(),
        usage: "PLACE".into(),
        about: "Say what the weather is like".into(),
        least: Role::Member,
        secret: "between us".into(),
        by: OWNER.account,
        at: stage.at(),
    };
    let made = store.create_command(new("weather")).await.unwrap();
    assert_eq!(code(store.create_command(new("weather")).await), Code::Conflict);
    let other = store.create_command(new("build")).await.unwrap();
    assert_eq!(store.commands().await.unwrap(), [other, made.clone()], "by name");
    stage.reopen().await;
    let store = stage.store();
    let found = store.command_named("weather".into()).await.unwrap();
    assert_eq!(found, Some((made.clone(), "between us".into())));
    assert_eq!(store.delete_command(made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(store.delete_command(made.id).await.unwrap(), None);
    assert_eq!(store.command_named("weather".into()).await.unwrap(), None);
    for n in 1..200 {
        store.create_command(new(&format!("command{n}"))).await.unwrap();
    }
    assert_eq!(code(store.create_command(new("one-more")).await), Code::TooMany);
}

pub(crate) async fn the_audit_log_is_read_backwards(stage: &Stage) {
    let store = stage.store();
    for n in 1..=5u64 {
        let entry = NewAudit {
            at: stage.at(),
            by: (n > 1).then_some(OWNER.account),
            action: "account.disable".into(),
            subject: format!("account:{n}"),
            detail: String::new(),
        };
        assert_eq!(store.audit(entry).await.unwrap(), n);
    }
    let page = store.audit_log(None, 2).await.unwrap();
    assert_eq!(page.iter().map(|e| e.id).collect::<Vec<_>>(), [5, 4]);
    let rest = store.audit_log(Some(4), 10).await.unwrap();
    assert_eq!(rest.iter().map(|e| e.id).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!((rest[2].entry.by, rest[2].entry.subject.as_str()), (None, "account:1"));
}
