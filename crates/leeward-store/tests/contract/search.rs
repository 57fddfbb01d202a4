//! Full-text search.

use super::Stage;
use super::files::upload;
use super::stage::*;
use leeward_core::code::Code;
use leeward_core::event::Draft;
use leeward_core::room::RoomKind;
use leeward_core::search_query::SearchQuery;
use leeward_store::{Author, Hit};

async fn search(stage: &Stage, who: Author, query: &str) -> Vec<Hit> {
    let query = SearchQuery::parse(query).unwrap();
    stage.store().search(who.account, query, 20, None).await.unwrap()
}

async fn found(stage: &Stage, who: Author, query: &str) -> Vec<u64> {
    search(stage, who, query).await.iter().map(|hit| hit.event.seq.0).collect()
}

pub(crate) async fn words_phrases_and_beginnings_are_found(stage: &Stage) {
    let room = stage.lobby().await;
    let fox = stage.say(room, MEMBER, "The quick brown fox jumps over the lazy dog").await.0;
    let cafe = stage.say(room, MEMBER, "Wir treffen uns im Café Zürich um 8:30").await.0;
    let tokyo = stage.say(room, MEMBER, "明日は東京都に行きます").await.0;
    let code = stage.say(room, MEMBER, "set `max_connections` to 9_000, can't you?").await.0;
    for (query, expected) in [
        ("quick", vec![fox]),
        ("QUICK dog", vec![fox]),
        ("dog quick", vec![fox]),
        ("quick cat", vec![]),
        ("\"brown fox\"", vec![fox]),
        ("\"fox brown\"", vec![]),
        ("jum", vec![fox]),
        ("jum fox", vec![]),
        ("cafe zurich", vec![cafe]),
        ("\"im café\"", vec![cafe]),
        ("東京", vec![tokyo]),
        ("京都に", vec![tokyo]),
        ("都", vec![tokyo]),
        ("す", vec![tokyo]),
        ("東都", vec![]),
        ("max_connections", vec![code]),
        ("connec", vec![code]),
        ("can't", vec![code]),
        ("!!!", vec![]),
        ("text OR tags", vec![]),
        ("\"\" NEAR(x) * ^ -", vec![]),
    ] {
        assert_eq!(found(stage, MEMBER, query).await, expected, "{query}");
    }
    let long = format!("{} needle {}", "hay ".repeat(100), "straw ".repeat(100));
    stage.say(room, MEMBER, &long).await;
    let snippet = &search(stage, MEMBER, "needle").await[0].snippet;
    assert!(snippet.contains("hay needle straw") && snippet.chars().count() < 170, "{snippet}");
    assert!(snippet.starts_with('…') && snippet.ends_with('…'), "{snippet}");
}

pub(crate) async fn operators_narrow_the_search(stage: &Stage) {
    let lobby = stage.lobby().await;
    let den = stage.room("den", RoomKind::Private, &[MEMBER, OTHER]).await;
    let one = stage.say(lobby, MEMBER, "storm warning").await.0;
    let two = stage.say(den, OTHER, "storm at https://example.org/x").await.0;
    let png = upload(stage, MEMBER, "radar.png", b"image").await;
    let three = stage.post(lobby, MEMBER, with_files("storm", &[png])).await.unwrap().event.seq.0;
    let txt = upload(stage, OTHER, "notes.txt", b"text").await;
    let four = stage.post(lobby, OTHER, with_files("storm", &[txt])).await.unwrap().event.seq.0;
    for (query, expected) in [
        ("storm", vec![four, three, two, one]),
        ("storm from:me", vec![three, one]),
        ("storm from:@other", vec![four, two]),
        ("from:member from:other in:den", vec![two]),
        ("storm in:#lobby", vec![four, three, one]),
        ("has:link", vec![two]),
        ("storm has:file", vec![four, three]),
        ("has:image", vec![three]),
        ("radar", vec![three]),
        ("storm after:2099", vec![]),
        ("storm before:2099", vec![four, three, two, one]),
        ("storm before:2001", vec![]),
        ("after:2001 in:den", vec![two]),
    ] {
        assert_eq!(found(stage, MEMBER, query).await, expected, "{query}");
    }
    for query in ["storm from:nobody", "storm in:nowhere"] {
        let query = SearchQuery::parse(query).unwrap();
        let refused = stage.store().search(MEMBER.account, query, 20, None).await;
        assert_eq!(code(refused), Code::NotFound);
    }
}

pub(crate) async fn only_rooms_one_is_in_are_searched(stage: &Stage) {
    let lobby = stage.lobby().await;
    let den = stage.room("den", RoomKind::Private, &[MEMBER, OTHER]).await;
    let secret = stage.say(den, MEMBER, "secret treasure").await.0;
    let open = stage.say(lobby, OWNER, "treasure").await.0;
    assert_eq!(found(stage, OTHER, "treasure").await, [open, secret]);
    assert_eq!(found(stage, OWNER, "treasure").await, [open]);
    assert_eq!(found(stage, GUEST, "treasure").await, Vec::<u64>::new());
    let query = SearchQuery::parse("treasure in:den").unwrap();
    assert_eq!(code(stage.store().search(OWNER.account, query, 9, None).await), Code::NotFound);
    // Of those who are in many rooms, too.
    for n in 0..12 {
        stage.room(&format!("room{n}"), RoomKind::Public, &[OWNER]).await;
    }
    assert_eq!(found(stage, OWNER, "treasure").await, [open]);
    assert_eq!(found(stage, OWNER, "after:2001 from:owner").await, [open]);
    stage.store().leave(OTHER, den, OTHER.account, false, stage.at()).await.unwrap();
    assert_eq!(found(stage, OTHER, "treasure").await, [open]);
}

pub(crate) async fn edits_and_deletions_reach_the_index(stage: &Stage) {
    let room = stage.lobby().await;
    let seq = stage.say(room, MEMBER, "before the change").await;
    assert_eq!(found(stage, OTHER, "before").await, [seq.0]);
    let edit = Draft::Edit { target: seq, text: "after the change".into() };
    stage.post(room, MEMBER, edit).await.unwrap();
    assert_eq!(found(stage, OTHER, "before").await, Vec::<u64>::new());
    assert_eq!(found(stage, OTHER, "after").await, [seq.0]);
    assert_eq!(said(&search(stage, OTHER, "after").await[0].event).text, "after the change");
    stage.post(room, MEMBER, Draft::Delete { target: seq }).await.unwrap();
    assert_eq!(found(stage, OTHER, "change").await, Vec::<u64>::new());
}

pub(crate) async fn the_newest_comes_first_and_the_cursor_goes_on(stage: &Stage) {
    let room = stage.lobby().await;
    let den = stage.room("den", RoomKind::Private, &[MEMBER]).await;
    for n in 0..7 {
        stage.say(if n % 2 == 0 { room } else { den }, MEMBER, &format!("wave {n}")).await;
    }
    let mut before = None;
    let mut texts = Vec::new();
    loop {
        let query = SearchQuery::parse("wave").unwrap();
        let page = stage.store().search(MEMBER.account, query, 3, before).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.cursor);
        texts.extend(page.iter().map(|hit| said(&hit.event).text.clone()));
    }
    let expected: Vec<_> = (0..7).rev().map(|n| format!("wave {n}")).collect();
    assert_eq!(texts, expected);
}

pub(crate) async fn a_damaged_index_is_made_again(stage: &Stage) {
    let room = stage.lobby().await;
    let seq = stage.say(room, MEMBER, "still to be found").await.0;
    assert_eq!(found(stage, MEMBER, "found").await, [seq]);
    for damage in [&b"this is no database, and never was one"[..], b""] {
        stage.reopen_after(|dir| std::fs::write(dir.join("search.db"), damage).unwrap()).await;
        assert_eq!(found(stage, MEMBER, "found").await, [seq]);
    }
    stage.reopen_after(|dir| std::fs::remove_file(dir.join("search.db")).unwrap()).await;
    assert_eq!(found(stage, MEMBER, "found").await, [seq]);
}
