//! Archives: what was said, event by event, with what it is about.

use super::Stage;
use super::stage::*;
use leeward_core::archive::{ArchivePage, ArchiveQuery, DirectQuery};
use leeward_core::event::Draft;
use leeward_core::id::{Millis, Nonce, RoomId, Seq};
use leeward_core::room::RoomKind;

fn places(page: &ArchivePage) -> Vec<(u64, u64)> {
    page.entries.iter().map(|(room, told)| (room.0, told.event.seq.0)).collect()
}

pub(crate) async fn an_archive_tells_what_each_event_is_about(stage: &Stage) {
    let room = stage.lobby().await;
    let nonce = "the-first-of-member";
    let said = stage.post_as(room, MEMBER, nonce, message("one")).await.unwrap().event.seq;
    let edit = Draft::Edit { target: said, text: "two".into() };
    stage.post(room, MEMBER, edit).await.unwrap();
    stage.post(room, OTHER, react(said, "tada", true)).await.unwrap();
    stage.post(room, OTHER, react(said, "eyes", true)).await.unwrap();
    stage.post(room, MEMBER, Draft::Pin { target: said, on: true }).await.ok();
    let query = ArchiveQuery { after: Some(Seq(said.0 - 1)), limit: 10, ..ArchiveQuery::default() };
    let page = stage.store().archive(room, query).await.unwrap();
    assert!(page.complete);
    assert_eq!(page.entries.len(), 4, "what only the room's list shows is not in it");
    assert_eq!(page.entries[0].1.about, None);
    let about = page.entries[1].1.about.clone().unwrap();
    assert_eq!((about.target, about.from), (said, MEMBER.account));
    assert_eq!(about.nonce.as_ref().map(Nonce::as_str), Some(nonce));
    assert_eq!(page.entries[2].1.about.as_ref().unwrap().reactions, ["tada", "eyes"]);
    let store = stage.store();
    let called = Nonce::try_from(nonce.to_owned()).unwrap();
    assert_eq!(store.called(MEMBER.account, called.clone()).await.unwrap(), Some((room, said)));
    assert_eq!(store.called(OTHER.account, called).await.unwrap(), None, "another's");
    let about = store.about(room, said, OWNER.account).await.unwrap().unwrap();
    assert_eq!(about.reactions, Vec::<String>::new());
    assert_eq!(store.about(room, Seq(999), OWNER.account).await.unwrap(), None);
    let after = store.told_after(room, said, 10).await.unwrap();
    assert!(after.iter().all(|told| told.event.seq > said));
    assert_eq!(after[0].about.as_ref().unwrap().target, said);
}

pub(crate) async fn pages_of_an_archive_meet_in_both_directions(stage: &Stage) {
    let room = stage.lobby().await;
    let mut said = Vec::new();
    for n in 0..7 {
        said.push(stage.say(room, MEMBER, &format!("{n}")).await);
    }
    let store = stage.store();
    let page = async |query: ArchiveQuery| {
        let page = store.archive(room, query).await.unwrap();
        (page.entries.iter().map(|(_, told)| told.event.seq).collect::<Vec<_>>(), page.complete)
    };
    let first = ArchiveQuery { limit: 3, ..ArchiveQuery::default() };
    assert_eq!(page(first.clone()).await, (said[..3].to_vec(), false));
    let next = ArchiveQuery { after: Some(said[3]), ..first.clone() };
    assert_eq!(page(next).await, (said[4..].to_vec(), true));
    let last = ArchiveQuery { backwards: true, ..first.clone() };
    assert_eq!(page(last.clone()).await, (said[4..].to_vec(), false));
    let before = ArchiveQuery { before: Some(said[1]), ..last };
    assert_eq!(page(before).await, (said[..1].to_vec(), true));
    let ids = ArchiveQuery { ids: vec![said[5], Seq(999), said[0]], ..first.clone() };
    assert_eq!(page(ids).await.0, [said[5], said[0]]);
    let none = ArchiveQuery { after: Some(said[6]), ..first };
    assert_eq!(page(none).await, (vec![], true));
}

pub(crate) async fn an_archive_is_cut_by_time(stage: &Stage) {
    let room = stage.lobby().await;
    let mut said = Vec::new();
    for n in 0..5 {
        said.push(stage.post(room, MEMBER, message(&format!("{n}"))).await.unwrap().event);
    }
    let query = |start: Option<Millis>, end: Option<Millis>| ArchiveQuery {
        start,
        end,
        limit: 10,
        ..ArchiveQuery::default()
    };
    let store = stage.store();
    let page = store.archive(room, query(Some(said[1].at), Some(said[3].at))).await.unwrap();
    let found: Vec<Seq> = page.entries.iter().map(|(_, told)| told.event.seq).collect();
    assert_eq!(found, [said[1].seq, said[2].seq, said[3].seq]);
    let late = Some(Millis(said[4].at.0 + 1));
    assert_eq!(store.archive(room, query(late, None)).await.unwrap().entries, []);
    let early = Some(Millis(0));
    assert_eq!(store.archive(room, query(None, early)).await.unwrap().entries, []);
}

pub(crate) async fn direct_rooms_are_one_archive_in_the_order_of_time(stage: &Stage) {
    stage.lobby().await;
    let with_other = stage.room("", RoomKind::Direct, &[MEMBER, OTHER]).await;
    let with_owner = stage.room("", RoomKind::Direct, &[OWNER, MEMBER]).await;
    let three = stage.room("", RoomKind::Direct, &[OWNER, MEMBER, OTHER]).await;
    let mut said: Vec<(RoomId, Seq)> = Vec::new();
    for (room, by) in
        [(with_other, MEMBER), (with_owner, OWNER), (with_other, OTHER), (with_owner, MEMBER)]
    {
        said.push((room, stage.say(room, by, "hello").await));
    }
    stage.say(three, OWNER, "that is a room").await;
    let store = stage.store();
    let page =
        async |query: DirectQuery| store.direct_archive(MEMBER.account, query).await.unwrap();
    let expected: Vec<(u64, u64)> = said.iter().map(|(room, seq)| (room.0, seq.0)).collect();
    let all = DirectQuery { limit: 10, ..DirectQuery::default() };
    let whole = page(all.clone()).await;
    assert_eq!((places(&whole), whole.complete), (expected.clone(), true));
    let two = DirectQuery { limit: 2, ..all.clone() };
    let first = page(two.clone()).await;
    assert_eq!((places(&first), first.complete), (expected[..2].to_vec(), false));
    let second = page(DirectQuery { after: Some(said[1]), ..two.clone() }).await;
    assert_eq!((places(&second), second.complete), (expected[2..].to_vec(), true));
    let last = page(DirectQuery { backwards: true, ..two.clone() }).await;
    assert_eq!((places(&last), last.complete), (expected[2..].to_vec(), false));
    let before = DirectQuery { backwards: true, before: Some(said[2]), ..two };
    assert_eq!(places(&page(before).await), expected[..2]);
    let with = DirectQuery { with: Some(OTHER.account), ..all.clone() };
    assert_eq!(places(&page(with).await), [expected[0], expected[2]]);
    let between = DirectQuery { after: Some(said[0]), before: Some(said[3]), ..all.clone() };
    assert_eq!(places(&page(between).await), expected[1..3]);
    let others = store.direct_archive(GUEST.account, all).await.unwrap();
    assert_eq!(others.entries, []);
}
