//! What an account keeps for itself: read marks, mentions, settings, its version.

use super::Stage;
use super::stage::*;
use leeward_core::event::Draft;
use leeward_core::id::{RoomId, Seq};
use leeward_core::room::{Notify, RoomKind, RoomSummary};
use leeward_core::wire::RoomSettings;
use leeward_store::Author;

async fn summary(stage: &Stage, who: Author, room: RoomId) -> RoomSummary {
    stage.store().room_summary(who.account, room).await.unwrap().unwrap().value
}

pub(crate) async fn mentions_above_the_mark_are_counted(stage: &Stage) {
    let room = stage.lobby().await;
    let first = stage.name(room, OWNER, &[MEMBER], false).await;
    let second = stage.name(room, OTHER, &[MEMBER, OWNER], false).await;
    stage.say(room, OWNER, "nothing").await;
    assert_eq!(summary(stage, MEMBER, room).await.mentions, 2);
    let mark = stage.store().mark_read(MEMBER.account, room, first).await.unwrap();
    assert_eq!((mark.seq, mark.mentions), (first, 1));
    stage.post(room, OTHER, Draft::Delete { target: second }).await.unwrap();
    assert_eq!(summary(stage, MEMBER, room).await.mentions, 0, "what is gone names nobody");
    let third = stage.name(room, OWNER, &[MEMBER], false).await;
    let edit = Draft::Edit { target: third, text: "nobody".into() };
    stage.post(room, OWNER, edit).await.unwrap();
    assert_eq!(summary(stage, MEMBER, room).await.mentions, 0);
    assert_eq!(stage.line(room, third).await.mentions, []);
}

pub(crate) async fn the_mark_goes_down_as_well(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let seq = stage.name(room, OWNER, &[MEMBER], false).await;
    let head = store.mark_read(MEMBER.account, room, Seq(999)).await.unwrap();
    assert_eq!((head.seq, head.mentions), (seq, 0), "nobody reads what is not there");
    let down = store.mark_read(MEMBER.account, room, Seq(2)).await.unwrap();
    assert_eq!((down.seq, down.mentions, down.version), (Seq(2), 1, head.version + 1));
    assert_eq!(summary(stage, MEMBER, room).await.read, Seq(2));
    assert_eq!(summary(stage, OTHER, room).await.read, Seq(4), "as of coming in");
}

pub(crate) async fn the_whole_room_and_direct_rooms_count_for_everybody_but_the_author(
    stage: &Stage,
) {
    let room = stage.lobby().await;
    stage.name(room, OWNER, &[MEMBER], true).await;
    assert_eq!(summary(stage, MEMBER, room).await.mentions, 1, "named twice, counted once");
    assert_eq!(summary(stage, OTHER, room).await.mentions, 1);
    assert_eq!(summary(stage, OWNER, room).await.mentions, 0);
    let direct = stage.room("", RoomKind::Direct, &[OWNER, MEMBER]).await;
    stage.say(direct, OWNER, "psst").await;
    stage.say(direct, MEMBER, "yes?").await;
    assert_eq!(summary(stage, MEMBER, direct).await.mentions, 1);
    assert_eq!(summary(stage, OWNER, direct).await.mentions, 1);
}

pub(crate) async fn whoever_is_not_in_a_room_is_not_mentioned_in_it(stage: &Stage) {
    let room = stage.lobby().await;
    let seq = stage.name(room, OWNER, &[GUEST, MEMBER], false).await;
    assert_eq!(stage.line(room, seq).await.mentions, [MEMBER.account]);
}

pub(crate) async fn every_change_of_its_own_raises_an_accounts_version(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let mut last = store.account_state(MEMBER.account).await.unwrap().unwrap().version;
    let others = store.account_state(OTHER.account).await.unwrap().unwrap().version;
    let mut rises = |version: u64| {
        assert_eq!(version, last + 1);
        last = version;
    };
    rises(store.mark_read(MEMBER.account, room, Seq(3)).await.unwrap().version);
    let settings = RoomSettings { notify: Some(Notify::All), favourite: None };
    rises(store.room_settings(MEMBER.account, room, settings).await.unwrap().version);
    let set = store.set_setting(MEMBER.account, "theme".into(), "dark".into()).await.unwrap();
    rises(set.version);
    let left = store.leave(MEMBER, room, MEMBER.account, false, stage.at()).await.unwrap();
    rises(left.versions[0].1);
    stage.reopen().await;
    let store = stage.store();
    assert_eq!(store.account_state(MEMBER.account).await.unwrap().unwrap().version, last);
    assert_eq!(store.account_state(OTHER.account).await.unwrap().unwrap().version, others);
    let index = store.index().await.unwrap();
    assert_eq!(index.iter().find(|e| e.person.id == MEMBER.account).unwrap().version, last);
}

pub(crate) async fn settings_are_kept_per_room_and_per_account(stage: &Stage) {
    let room = stage.lobby().await;
    let direct = stage.room("", RoomKind::Direct, &[MEMBER, OTHER]).await;
    let store = stage.store();
    let settings = RoomSettings { notify: Some(Notify::None), favourite: Some(true) };
    store.room_settings(MEMBER.account, room, settings).await.unwrap();
    let settings = RoomSettings { notify: None, favourite: Some(false) };
    let changed = store.room_settings(MEMBER.account, room, settings).await.unwrap().value;
    assert_eq!((changed.notify, changed.favourite), (Notify::None, false));
    store.set_setting(MEMBER.account, "theme".into(), "dark".into()).await.unwrap();
    store.set_setting(MEMBER.account, "density".into(), "cosy".into()).await.unwrap();
    store.set_setting(MEMBER.account, "density".into(), String::new()).await.unwrap();
    let state = store.account_state(MEMBER.account).await.unwrap().unwrap();
    assert_eq!(state.settings.into_iter().collect::<Vec<_>>(), [("theme".into(), "dark".into())]);
    assert_eq!(state.rooms.iter().map(|r| r.id).collect::<Vec<_>>(), [room, direct]);
    assert_eq!((state.workspace.as_str(), state.me.name.as_str()), ("The workspace", "member"));
    assert_eq!(state.people.len(), 3);
    assert_eq!(store.account_state(leeward_core::id::AccountId(99)).await.unwrap(), None);
}

async fn mentions(stage: &Stage, who: Author) -> Vec<(RoomId, u64)> {
    let listed = stage.store().mentions(who.account, None, 10).await.unwrap();
    listed.into_iter().map(|(room, event)| (room, event.seq.0)).collect()
}

pub(crate) async fn mentions_of_all_rooms_are_listed_latest_first(stage: &Stage) {
    let room = stage.lobby().await;
    let den = stage.room("den", RoomKind::Private, &[OWNER, MEMBER]).await;
    let first = stage.name(den, OWNER, &[MEMBER], false).await;
    let second = stage.name(room, OTHER, &[MEMBER, OWNER], true).await;
    let third = stage.name(den, OWNER, &[], true).await;
    stage.name(room, MEMBER, &[MEMBER], true).await;
    stage.say(room, OWNER, "nothing").await;
    let all = [(den, third.0), (room, second.0), (den, first.0)];
    assert_eq!(mentions(stage, MEMBER).await, all, "each once, and none of its own");
    let store = stage.store();
    let newest = store.mentions(MEMBER.account, None, 2).await.unwrap();
    let (at, seq) = (newest[1].1.at, newest[1].1.seq);
    let older = store.mentions(MEMBER.account, Some((at, newest[1].0, seq)), 2).await.unwrap();
    assert_eq!((older.len(), older[0].0, older[0].1.seq), (1, den, first));
    stage.post(den, OWNER, Draft::Delete { target: third }).await.unwrap();
    assert_eq!(mentions(stage, MEMBER).await, all[1..]);
}

pub(crate) async fn mentions_are_listed_only_while_one_is_in_the_room(stage: &Stage) {
    let room = stage.lobby().await;
    let two = stage.room("", RoomKind::Direct, &[OWNER, MEMBER]).await;
    stage.say(two, OWNER, "between us").await;
    let named = stage.name(two, OWNER, &[MEMBER], false).await;
    stage.name(room, OWNER, &[MEMBER], false).await;
    stage.name(room, OWNER, &[], true).await;
    assert_eq!(mentions(stage, MEMBER).await.len(), 3);
    stage.store().leave(MEMBER, room, MEMBER.account, false, stage.at()).await.unwrap();
    assert_eq!(mentions(stage, MEMBER).await, [(two, named.0)]);
    assert_eq!(mentions(stage, GUEST).await, []);
}
