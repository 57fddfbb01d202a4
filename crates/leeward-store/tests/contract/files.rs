//! What is known of uploaded files.

use super::Stage;
use super::stage::*;
use leeward_core::code::Code;
use leeward_core::event::Draft;
use leeward_core::id::{FileId, Millis};
use leeward_core::room::RoomKind;
use leeward_store::{Author, FinishedUpload};

pub(crate) async fn upload(stage: &Stage, by: Author, name: &str, bytes: &[u8]) -> FileId {
    let store = stage.store();
    let size = bytes.len() as u64;
    let begun = store.create_upload(by.account, name.into(), size, stage.at()).await.unwrap();
    let path = store.file_path(begun.file.id);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    let mime = if name.ends_with("png") { "image/png" } else { "text/plain" };
    let upload = FinishedUpload {
        sum: *blake3::hash(bytes).as_bytes(),
        size,
        mime: mime.into(),
        pixels: name.ends_with("png").then_some((640, 480)),
    };
    let done = store.finish_upload(begun.file.id, upload).await.unwrap();
    assert!(done.finished && done.received == size);
    done.file.id
}

pub(crate) async fn a_file_is_attached_once_it_is_complete(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let begun = store.create_upload(MEMBER.account, "a.png".into(), 9, stage.at()).await.unwrap();
    let id = begun.file.id;
    assert_eq!(code(stage.post(room, MEMBER, with_files("", &[id])).await), Code::Conflict);
    store.progress(id, 4).await.unwrap();
    assert_eq!(store.file(id).await.unwrap().unwrap().received, 4);
    let whole = upload(stage, MEMBER, "b.png", b"123456789").await;
    assert_eq!(code(stage.post(room, OTHER, with_files("", &[whole])).await), Code::NotFound);
    let posted = stage.post(room, MEMBER, with_files("look", &[whole])).await.unwrap();
    let seen = stage.line(room, posted.event.seq).await;
    assert_eq!(seen.files, said(&posted.event).files);
    let file = &seen.files[0];
    assert_eq!((file.name.as_str(), file.size, file.width), ("b.png", 9, Some(640)));
    assert_eq!(store.file(FileId(99)).await.unwrap(), None);
}

pub(crate) async fn a_file_is_seen_by_those_who_see_its_message(stage: &Stage) {
    stage.people().await;
    let room = stage.room("den", RoomKind::Private, &[OWNER, MEMBER]).await;
    let file = upload(stage, MEMBER, "a.txt", b"text").await;
    let store = stage.store();
    let sees = async |who: Author| store.may_see_file(who.account, file).await.unwrap();
    assert!(sees(MEMBER).await && !sees(OWNER).await, "before it is shown");
    stage.post(room, MEMBER, with_files("", &[file])).await.unwrap();
    assert!(sees(OWNER).await && !sees(OTHER).await && !sees(GUEST).await);
    let lobby = stage.room("lobby", RoomKind::Public, &[OWNER, MEMBER]).await;
    stage.post(lobby, MEMBER, with_files("", &[file])).await.unwrap();
    assert!(sees(OTHER).await, "any member may read a public room");
    assert!(!sees(GUEST).await);
    assert!(!store.may_see_file(MEMBER.account, FileId(99)).await.unwrap());
}

pub(crate) async fn a_deleted_message_lets_its_files_go(stage: &Stage) {
    let room = stage.lobby().await;
    let store = stage.store();
    let file = upload(stage, MEMBER, "a.txt", b"text").await;
    let never = upload(stage, MEMBER, "b.txt", b"never shown").await;
    let shown = stage.post(room, MEMBER, with_files("", &[file])).await.unwrap().event.seq;
    assert!(!store.delete_file(file).await.unwrap(), "a message carries it");
    let later = stage.at();
    assert_eq!(store.stray_files(later, 10).await.unwrap(), [never]);
    assert_eq!(store.stray_files(Millis(0), 10).await.unwrap(), []);
    stage.post(room, MEMBER, Draft::Delete { target: shown }).await.unwrap();
    assert_eq!(stage.line(room, shown).await.files, []);
    assert!(!store.may_see_file(OWNER.account, file).await.unwrap());
    assert_eq!(store.stray_files(later, 10).await.unwrap(), [file, never]);
    assert!(store.delete_file(file).await.unwrap());
    assert!(!store.delete_file(file).await.unwrap());
    assert_eq!(store.file(file).await.unwrap(), None);
}

pub(crate) async fn the_files_of_a_room_are_listed_message_by_message(stage: &Stage) {
    let room = stage.lobby().await;
    let elsewhere = stage.room("den", RoomKind::Private, &[OWNER, MEMBER]).await;
    let a = upload(stage, MEMBER, "a.txt", b"a").await;
    let b = upload(stage, MEMBER, "b.txt", b"b").await;
    let carry = async |room, files: &[FileId]| {
        stage.post(room, MEMBER, with_files("", files)).await.unwrap().event.seq
    };
    let first = carry(room, &[a]).await;
    stage.say(room, MEMBER, "nothing with it").await;
    let both = carry(room, &[a, b]).await;
    let last = carry(room, &[b]).await;
    carry(elsewhere, &[a]).await;
    let listed = async |before, limit| stage.store().room_files(room, before, limit).await.unwrap();
    let all = listed(None, 10).await;
    assert_eq!(seqs(&all), [last.0, both.0, first.0], "a message with two files is listed once");
    assert_eq!(said(&all[1]).files.len(), 2);
    assert_eq!(seqs(&listed(None, 2).await), [last.0, both.0]);
    assert_eq!(seqs(&listed(Some(both), 10).await), [first.0]);
    assert_eq!(listed(Some(first), 10).await, []);
    stage.post(room, MEMBER, Draft::Delete { target: both }).await.unwrap();
    assert_eq!(seqs(&listed(None, 10).await), [last.0, first.0]);
}
