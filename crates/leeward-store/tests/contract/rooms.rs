//! Rooms: making them, coming and going, who may do what.

use super::Stage;
use super::stage::*;
use leeward_core::code::Code;
use leeward_core::event::What;
use leeward_core::id::Seq;
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};

pub(crate) async fn a_room_begins_with_its_facts_and_its_people(stage: &Stage) {
    stage.people().await;
    let members =
        vec![(OWNER.account, MemberRole::Moderator), (MEMBER.account, MemberRole::Member)];
    let facts = RoomFacts { topic: "all of it".into(), ..facts("lobby", RoomKind::Public) };
    let store = stage.store();
    let made = store.create_room(OWNER, facts.clone(), members, stage.at()).await.unwrap();
    assert!(made.created);
    assert_eq!(seqs(&made.events), [1, 2, 3]);
    assert_eq!(made.events[0].what, What::Room(facts.clone()));
    let join = What::Join { who: MEMBER.account, role: MemberRole::Member };
    assert_eq!((made.events[2].from, &made.events[2].what), (OWNER.account, &join));
    assert_eq!(made.versions, [(OWNER.account, 2), (MEMBER.account, 2)]);
    assert_eq!(store.events_after(made.room, Seq(0), 10).await.unwrap(), made.events);
    let summary = store.room_summary(MEMBER.account, made.room).await.unwrap().unwrap();
    assert_eq!((summary.version, &summary.value.facts, summary.value.members), (2, &facts, 2));
    assert_eq!(store.room_named("lobby".into()).await.unwrap(), Some(made.room));
    assert_eq!(store.room_summary(GUEST.account, made.room).await.unwrap(), None);
}

pub(crate) async fn nobody_is_in_a_room_twice(stage: &Stage) {
    let lobby = stage.lobby().await;
    let store = stage.store();
    let twice = vec![
        (OWNER.account, MemberRole::Moderator),
        (MEMBER.account, MemberRole::Member),
        (MEMBER.account, MemberRole::Moderator),
    ];
    let made = store.create_room(OWNER, facts("twice", RoomKind::Public), twice, stage.at()).await;
    assert_eq!(code(made), Code::BadRequest);
    assert_eq!(store.room_named("twice".into()).await.unwrap(), None);
    let head = store.room_summary(OWNER.account, lobby).await.unwrap().unwrap().value.head;
    for by in [OWNER, MEMBER] {
        let again = store.join(by, lobby, MEMBER.account, MemberRole::Member, stage.at()).await;
        assert_eq!(again.unwrap().events, []);
    }
    let summary = store.room_summary(OWNER.account, lobby).await.unwrap().unwrap().value;
    assert_eq!((summary.head, summary.members), (head, 3));
}

pub(crate) async fn a_name_is_taken_once(stage: &Stage) {
    let lobby = stage.lobby().await;
    let members = vec![(MEMBER.account, MemberRole::Moderator)];
    let again = stage
        .store()
        .create_room(MEMBER, facts("lobby", RoomKind::Private), members, stage.at())
        .await;
    assert_eq!(code(again), Code::Conflict);
    let second = stage.room("second", RoomKind::Public, &[OWNER]).await;
    let renamed = facts("lobby", RoomKind::Public);
    let taken = stage.store().edit_room(OWNER, second, renamed, stage.at()).await;
    assert_eq!(code(taken), Code::Conflict);
    let free = facts("foyer", RoomKind::Public);
    stage.store().edit_room(OWNER, lobby, free, stage.at()).await.unwrap();
    stage.room("lobby", RoomKind::Public, &[OWNER]).await;
}

pub(crate) async fn direct_rooms_are_the_same_for_the_same_people(stage: &Stage) {
    stage.people().await;
    let pair = stage.room("", RoomKind::Direct, &[OWNER, MEMBER]).await;
    let three = stage.room("", RoomKind::Direct, &[OWNER, MEMBER, OTHER]).await;
    assert_ne!(pair, three);
    let people = vec![(MEMBER.account, MemberRole::Member), (OWNER.account, MemberRole::Member)];
    let direct = facts("ignored", RoomKind::Direct);
    let again = stage.store().create_room(MEMBER, direct, people, stage.at()).await.unwrap();
    assert_eq!((again.room, again.created, again.events), (pair, false, vec![]));
    let summary = stage.store().room_summary(MEMBER.account, three).await.unwrap().unwrap().value;
    assert_eq!(summary.with, [OWNER.account, OTHER.account]);
    assert_eq!(summary.facts.name, "");
    let alone = vec![(MEMBER.account, MemberRole::Member)];
    let direct = facts("", RoomKind::Direct);
    let refused = stage.store().create_room(MEMBER, direct, alone, stage.at()).await;
    assert_eq!(code(refused), Code::BadRequest);
    let left = stage.store().leave(MEMBER, pair, MEMBER.account, false, stage.at()).await;
    assert_eq!(code(left), Code::Forbidden);
}

pub(crate) async fn nothing_is_logged_when_nothing_changes(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let head = store.load_room(room, 0).await.unwrap().unwrap().position;
    let same = facts("lobby", RoomKind::Public);
    let at = stage.at();
    for change in [
        store.edit_room(OWNER, room, same, at).await,
        store.join(MEMBER, room, MEMBER.account, MemberRole::Member, at).await,
        store.leave(OWNER, room, GUEST.account, false, at).await,
        store.set_member_role(OWNER, room, MEMBER.account, MemberRole::Member, at).await,
    ] {
        let change = change.unwrap();
        assert_eq!((change.events, change.versions), (vec![], vec![]));
    }
    assert_eq!(store.load_room(room, 0).await.unwrap().unwrap().position, head);
}

pub(crate) async fn who_leaves_is_out_and_may_come_back_to_a_public_room(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let left = store.leave(MEMBER, room, MEMBER.account, false, stage.at()).await.unwrap();
    assert_eq!(left.events[0].what, What::Leave { who: MEMBER.account, banned: false });
    assert_eq!(left.versions.len(), 1);
    assert_eq!(code(stage.post(room, MEMBER, message("still here?")).await), Code::NotFound);
    assert_eq!(code(store.mark_read(MEMBER.account, room, Seq(1)).await), Code::NotFound);
    let browse = store.public_rooms(MEMBER.account).await.unwrap();
    assert_eq!((browse.len(), browse[0].joined, browse[0].members), (1, false, 2));
    let role = MemberRole::Moderator;
    let back = store.join(MEMBER, room, MEMBER.account, role, stage.at()).await.unwrap();
    let what = What::Join { who: MEMBER.account, role: MemberRole::Member };
    assert_eq!(back.events[0].what, what, "nobody makes themselves a moderator");
    stage.say(room, MEMBER, "here again").await;
}

pub(crate) async fn the_banned_stay_out_until_a_moderator_brings_them_back(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let at = stage.at();
    assert_eq!(code(store.leave(OTHER, room, MEMBER.account, true, at).await), Code::Forbidden);
    let out = store.leave(OWNER, room, MEMBER.account, true, at).await.unwrap();
    assert_eq!(out.events[0].what, What::Leave { who: MEMBER.account, banned: true });
    assert!(store.access(MEMBER.account, room).await.unwrap().unwrap().banned);
    assert_eq!(store.room_bans(room).await.unwrap(), [MEMBER.account]);
    let role = MemberRole::Member;
    assert_eq!(code(store.join(MEMBER, room, MEMBER.account, role, at).await), Code::Forbidden);
    assert_eq!(code(store.join(OTHER, room, MEMBER.account, role, at).await), Code::Forbidden);
    store.join(OWNER, room, MEMBER.account, role, at).await.unwrap();
    let access = store.access(MEMBER.account, room).await.unwrap().unwrap();
    assert_eq!((access.role, access.banned), (Some(role), false));
}

pub(crate) async fn a_guest_finds_nothing_by_itself(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let role = MemberRole::Member;
    assert_eq!(
        code(store.join(GUEST, room, GUEST.account, role, stage.at()).await),
        Code::NotFound
    );
    let pair = vec![(GUEST.account, role), (MEMBER.account, role)];
    let direct = || facts("", RoomKind::Direct);
    let stranger = store.create_room(GUEST, direct(), pair.clone(), stage.at()).await;
    assert_eq!(code(stranger), Code::NotFound);
    store.join(MEMBER, room, GUEST.account, role, stage.at()).await.unwrap();
    store.create_room(GUEST, direct(), pair, stage.at()).await.unwrap();
    let own = vec![(GUEST.account, role)];
    let public = store.create_room(GUEST, facts("mine", RoomKind::Public), own, stage.at()).await;
    assert_eq!(code(public), Code::Forbidden);
}

pub(crate) async fn a_refused_change_is_taken_back_whole(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let nobody = leeward_core::id::AccountId(99);
    let members = vec![(OWNER.account, MemberRole::Moderator), (nobody, MemberRole::Member)];
    let half = store.create_room(OWNER, facts("half", RoomKind::Public), members, stage.at()).await;
    assert_eq!(code(half), Code::NotFound);
    assert_eq!(store.room_named("half".into()).await.unwrap(), None);
    let before = stage.say(room, MEMBER, "before").await;
    let join = store.join(OWNER, room, nobody, MemberRole::Member, stage.at());
    // In one batch with its neighbours.
    let (one, refused, two) =
        tokio::join!(stage.say(room, MEMBER, "one"), join, stage.say(room, OTHER, "two"));
    assert_eq!(code(refused), Code::NotFound);
    assert_eq!((one.0, two.0), (before.0 + 1, before.0 + 2));
    let last = stage.say(room, MEMBER, "after").await;
    let loaded = store.load_room(room, usize::MAX).await.unwrap().unwrap();
    assert_eq!((loaded.position.seq, loaded.members.len()), (last, 3));
    assert_eq!(seqs(&loaded.tail), (1..=last.0).collect::<Vec<_>>());
}

pub(crate) async fn changed_facts_reach_everybody(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let facts = RoomFacts { topic: "weather".into(), ..facts("lobby", RoomKind::Public) };
    let refused = store.edit_room(MEMBER, room, facts.clone(), stage.at()).await;
    assert_eq!(code(refused), Code::Forbidden);
    let change = store.edit_room(OWNER, room, facts.clone(), stage.at()).await.unwrap();
    assert_eq!(change.events[0].what, What::Room(facts.clone()));
    let mut versions = change.versions;
    versions.sort_unstable();
    assert_eq!(versions, [(OWNER.account, 3), (MEMBER.account, 3), (OTHER.account, 3)]);
    assert_eq!(store.access(MEMBER.account, room).await.unwrap().unwrap().facts, facts);
}

pub(crate) async fn a_role_decides_what_one_may_say(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let at = stage.at();
    store.set_member_role(OWNER, room, MEMBER.account, MemberRole::Muted, at).await.unwrap();
    assert_eq!(code(stage.post(room, MEMBER, message("mm")).await), Code::Muted);
    let change = store
        .set_member_role(OWNER, room, MEMBER.account, MemberRole::Moderator, at)
        .await
        .unwrap();
    let what = What::Role { who: MEMBER.account, role: MemberRole::Moderator };
    assert_eq!(change.events[0].what, what);
    let quiet = RoomFacts { read_only: true, ..facts("lobby", RoomKind::Public) };
    store.edit_room(OWNER, room, quiet, at).await.unwrap();
    assert_eq!(code(stage.post(room, OTHER, message("hush")).await), Code::ReadOnly);
    stage.say(room, MEMBER, "order!").await;
}
