//! Backups, restores, exports, imports.

use super::Stage;
use super::files::upload;
use super::stage::*;
use leeward_core::account::Role;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, Millis, RoomId, Seq};
use leeward_core::room::RoomKind;
use leeward_core::search_query::SearchQuery;
use leeward_store::{
    Import, ImportFile, ImportReaction, Imported, KeyMaterial, NewSession, PageFrom, PageQuery,
    SqliteConfig, Store, StoreError,
};
use std::fs;

pub(crate) async fn a_backup_made_while_writing_is_whole(stage: &Stage) {
    let room = stage.lobby().await;
    let file = upload(stage, MEMBER, "a.txt", b"kept").await;
    stage.post(room, MEMBER, with_files("", &[file])).await.unwrap();
    let writing = async {
        for n in 0..300 {
            stage.say(room, OTHER, &format!("message {n}")).await;
        }
    };
    let store = stage.store();
    let (report, ()) = tokio::join!(store.backup(stage.dir("backup")), writing);
    let report = report.unwrap();
    assert_eq!((report.files, report.files_bytes), (1, 4));
    let found = Store::verify(&stage.dir("backup")).unwrap();
    assert_eq!(found.faults, Vec::<String>::new());
    assert_eq!((found.events, found.files, found.accounts, found.rooms), (report.events, 1, 4, 1));
    let live = Store::verify(&stage.dir("data")).unwrap();
    assert_eq!((live.faults, live.events), (vec![], 305));
    let again = store.backup(stage.dir("backup")).await;
    assert!(matches!(again, Err(StoreError::Unusable(_))), "never over another");
}

pub(crate) async fn what_was_restored_is_another_history(stage: &Stage) {
    let room = stage.lobby().await;
    let file = upload(stage, MEMBER, "a.txt", b"kept").await;
    stage.post_as(room, MEMBER, "kept", with_files("kept", &[file])).await.unwrap();
    let store = stage.store();
    let epoch = store.epoch().await.unwrap();
    store.backup(stage.dir("backup")).await.unwrap();
    stage.post_as(room, MEMBER, "lost", message("lost")).await.unwrap();
    let restored = Store::restore(&stage.dir("backup"), &stage.dir("again")).unwrap();
    assert!(restored.epoch > epoch);
    let again = Store::open(&SqliteConfig::new(stage.dir("again"))).unwrap();
    assert_eq!(again.epoch().await.unwrap(), restored.epoch);
    let events = again.events_after(room, Seq(0), 100).await.unwrap();
    assert_eq!(events.len(), 5);
    assert_eq!(fs::read(again.file_path(file)).unwrap(), b"kept");
    let query = SearchQuery::parse("kept").unwrap();
    assert_eq!(again.search(MEMBER.account, query, 9, None).await.unwrap().len(), 1);
    again.close().await;
    let over = Store::restore(&stage.dir("backup"), &stage.dir("again"));
    assert!(matches!(over, Err(StoreError::Unusable(_))), "never over another");
}

pub(crate) async fn nothing_that_was_sealed_before_a_restore_opens_after_it(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let session = async |store: &Store| {
        let (account, at) = (MEMBER.account, stage.at());
        let expires_at = Millis(at.0 + 1_000_000);
        let new = NewSession { account, device: "a browser".into(), at, expires_at };
        store.create_session(new).await.unwrap().id
    };
    let before = session(&store).await;
    store.rotate_keys([1; 32]).await.unwrap();
    store.backup(stage.dir("backup")).await.unwrap();
    let since = session(&store).await;
    store.revoke_session(MEMBER.account, before).await.unwrap();
    Store::restore(&stage.dir("backup"), &stage.dir("again")).unwrap();
    let again = Store::open(&SqliteConfig::new(stage.dir("again"))).unwrap();
    let secrets = |material: KeyMaterial| {
        let mut keys: Vec<_> = material.previous.into_iter().map(|(_, key)| key).collect();
        keys.push(material.current.1);
        keys
    };
    let (old, new) = (store.keys().await.unwrap(), again.keys().await.unwrap());
    assert_ne!(old.current.0, new.current.0, "a token of before is known by its key's id");
    let (old, new) = (secrets(old), secrets(new));
    assert_eq!((old.len(), new.len()), (2, 1));
    assert!(!old.contains(&new[0]));
    assert_eq!(again.sessions(MEMBER.account, stage.at()).await.unwrap(), []);
    assert_eq!(session(&again).await, since, "an id is given again, under another key");
    again.close().await;
}

pub(crate) async fn a_damaged_backup_is_noticed(stage: &Stage) {
    let room = stage.lobby().await;
    let file = upload(stage, MEMBER, "a.txt", b"kept").await;
    stage.post(room, MEMBER, with_files("", &[file])).await.unwrap();
    let store = stage.store();
    let backup = stage.dir("backup");
    store.backup(backup.clone()).await.unwrap();
    let bytes = backup.join("files/0").join(file.to_string());
    // The data directory may share the bytes: a new file takes the place of this name only.
    fs::remove_file(&bytes).unwrap();
    let faults = Store::verify(&backup).unwrap().faults;
    assert!(faults.iter().any(|fault| fault.contains("missing")), "{faults:?}");
    fs::write(&bytes, b"kepd").unwrap();
    assert!(!Store::verify(&backup).unwrap().faults.is_empty());
    let refused = Store::restore(&backup, &stage.dir("again"));
    assert!(matches!(refused, Err(StoreError::Corrupt(_))));
    fs::write(&bytes, b"kept").unwrap();
    assert_eq!(Store::verify(&backup).unwrap().faults, Vec::<String>::new());
    let database = backup.join("leeward.db");
    let mut content = fs::read(&database).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 0xff;
    fs::write(&database, content).unwrap();
    match Store::verify(&backup) {
        Ok(report) => assert!(!report.faults.is_empty()),
        Err(e) => assert!(matches!(e, StoreError::Corrupt(_))),
    }
    fs::remove_file(backup.join("manifest.json")).unwrap();
    let incomplete = Store::restore(&backup, &stage.dir("again"));
    assert!(matches!(incomplete, Err(StoreError::Unusable(words)) if words.contains("manifest")));
}

pub(crate) async fn an_export_holds_everything_and_no_secrets(stage: &Stage) {
    let room = stage.lobby().await;
    let file = upload(stage, MEMBER, "a.txt", b"kept").await;
    let seq = stage.post(room, MEMBER, with_files("first", &[file])).await.unwrap().event.seq;
    let edit = Draft::Edit { target: seq, text: "second".into() };
    stage.post(room, MEMBER, edit).await.unwrap();
    let report = stage.store().export(stage.dir("export")).await.unwrap();
    let text = fs::read_to_string(stage.dir("export").join("workspace.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((report.lines, report.files), (lines.len() as u64, 1));
    let count = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
    let counts = ["workspace", "account", "room", "member", "file", "event"].map(count);
    assert_eq!(counts, [1, 4, 1, 3, 1, 6]);
    let events: Vec<_> = lines.iter().filter(|line| line["type"] == "event").collect();
    assert_eq!(events[4]["event"]["text"], "second");
    assert_eq!(events[5]["event"]["kind"], "edit");
    let path = lines.iter().find(|line| line["type"] == "file").unwrap()["path"].as_str().unwrap();
    assert_eq!(fs::read(stage.dir("export").join(path)).unwrap(), b"kept");
    assert!(!text.contains("argon2"));
}

fn account(external: &str, name: &str) -> Import {
    Import::Account {
        external: external.into(),
        name: name.into(),
        display: name.to_uppercase(),
        role: Role::Owner,
        bot: false,
        disabled: false,
        at: Millis(1_000),
    }
}

fn room(external: &str, kind: RoomKind, name: &str, members: &[&str]) -> Import {
    Import::Room {
        external: external.into(),
        kind,
        name: name.into(),
        topic: "old\nnews".into(),
        archived: false,
        members: members.iter().map(ToString::to_string).collect(),
        at: Millis(2_000),
    }
}

fn old_message(
    external: &str,
    room: &str,
    author: &str,
    text: &str,
    thread: Option<&str>,
) -> Import {
    Import::Message {
        external: external.into(),
        room: room.into(),
        author: author.into(),
        at: Millis(3_000),
        text: text.into(),
        thread: thread.map(Into::into),
        also_room: false,
        files: vec![],
        reactions: vec![ImportReaction {
            emoji: "tada".into(),
            by: vec!["U2".into(), "U1".into()],
        }],
        edited_at: Some(Millis(4_000)),
        pinned: external == "m1",
        name: None,
    }
}

pub(crate) async fn an_import_repeated_doubles_nothing(stage: &Stage) {
    stage.people().await;
    let store = stage.store();
    let bytes = stage.dir("old.txt");
    fs::write(&bytes, b"old bytes").unwrap();
    let mut with_file = old_message("m3", "C1", "U1", "", None);
    if let Import::Message { files, .. } = &mut with_file {
        files.push(ImportFile {
            external: "F1".into(),
            name: "old.txt".into(),
            mime: "text/plain".into(),
            source: bytes,
        });
    }
    let things = vec![
        account("U1", "Sender One"),
        account("U2", "second"),
        room("C1", RoomKind::Public, "Old Talk", &["U1", "U2", "U9"]),
        room("D1", RoomKind::Direct, "", &["U1", "U2"]),
        old_message("m1", "C1", "U1", "hello @second", None),
        old_message("m2", "C1", "U2", "hello back", Some("m1")),
        with_file,
        old_message("m4", "D1", "U2", "psst", None),
        old_message("m5", "C9", "U1", "nowhere", None),
        old_message("m6", "C1", "U9", "by nobody", None),
    ];
    let first = store.import("slack:T1".into(), things.clone()).await.unwrap();
    assert!(matches!(&first[8..], [Imported::Skipped(_), Imported::Skipped(_)]), "{first:?}");
    let mut more = things.clone();
    more.push(old_message("m7", "C1", "U1", "since then", Some("m2")));
    let second = store.import("slack:T1".into(), more).await.unwrap();
    for (first, second) in first.iter().zip(&second).take(8) {
        let Imported::Stored(id) = first else { panic!("{first:?}") };
        assert_eq!(second, &Imported::Known(*id));
    }
    let Imported::Stored(last) = second[10] else { panic!("{second:?}") };
    let talk = store.room_named("old-talk".into()).await.unwrap().unwrap();
    let events = store.events_after(talk, Seq(0), 100).await.unwrap();
    assert_eq!(seqs(&events), (1..=last).collect::<Vec<_>>(), "facts, two joins, four messages");
    assert_eq!(events.len(), 7);
    let hello = stage.line(talk, Seq(4)).await;
    assert_eq!(hello.replies.unwrap().count, 2, "a reply to a reply joins the thread");
    assert_eq!((hello.pinned, hello.edited_at), (true, Some(Millis(4_000))));
    let (one, two) = (AccountId(5), AccountId(6));
    assert_eq!((hello.mentions, hello.reactions[0].by.clone()), (vec![two], vec![two, one]));
    assert_eq!(events[3].at, Millis(3_000));
    let file = &stage.line(talk, Seq(6)).await.files[0];
    assert_eq!(fs::read(store.file_path(file.id)).unwrap(), b"old bytes");
    let state = store.account_state(two).await.unwrap().unwrap();
    assert!(state.rooms.iter().all(|room| room.mentions == 0 && room.read == room.head));
    assert_eq!(state.me.role, Role::Member, "nobody becomes an owner by import");
    assert_eq!(store.threads(one, 9).await.unwrap()[0].unread, 0);
    assert_eq!(Store::verify(&stage.dir("data")).unwrap().faults, Vec::<String>::new());
    let query = SearchQuery::parse("back").unwrap();
    assert_eq!(store.search(two, query, 9, None).await.unwrap().len(), 1);
}

pub(crate) async fn imported_messages_name_people_and_stand_where_they_stood(stage: &Stage) {
    let lobby = stage.lobby().await;
    let store = stage.store();
    let mut broadcast = old_message("m3", "C1", "U1", "for all of you, @room", Some("m1"));
    if let Import::Message { also_room, .. } = &mut broadcast {
        *also_room = true;
    }
    let things = vec![
        account("U1", "sender"),
        account("U2", "member"),
        room("C1", RoomKind::Public, "lobby", &["U1", "U2"]),
        room("D1", RoomKind::Direct, "", &["U1", "U2"]),
        old_message("m1", "C1", "U1", "@member and @member, `@other`, @guest", None),
        old_message("m2", "C1", "U1", "aside, @other", Some("m1")),
        broadcast,
        old_message("m4", "D1", "U1", "@member between us", None),
    ];
    for stored in [true, false] {
        let done = store.import("slack:T1".into(), things.clone()).await.unwrap();
        let as_expected = |i: &Imported| matches!(i, Imported::Stored(_)) == stored;
        assert!(done.iter().all(as_expected), "{done:?}");
        let inbox = async |who: AccountId| {
            let found = store.mentions(who, None, 99).await.unwrap();
            found.into_iter().map(|(room, event)| (room, event.seq)).collect::<Vec<_>>()
        };
        let seq = |i: usize| match done[i] {
            Imported::Stored(seq) | Imported::Known(seq) => Seq(seq),
            Imported::Skipped(_) => panic!("{done:?}"),
        };
        let direct = store.load_room(RoomId(lobby.0 + 1), 0).await.unwrap().unwrap();
        assert_eq!(direct.facts.room_kind, RoomKind::Direct);
        let direct = RoomId(lobby.0 + 1);
        let members = [(direct, seq(7)), (lobby, seq(6)), (lobby, seq(4))];
        assert_eq!(inbox(MEMBER.account).await, members, "named, once each, latest first");
        assert_eq!(inbox(OTHER.account).await, [(lobby, seq(6)), (lobby, seq(5))]);
        assert_eq!(inbox(GUEST.account).await, [], "who is not in the room is not named in it");
        assert_eq!(stage.line(lobby, seq(4)).await.mentions, [MEMBER.account]);
        assert!(stage.line(lobby, seq(6)).await.also_room);
        let page = PageQuery { from: PageFrom::Newest, thread: None, limit: 99 };
        let lines = store.page(lobby, page).await.unwrap().unwrap().lines;
        let shown: Vec<Seq> = lines.iter().map(|line| line.seq).collect();
        assert!(shown.contains(&seq(6)) && !shown.contains(&seq(5)), "{shown:?}");
        store.mark_read(MEMBER.account, direct, Seq(0)).await.unwrap();
        let summary = store.room_summary(MEMBER.account, direct).await.unwrap().unwrap().value;
        assert_eq!(summary.mentions, 1, "in a direct room, every message is for everybody");
        store.mark_read(MEMBER.account, direct, summary.head).await.unwrap();
    }
}

pub(crate) async fn a_file_that_several_imported_messages_show_is_kept_once(stage: &Stage) {
    let lobby = stage.lobby().await;
    let store = stage.store();
    let bytes = stage.dir("old.txt");
    fs::write(&bytes, b"old bytes").unwrap();
    let shows = |external: &str| {
        let mut message = old_message(external, "C1", "U1", "look", None);
        if let Import::Message { files, .. } = &mut message {
            files.push(ImportFile {
                external: "F1".into(),
                name: "old.txt".into(),
                mime: "text/plain".into(),
                source: bytes.clone(),
            });
        }
        message
    };
    let people = [account("U1", "sender"), room("C1", RoomKind::Public, "lobby", &["U1"])];
    let first = [&people[..], &[shows("m1"), shows("m2")]].concat();
    store.import("slack:T1".into(), first).await.unwrap();
    let more = store.import("slack:T1".into(), vec![shows("m3")]).await.unwrap();
    let [Imported::Stored(last)] = more[..] else { panic!("{more:?}") };
    let mut shown = Vec::new();
    for seq in last - 2..=last {
        shown.extend(stage.line(lobby, Seq(seq)).await.files.iter().map(|file| file.id));
    }
    assert_eq!(shown.len(), 3);
    assert!(shown.iter().all(|file| *file == shown[0]), "{shown:?}");
    assert_eq!(fs::read(store.file_path(shown[0])).unwrap(), b"old bytes");
    let left = fs::read_dir(stage.dir("data").join("files")).unwrap();
    let staged = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("import-");
    assert!(!left.flatten().any(staged), "no copy is left over");
    assert_eq!(Store::verify(&stage.dir("data")).unwrap().faults, Vec::<String>::new());
}

pub(crate) async fn an_import_fits_in_with_what_is_there(stage: &Stage) {
    let lobby = stage.lobby().await;
    let store = stage.store();
    let things = vec![
        account("U1", "member"),
        account("U2", "Member"),
        room("C1", RoomKind::Public, "lobby", &["U1", "U2"]),
        room("C2", RoomKind::Private, "lobby", &["U2"]),
        old_message("m1", "C1", "U2", "from before", None),
    ];
    let done = store.import("mattermost".into(), things).await.unwrap();
    assert_eq!(done[0], Imported::Stored(MEMBER.account.0), "the same person");
    let Imported::Stored(second) = done[1] else { panic!("{done:?}") };
    let index = store.index().await.unwrap();
    let name = &index.iter().find(|e| e.person.id.0 == second).unwrap().person.name;
    assert_eq!(name, "member-2", "another person");
    assert_eq!(done[2], Imported::Stored(lobby.0), "the same room");
    let Imported::Stored(private) = done[3] else { panic!("{done:?}") };
    let access = store.access(AccountId(second), RoomId(private)).await.unwrap().unwrap();
    assert_eq!(access.facts.name, "lobby-2", "a private room is never a public one");
    assert_eq!(access.facts.topic, "old news");
    assert_eq!(store.members(lobby).await.unwrap().len(), 4);
    let next = stage.say(lobby, MEMBER, "from here on").await;
    assert_eq!(store.load_room(lobby, 0).await.unwrap().unwrap().position.seq, next);
}
