//! The log: drafts, nonces, edits, deletions, reactions, pins, pages.

use super::Stage;
use super::stage::*;
use leeward_core::code::Code;
use leeward_core::event::{Draft, Reaction, What};
use leeward_core::id::{RoomId, Seq};
use leeward_core::limits::REACTIONS_PER_MESSAGE_MAX;
use leeward_core::room::{RoomFacts, RoomKind};
use leeward_store::{PageFrom, PageQuery};

pub(crate) async fn a_draft_becomes_the_next_event(stage: &Stage) {
    let room = stage.lobby().await;
    let first = stage.post(room, MEMBER, message("one")).await.unwrap();
    let second = stage.post(room, OTHER, message("two")).await.unwrap();
    assert_eq!(
        (first.event.seq, second.event.seq),
        (Seq(5), Seq(6)),
        "after facts and three joins"
    );
    assert_eq!((first.repeated, first.epoch), (false, second.epoch));
    let events = stage.store().events_after(room, Seq(0), 100).await.unwrap();
    assert_eq!(seqs(&events), [1, 2, 3, 4, 5, 6]);
    assert_eq!(events[4..], [first.event, second.event]);
    assert_eq!(seqs(&stage.store().events_after(room, Seq(2), 2).await.unwrap()), [3, 4]);
}

pub(crate) async fn a_repeated_nonce_gets_the_first_answer_whatever_has_happened_since(
    stage: &Stage,
) {
    let room = stage.lobby().await;
    let first = stage.post_as(room, MEMBER, "once", message("said")).await.unwrap();
    let again = stage.post_as(room, MEMBER, "once", message("something else")).await.unwrap();
    assert_eq!((again.event, again.repeated), (first.event.clone(), true));
    let closed = RoomFacts { archived: true, ..facts("lobby", RoomKind::Public) };
    stage.store().edit_room(OWNER, room, closed, stage.at()).await.unwrap();
    let late = stage.post_as(room, MEMBER, "once", message("said")).await.unwrap();
    assert_eq!(late.event, first.event);
    assert_eq!(code(stage.post_as(room, MEMBER, "twice", message("said")).await), Code::Archived);
    let events = stage.store().events_after(room, first.event.seq, 10).await.unwrap();
    assert_eq!(events.len(), 1, "only the facts came after it");
}

pub(crate) async fn a_nonce_of_another_room_is_refused_and_stores_nothing(stage: &Stage) {
    let room = stage.lobby().await;
    let elsewhere = stage.room("elsewhere", RoomKind::Public, &[OWNER, MEMBER]).await;
    let first = stage.post_as(room, MEMBER, "once", message("said")).await.unwrap();
    let head = stage.say(elsewhere, OWNER, "before").await;
    let there = stage.post_as(elsewhere, MEMBER, "once", message("said")).await;
    assert_eq!(code(there), Code::Conflict);
    let outside = stage.room("outside", RoomKind::Private, &[OWNER]).await;
    let hidden = stage.post_as(outside, MEMBER, "once", message("said")).await;
    assert_eq!(code(hidden), Code::NotFound, "what one may not see is not told of");
    assert_eq!(stage.say(elsewhere, OWNER, "after").await, head.next());
    let again = stage.post_as(room, MEMBER, "once", message("said")).await.unwrap();
    assert_eq!((again.event, again.repeated), (first.event, true));
}

pub(crate) async fn one_nonce_of_two_authors_is_two_drafts(stage: &Stage) {
    let room = stage.lobby().await;
    let first = stage.post_as(room, MEMBER, "same", message("mine")).await.unwrap();
    let second = stage.post_as(room, OTHER, "same", message("mine too")).await.unwrap();
    assert_eq!((second.repeated, second.event.seq), (false, first.event.seq.next()));
}

pub(crate) async fn a_nonce_is_known_after_reopening(stage: &Stage) {
    let room = stage.lobby().await;
    let first = stage.post_as(room, MEMBER, "once", message("said")).await.unwrap();
    stage.reopen().await;
    let again = stage.post_as(room, MEMBER, "once", message("said")).await.unwrap();
    assert_eq!((again.event, again.repeated, again.epoch), (first.event, true, first.epoch));
    assert_eq!(stage.say(room, MEMBER, "next").await, Seq(6));
}

pub(crate) async fn an_edit_replaces_the_text_and_keeps_the_old_one(stage: &Stage) {
    let room = stage.lobby().await;
    let seq = stage.say(room, MEMBER, "frist").await;
    let edit = Draft::Edit { target: seq, text: "first".into() };
    let edited = stage.post(room, MEMBER, edit.clone()).await.unwrap();
    let line = stage.line(room, seq).await;
    assert_eq!((line.text.as_str(), line.edited_at), ("first", Some(edited.event.at)));
    let texts = stage.store().revisions(room, seq).await.unwrap();
    let texts: Vec<_> = texts.iter().map(|r| (r.seq, r.text.as_str())).collect();
    assert_eq!(texts, [(seq, "frist"), (edited.event.seq, "first")]);
    let plain = &stage.store().events_after(room, Seq(seq.0 - 1), 1).await.unwrap()[0];
    assert_eq!(said(plain).text, "frist", "the log says what was said then");
    assert_eq!(code(stage.post(room, OTHER, edit).await), Code::Forbidden);
}

pub(crate) async fn a_deleted_message_loses_what_it_said_everywhere(stage: &Stage) {
    let room = stage.lobby().await;
    let seq = stage.say(room, MEMBER, "secret one").await;
    let edit = Draft::Edit { target: seq, text: "secret two".into() };
    stage.post(room, MEMBER, edit).await.unwrap();
    stage.post(room, OTHER, react(seq, "eyes", true)).await.unwrap();
    stage.post(room, OTHER, Draft::Pin { target: seq, on: true }).await.unwrap();
    let answer = stage.answer(room, OTHER, seq, "what?").await;
    stage.post(room, OWNER, Draft::Delete { target: seq }).await.unwrap();
    let line = stage.line(room, seq).await;
    assert!(line.deleted && line.text.is_empty() && line.reactions.is_empty() && !line.pinned);
    assert_eq!((line.edited_at, line.replies.map(|r| r.last)), (None, Some(answer)));
    let everything = stage.store().events_after(room, Seq(0), 100).await.unwrap();
    assert!(!format!("{everything:?}").contains("secret"));
    assert_eq!(stage.store().revisions(room, seq).await.unwrap(), []);
    assert_eq!(stage.store().pins(room).await.unwrap(), []);
    for draft in [Draft::Delete { target: seq }, react(seq, "eyes", true)] {
        assert_eq!(code(stage.post(room, OWNER, draft).await), Code::Deleted);
    }
}

pub(crate) async fn reactions_keep_the_order_in_which_each_was_first_put_on(stage: &Stage) {
    let room = stage.lobby().await;
    let seq = stage.say(room, MEMBER, "vote").await;
    for (who, emoji, on) in [
        (MEMBER, "one", true),
        (OTHER, "two", true),
        (OTHER, "one", true),
        (OTHER, "one", true),
        (MEMBER, "one", false),
        (OWNER, "one", true),
        (MEMBER, "one", true),
        (OWNER, "three", true),
        (OWNER, "three", false),
    ] {
        stage.post(room, who, react(seq, emoji, on)).await.unwrap();
    }
    let chip = |emoji: &str, by: &[leeward_store::Author]| Reaction {
        emoji: emoji.into(),
        by: by.iter().map(|who| who.account).collect(),
    };
    let expected = [chip("one", &[OTHER, OWNER, MEMBER]), chip("two", &[OTHER])];
    assert_eq!(stage.line(room, seq).await.reactions, expected);
}

pub(crate) async fn a_pinned_message_is_listed_until_it_is_unpinned(stage: &Stage) {
    let room = stage.lobby().await;
    let (one, two) = (stage.say(room, MEMBER, "one").await, stage.say(room, MEMBER, "two").await);
    for target in [one, two] {
        stage.post(room, MEMBER, Draft::Pin { target, on: true }).await.unwrap();
    }
    let pins = stage.store().pins(room).await.unwrap();
    assert_eq!(seqs(&pins), [two.0, one.0]);
    assert!(said(&pins[0]).pinned);
    stage.post(room, MEMBER, Draft::Pin { target: two, on: false }).await.unwrap();
    assert_eq!(seqs(&stage.store().pins(room).await.unwrap()), [one.0]);
}

pub(crate) async fn what_the_rules_refuse_leaves_no_trace(stage: &Stage) {
    let room = stage.lobby().await;
    let seq = stage.say(room, MEMBER, "here").await;
    let quote = Draft::Message {
        text: "as you say".into(),
        thread: None,
        also_room: false,
        files: vec![],
        quote: Some(Seq(99)),
    };
    for (who, draft, why) in [
        (GUEST, message("let me in"), Code::NotFound),
        (MEMBER, reply(Seq(99), "to nothing", false), Code::NotFound),
        (MEMBER, reply(Seq(1), "to the facts", false), Code::BadRequest),
        (OTHER, Draft::Delete { target: seq }, Code::Forbidden),
        (MEMBER, quote, Code::NotFound),
    ] {
        assert_eq!(code(stage.post_as(room, who, "refused", draft).await), why);
    }
    assert_eq!(code(stage.post(RoomId(99), MEMBER, message("where?")).await), Code::NotFound);
    let events = stage.store().events_after(room, seq, 10).await.unwrap();
    assert_eq!(events, [], "nothing came after it");
    let kept = stage.post_as(room, MEMBER, "refused", message("again")).await.unwrap();
    assert!(!kept.repeated, "a refused draft does not use up its nonce");
}

pub(crate) async fn only_so_many_different_reactions_fit_on_a_message(stage: &Stage) {
    let room = stage.lobby().await;
    let seq = stage.say(room, MEMBER, "vote").await;
    for n in 0..REACTIONS_PER_MESSAGE_MAX {
        stage.post(room, MEMBER, react(seq, &format!("e{n}"), true)).await.unwrap();
    }
    assert_eq!(code(stage.post(room, OTHER, react(seq, "more", true)).await), Code::TooMany);
    stage.post(room, OTHER, react(seq, "e7", true)).await.unwrap();
    stage.post(room, MEMBER, react(seq, "e0", false)).await.unwrap();
    stage.post(room, OTHER, react(seq, "more", true)).await.unwrap();
}

pub(crate) async fn pages_meet_without_a_gap(stage: &Stage) {
    let room = stage.lobby().await;
    let mut said = Vec::new();
    for n in 0..25 {
        let seq = stage.say(room, MEMBER, &n.to_string()).await;
        stage.post(room, MEMBER, react(seq, "ok", true)).await.unwrap();
        said.push(seq.0);
    }
    let page = async |from| {
        let query = PageQuery { from, thread: None, limit: 7 };
        stage.store().page(room, query).await.unwrap().unwrap()
    };
    let mut backwards = page(PageFrom::Newest).await;
    assert!(!backwards.more_after);
    let mut all = seqs(&backwards.lines);
    while backwards.more_before {
        backwards = page(PageFrom::Before(Seq(all[0]))).await;
        assert!(backwards.more_after);
        all.splice(0..0, seqs(&backwards.lines));
    }
    assert_eq!(all, [1, 2, 3, 4].into_iter().chain(said).collect::<Vec<_>>());
    let mut forwards = page(PageFrom::After(Seq(0))).await;
    assert!(!forwards.more_before);
    let mut again = seqs(&forwards.lines);
    while forwards.more_after {
        forwards = page(PageFrom::After(Seq(again[again.len() - 1]))).await;
        assert!(forwards.more_before);
        again.extend(seqs(&forwards.lines));
    }
    assert_eq!(again, all);
    let snapshot = stage.store().snapshot(room, 10).await.unwrap().unwrap();
    assert_eq!((seqs(&snapshot.lines), snapshot.more), (all[all.len() - 10..].to_vec(), true));
    assert_eq!((snapshot.at.seq, snapshot.members_total), (Seq(54), 3));
    assert_eq!(snapshot.people.len(), 3);
}

pub(crate) async fn a_page_around_a_line_holds_it(stage: &Stage) {
    let room = stage.lobby().await;
    for n in 0..20 {
        stage.say(room, MEMBER, &n.to_string()).await;
    }
    let around = async |seq| {
        let query = PageQuery { from: PageFrom::Around(Seq(seq)), thread: None, limit: 6 };
        let page = stage.store().page(room, query).await.unwrap().unwrap();
        (seqs(&page.lines), page.more_before, page.more_after)
    };
    assert_eq!(around(12).await, (vec![9, 10, 11, 12, 13, 14], true, true));
    assert_eq!(around(1).await, (vec![1, 2, 3], false, true));
    assert_eq!(around(24).await, (vec![21, 22, 23, 24], true, false));
    assert_eq!(around(0).await, (vec![1, 2, 3], false, true));
    assert_eq!(around(999).await, (vec![22, 23, 24], true, false));
}

pub(crate) async fn ids_that_cannot_be_are_simply_not_found(stage: &Stage) {
    let room = stage.lobby().await;
    stage.say(room, MEMBER, "here").await;
    let store = stage.store();
    for seq in [0, 99, 1 << 32, (1 << 32) + 5, u64::MAX] {
        assert_eq!(store.line(room, Seq(seq)).await.unwrap(), None);
        assert_eq!(store.revisions(room, Seq(seq)).await.unwrap(), []);
        let refused = stage.post(room, MEMBER, reply(Seq(seq), "to nothing", false)).await;
        assert_eq!(code(refused), Code::NotFound);
    }
    assert_eq!(store.events_after(room, Seq(u64::MAX), 10).await.unwrap(), []);
    for room in [0, 99, 1 << 31, 1 << 40, u64::MAX >> 1] {
        assert_eq!(store.snapshot(RoomId(room), 10).await.unwrap(), None);
        assert_eq!(store.events_after(RoomId(room), Seq(0), 10).await.unwrap(), []);
        assert_eq!(store.access(MEMBER.account, RoomId(room)).await.unwrap(), None);
    }
}

pub(crate) async fn the_tail_of_a_room_ends_at_its_position(stage: &Stage) {
    let room = stage.lobby().await;
    for n in 0..50 {
        stage.say(room, MEMBER, &format!("{n} {}", "x".repeat(100))).await;
    }
    let loaded = stage.store().load_room(room, 3_000).await.unwrap().unwrap();
    assert_eq!(loaded.position.seq, Seq(54));
    assert_eq!(loaded.last_message, Seq(54));
    let tail = seqs(&loaded.tail);
    assert!(tail.len() > 5 && tail.len() < 25, "{} events", tail.len());
    assert_eq!(tail, (55 - tail.len() as u64..=54).collect::<Vec<_>>());
    assert_eq!(loaded.members.len(), 3);
    let whole = stage.store().load_room(room, usize::MAX).await.unwrap().unwrap();
    assert_eq!(whole.tail.len(), 54);
    assert!(matches!(&whole.tail[0].what, What::Room(facts) if *facts == whole.facts));
    assert_eq!(stage.store().load_room(RoomId(99), 1).await.unwrap(), None);
}
