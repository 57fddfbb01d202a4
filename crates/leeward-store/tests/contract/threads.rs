//! Threads: replies, where they show, who follows.

use super::Stage;
use super::stage::*;
use leeward_core::code::Code;
use leeward_core::event::Replies;
use leeward_store::{PageFrom, PageQuery};

pub(crate) async fn a_reply_is_counted_at_the_message_it_answers(stage: &Stage) {
    let room = stage.lobby().await;
    let root = stage.say(room, MEMBER, "question").await;
    let one = stage.answer(room, OTHER, root, "answer").await;
    let two = stage.post(room, OWNER, reply(root, "another", false)).await.unwrap().event;
    let expected = Replies { count: 2, last: two.seq, last_at: two.at };
    assert_eq!(stage.line(room, root).await.replies, Some(expected));
    let nested = stage.post(room, OWNER, reply(one, "nested", false)).await;
    assert_eq!(code(nested), Code::BadRequest);
}

pub(crate) async fn a_reply_shows_in_the_room_only_when_asked(stage: &Stage) {
    let room = stage.lobby().await;
    let root = stage.say(room, MEMBER, "question").await;
    let hidden = stage.answer(room, OTHER, root, "answer").await;
    let shown = stage.post(room, OTHER, reply(root, "listen all", true)).await.unwrap().event.seq;
    let next = stage.say(room, OWNER, "next").await;
    let page = async |thread| {
        let query = PageQuery { from: PageFrom::Newest, thread, limit: 3 };
        stage.store().page(room, query).await.unwrap().unwrap()
    };
    assert_eq!(seqs(&page(None).await.lines), [root.0, shown.0, next.0]);
    let thread = page(Some(root)).await;
    assert_eq!(seqs(&thread.lines), [root.0, hidden.0, shown.0]);
    assert!(!thread.more_before && !thread.more_after);
    assert_eq!(said(&thread.lines[1]).thread, Some(root));
    let snapshot = stage.store().snapshot(room, 3).await.unwrap().unwrap();
    assert_eq!(seqs(&snapshot.lines), [root.0, shown.0, next.0]);
}

pub(crate) async fn who_takes_part_in_a_thread_follows_it(stage: &Stage) {
    let room = stage.lobby().await;
    let root = stage.say(room, MEMBER, "question").await;
    stage.answer(room, OTHER, root, "answer").await;
    let last = stage.answer(room, OTHER, root, "more").await;
    let store = stage.store();
    let followed = store.threads(MEMBER.account, 10).await.unwrap();
    assert_eq!((followed.len(), followed[0].room, followed[0].root.seq), (1, room, root));
    assert_eq!((followed[0].unread, followed[0].last.as_ref().unwrap().seq), (2, last));
    store.mark_thread_read(MEMBER.account, room, root, last).await.unwrap();
    assert_eq!(store.threads(MEMBER.account, 10).await.unwrap()[0].unread, 0);
    assert_eq!(store.threads(OTHER.account, 10).await.unwrap()[0].unread, 0, "its own");
    assert_eq!(store.threads(OWNER.account, 10).await.unwrap(), []);
    store.follow(OWNER.account, room, root, true).await.unwrap();
    stage.answer(room, MEMBER, root, "thanks").await;
    assert_eq!(store.threads(OWNER.account, 10).await.unwrap()[0].unread, 1);
    let second = stage.say(room, OTHER, "another question").await;
    stage.answer(room, OTHER, second, "found it").await;
    let order = store.threads(OTHER.account, 10).await.unwrap();
    assert_eq!(order.iter().map(|t| t.root.seq).collect::<Vec<_>>(), [second, root]);
}

pub(crate) async fn a_thread_that_was_left_stays_left(stage: &Stage) {
    let room = stage.lobby().await;
    let root = stage.say(room, MEMBER, "question").await;
    let store = stage.store();
    stage.answer(room, OTHER, root, "answer").await;
    store.follow(MEMBER.account, room, root, false).await.unwrap();
    stage.answer(room, OTHER, root, "more").await;
    assert_eq!(store.threads(MEMBER.account, 10).await.unwrap(), []);
    assert_eq!(code(store.follow(GUEST.account, room, root, true).await), Code::NotFound);
    let facts = leeward_core::id::Seq(1);
    assert_eq!(code(store.follow(MEMBER.account, room, facts, true).await), Code::BadRequest);
    store.leave(OTHER, room, OTHER.account, false, stage.at()).await.unwrap();
    assert_eq!(store.threads(OTHER.account, 10).await.unwrap(), [], "of rooms one is in");
}
