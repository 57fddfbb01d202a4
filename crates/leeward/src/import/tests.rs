//! Small exports, written for the purpose, into a real store: what arrives, that repeating changes
//! nothing, and that a bad file leaves nothing behind.

use super::*;
use leeward_server::core::account::Role;
use leeward_server::core::event::{Message, What};
use leeward_server::core::id::{RoomId, Seq};
use leeward_server::store::{PageFrom, PageQuery, SqliteConfig};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;

/// A store and an export, side by side.
struct Desk {
    dir: tempfile::TempDir,
    store: Store,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let store =
            Store::open(&SqliteConfig::new(dir.path().join("data"))).expect("a fresh store");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self { dir, store, runtime: runtime.expect("a runtime") }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join("export").join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(&path, text).expect("written");
        path
    }

    fn import(&self, from: Source, path: &Path) -> Result<Summary> {
        let stored = Stored { store: &self.store, runtime: &self.runtime };
        run(&stored, from, path, &self.dir.path().join("scratch"), &mut |_| ())
    }

    fn export(&self) -> PathBuf {
        self.dir.path().join("export")
    }

    fn room(&self, name: &str) -> RoomId {
        let found = self.runtime.block_on(self.store.room_named(name.to_owned()));
        found.expect("the store answers").expect("the room was imported")
    }

    /// The messages of a room, threads included, in the order of its log.
    fn messages(&self, room: RoomId) -> Vec<(Seq, String, Message)> {
        let answers = self.runtime.block_on(async {
            let query = PageQuery { from: PageFrom::Newest, thread: None, limit: 200 };
            let page = self.store.page(room, query).await.expect("answers").expect("a room");
            let mut lines = page.lines.clone();
            for line in page.lines {
                if let What::Message(message) = &line.what
                    && message.replies.is_some()
                {
                    let query = PageQuery { thread: Some(line.seq), ..query };
                    let thread = self.store.page(room, query).await.expect("answers");
                    lines.extend(thread.expect("a room").lines.into_iter().skip(1));
                }
            }
            lines.sort_by_key(|l| l.seq);
            lines.dedup_by_key(|l| l.seq);
            let people = self.store.index().await.expect("answers");
            lines.into_iter().map(move |line| {
                let author = people.iter().find(|e| e.person.id == line.from);
                (line.seq, author.expect("authors have accounts").person.name.clone(), line.what)
            })
        });
        answers
            .filter_map(|(seq, author, what)| {
                let What::Message(message) = what else { return None };
                Some((seq, author, *message))
            })
            .collect()
    }

    fn texts(&self, room: &str) -> Vec<(String, String)> {
        let messages = self.messages(self.room(room));
        messages.into_iter().map(|(_, author, m)| (author, m.text)).collect()
    }

    fn accounts(&self) -> Vec<(String, Role, bool, bool)> {
        let index = self.runtime.block_on(self.store.index()).expect("the store answers");
        let rows = index.into_iter().map(|e| e.person);
        rows.map(|p| (p.name, p.role, p.bot, p.disabled)).collect()
    }
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn slack(desk: &Desk) {
    let users = json!([
        {"id": "U1", "team_id": "T1", "name": "owner", "profile": {"display_name": "The Owner"}},
        {"id": "U2", "team_id": "T1", "name": "Member", "profile": {"real_name": "A Member"}},
        {"id": "U3", "team_id": "T1", "name": "guest", "is_restricted": true, "profile": {}},
        {"id": "U4", "team_id": "T1", "name": "former", "deleted": true, "profile": {}},
    ]);
    let channels = json!([{"id": "C1", "name": "general", "created": 1577836800, "creator": "U2",
        "members": ["U1", "U2", "U3"], "topic": {"value": "Everything"}, "purpose": {"value": ""}}]);
    let dms = json!([{"id": "D1", "created": 1577836800, "members": ["U1", "U2"]}]);
    let first = json!([
        // Out of order on purpose.
        {"type": "message", "user": "U2", "ts": "1577836802.000200", "text": "hello <@U1> in <#C1>, *really* &amp; truly",
         "edited": {"user": "U2", "ts": "1577836860.000000"},
         "reactions": [{"name": "wave::skin-tone-3", "users": ["U1", "U3"], "count": 2}]},
        {"type": "message", "user": "U1", "ts": "1577836801.000100", "text": "first", "thread_ts": "1577836801.000100",
         "pinned_to": ["C1"]},
        {"type": "message", "subtype": "channel_join", "user": "U3", "ts": "1577836800.000100", "text": "<@U3> has joined"},
    ]);
    let second = json!([
        {"type": "message", "user": "U3", "ts": "1577923200.000100", "text": "an answer", "thread_ts": "1577836801.000100"},
        {"type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "Builder", "ts": "1577923201.000100",
         "text": "", "attachments": [{"fallback": "build 7 is green"}]},
        {"type": "message", "user": "U1", "ts": "1577923202.000100", "text": "",
         "files": [{"id": "F1", "name": "plan.pdf", "url_private": "https://files.example/plan.pdf"}, {"id": "F2", "mode": "hidden_by_limit"}]},
        {"type": "message", "user": "U9", "ts": "1577923203.000100", "text": "from somebody not listed"},
        {"type": "message", "subtype": "tombstone", "user": "U1", "ts": "1577923204.000100", "text": "This message was deleted."},
    ]);
    let direct =
        json!([{"type": "message", "user": "U1", "ts": "1577836805.000100", "text": "between us"}]);
    for (name, value) in [
        ("users.json", users),
        ("channels.json", channels),
        ("dms.json", dms),
        ("general/2020-01-01.json", first),
        ("general/2020-01-02.json", second),
        ("D1/2020-01-01.json", direct),
    ] {
        desk.write(name, &value.to_string());
    }
}

#[test]
fn a_slack_export_arrives_with_its_threads_reactions_edits_and_links() {
    let desk = Desk::new();
    slack(&desk);
    let summary = desk.import(Source::Slack, &desk.export()).expect("a good export");
    assert_eq!(summary.accounts, Counts { stored: 6, known: 0, skipped: 0 });
    assert_eq!(summary.rooms.stored, 2);
    assert_eq!(summary.messages, Counts { stored: 7, known: 0, skipped: 0 });
    let reasons: Vec<(&str, u64)> = summary.skipped.iter().map(|(r, n)| (r.as_str(), *n)).collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons.iter().all(|(_, n)| *n == 1), "{reasons:?}");

    let expected = [
        ("owner", "first"),
        ("member", "hello @owner in #general, **really** & truly"),
        ("guest", "an answer"),
        ("slack-b1", "> build 7 is green"),
        ("owner", "[plan.pdf](<https://files.example/plan.pdf>)"),
        ("slack-u9", "from somebody not listed"),
    ];
    assert_eq!(desk.texts("general"), pairs(&expected));
    let messages = desk.messages(desk.room("general"));
    let message = |i: usize| &messages[i].2;
    assert!(message(0).pinned && message(0).replies.is_some_and(|r| r.count == 1));
    assert!(message(1).edited_at.is_some());
    assert_eq!(message(1).reactions[0].emoji, "wave");
    assert_eq!(message(1).reactions[0].by.len(), 2);
    assert_eq!(message(2).thread, Some(messages[0].0));
    assert_eq!(message(3).name.as_deref(), Some("Builder"));

    let accounts = desk.accounts();
    let of = |name: &str| accounts.iter().find(|a| a.0 == name).expect("an account").clone();
    assert_eq!(of("guest").1, Role::Guest);
    assert!(of("former").3 && of("slack-b1").2 && !of("member").3);
}

#[test]
fn repeating_a_slack_import_doubles_nothing() {
    let desk = Desk::new();
    slack(&desk);
    desk.import(Source::Slack, &desk.export()).expect("a good export");
    let before = desk.messages(desk.room("general"));
    let again = desk.import(Source::Slack, &desk.export()).expect("the same export");
    assert_eq!(again.accounts, Counts { stored: 0, known: 6, skipped: 0 });
    assert_eq!(again.messages, Counts { stored: 0, known: 7, skipped: 0 });
    assert_eq!(desk.messages(desk.room("general")), before);

    // A later export of the same workspace brings what was said since.
    let later =
        json!([{"type": "message", "user": "U2", "ts": "1578009600.000100", "text": "later"}]);
    desk.write("general/2020-01-03.json", &later.to_string());
    let more = desk.import(Source::Slack, &desk.export()).expect("a later export");
    assert_eq!(more.messages, Counts { stored: 1, known: 7, skipped: 0 });
    assert_eq!(desk.texts("general").last().expect("messages").1, "later");
}

#[test]
fn who_was_named_in_slack_finds_it_in_the_inbox_and_a_reply_to_all_stands_in_the_room() {
    let desk = Desk::new();
    slack(&desk);
    let day = json!([
        {"type": "message", "subtype": "thread_broadcast", "user": "U3", "ts": "1577923300.000100",
         "text": "<@U2>, and <!here>", "thread_ts": "1577836801.000100"},
    ]);
    desk.write("general/2020-01-04.json", &day.to_string());
    for _ in 0..2 {
        desk.import(Source::Slack, &desk.export()).expect("a good export");
        let room = desk.room("general");
        let (seq, _, last) = desk.messages(room).pop().expect("messages");
        assert_eq!(last.text, "@member, and @room");
        assert!(last.also_room && last.thread.is_some(), "{last:?}");
        let index = desk.runtime.block_on(desk.store.index()).expect("the store answers");
        let inbox = |name: &str| {
            let who = index.iter().find(|e| e.person.name == name).expect("an account").person.id;
            let found = desk.runtime.block_on(desk.store.mentions(who, None, 9));
            let found = found.expect("the store answers").into_iter();
            found.filter(|(at, _)| *at == room).map(|(_, event)| event.seq).collect::<Vec<_>>()
        };
        assert_eq!(inbox("member"), [seq], "named once, in a message of somebody else");
        let greeting = desk.messages(room)[1].0;
        assert_eq!(inbox("owner"), [seq, greeting]);
    }
}

#[test]
fn a_bad_file_stops_a_slack_import_before_anything_is_stored() {
    let desk = Desk::new();
    slack(&desk);
    desk.write("general/2020-01-02.json", "[\n{\"type\": \"message\", \"ts\": 5}\n]");
    let said = format!("{:#}", desk.import(Source::Slack, &desk.export()).expect_err("a bad file"));
    assert!(said.contains("general/2020-01-02.json:2: "), "{said}");
    assert_eq!(desk.accounts(), Vec::new(), "nothing was stored");
}

#[test]
fn a_zip_file_of_a_slack_export_is_the_same_as_its_directory() {
    let desk = Desk::new();
    slack(&desk);
    let path = desk.dir.path().join("export.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).expect("a file"));
    for name in ["users.json", "channels.json", "general/2020-01-01.json"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
        zip.write_all(&std::fs::read(desk.export().join(name)).expect("read")).expect("bytes");
    }
    zip.finish().expect("an archive");
    let summary = desk.import(Source::Slack, &path).expect("a good archive");
    assert_eq!(summary.messages.stored, 2);
    let scratch =
        std::fs::read_dir(desk.dir.path().join("scratch")).expect("the scratch directory");
    assert_eq!(scratch.count(), 0, "what was unpacked is gone");
}

#[test]
fn a_directory_that_is_no_export_says_so() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.export()).expect("made");
    for (from, words) in [(Source::Slack, "no users.json"), (Source::Mattermost, "no .jsonl file")]
    {
        let said = format!("{:#}", desk.import(from, &desk.export()).expect_err("no export"));
        assert!(said.contains(words) && !said.contains('\n'), "{said}");
    }
}

fn mattermost(desk: &Desk, more: &[Value]) -> PathBuf {
    let teams = json!([{"name": "team", "roles": "team_user", "channels": [{"name": "town-square"}, {"name": "staff"}]}]);
    let mut lines = vec![
        json!({"type": "version", "version": 1}),
        json!({"type": "role", "role": {"name": "custom"}}),
        json!({"type": "team", "team": {"name": "team", "display_name": "Team", "type": "O"}}),
        json!({"type": "channel", "channel": {"team": "team", "name": "town-square", "display_name": "Town Square", "type": "O", "header": "For all"}}),
        json!({"type": "channel", "channel": {"team": "team", "name": "staff", "display_name": "Staff", "type": "P"}}),
        json!({"type": "user", "user": {"username": "owner", "email": "", "first_name": "The", "last_name": "Owner", "roles": "system_user", "teams": teams}}),
        json!({"type": "user", "user": {"username": "guest", "nickname": "Guest", "roles": "system_guest", "teams": null}}),
        json!({"type": "bot", "bot": {"username": "bot", "display_name": "A Bot"}}),
        // Posts come in no order, and replies inside their first message.
        json!({"type": "post", "post": {"team": "team", "channel": "town-square", "user": "guest", "message": "third, @all", "create_at": 3000,
            "edit_at": 3500, "is_pinned": true, "reactions": null, "replies": null, "attachments": [{"path": "gone/lost.png"}]}}),
        json!({"type": "post", "post": {"team": "team", "channel": "town-square", "user": "owner", "message": "first", "create_at": 1000,
            "reactions": [{"user": "guest", "emoji_name": "tada", "create_at": 1100}, {"user": "bot", "emoji_name": "tada", "create_at": 1050}],
            "replies": [{"user": "guest", "message": "answer", "create_at": 4000, "attachments": [{"path": "20200101/notes.txt"}]}]}}),
        json!({"type": "post", "post": {"team": "team", "channel": "town-square", "user": "bot", "type": "system_join_channel", "message": "joined", "create_at": 500}}),
        json!({"type": "post", "post": {"team": "team", "channel": "town-square", "user": "bot", "message": "second", "create_at": 2000,
            "props": {"override_username": "Builder"}}}),
        json!({"type": "direct_channel", "direct_channel": {"members": ["owner", "guest"]}}),
        json!({"type": "direct_post", "direct_post": {"channel_members": ["guest", "owner"], "user": "owner", "message": "between us", "create_at": 1500}}),
    ];
    lines.extend_from_slice(more);
    let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
    desk.write("data/20200101/notes.txt", "some notes");
    desk.write("import.jsonl", &text)
}

#[test]
fn a_mattermost_export_arrives_in_the_order_in_which_it_was_written() {
    let desk = Desk::new();
    let path = mattermost(&desk, &[]);
    let summary = desk.import(Source::Mattermost, &path).expect("a good export");
    assert_eq!(summary.accounts.stored, 3);
    assert_eq!(summary.rooms.stored, 3);
    assert_eq!(summary.messages, Counts { stored: 5, known: 0, skipped: 0 });
    assert_eq!(summary.skipped.len(), 3, "{:?}", summary.skipped);
    let expected = [
        ("owner", "first"),
        ("bot", "second"),
        ("guest", "third, @room\n`lost.png`"),
        ("guest", "answer"),
    ];
    assert_eq!(desk.texts("town-square"), pairs(&expected));
    let messages = desk.messages(desk.room("town-square"));
    assert_eq!(messages[0].2.reactions[0].by.len(), 2);
    assert_eq!(messages[1].2.name.as_deref(), Some("Builder"));
    assert!(messages[2].2.pinned && messages[2].2.edited_at.is_some());
    assert_eq!(messages[3].2.thread, Some(messages[0].0));
    let file = &messages[3].2.files[0];
    assert_eq!((file.name.as_str(), file.size), ("notes.txt", 10));
    let bytes = std::fs::read(desk.store.file_path(file.id)).expect("the bytes were copied");
    assert_eq!(bytes, b"some notes");
}

#[test]
fn repeating_a_mattermost_import_doubles_nothing() {
    let desk = Desk::new();
    let path = mattermost(&desk, &[]);
    desk.import(Source::Mattermost, &path).expect("a good export");
    let more = json!({"type": "post", "post": {"team": "team", "channel": "staff", "user": "owner", "message": "later", "create_at": 9000}});
    let path = mattermost(&desk, &[more]);
    let again = desk.import(Source::Mattermost, &path).expect("a later export");
    assert_eq!(again.messages, Counts { stored: 1, known: 5, skipped: 0 });
    assert_eq!(desk.texts("town-square").len(), 4);
}

#[test]
fn a_bad_line_stops_a_mattermost_import_before_anything_is_stored() {
    let desk = Desk::new();
    let lost = json!({"type": "post", "post": {"team": "team", "channel": "nowhere", "user": "owner", "message": "x", "create_at": 1}});
    let path = mattermost(&desk, &[lost]);
    let said = format!("{:#}", desk.import(Source::Mattermost, &path).expect_err("a bad line"));
    assert!(said.contains("import.jsonl:15: ") && said.contains("`team/nowhere`"), "{said}");
    desk.write(
        "import.jsonl",
        "{\"type\":\"version\",\"version\":1}\n{\"type\":\"post\",\"post\":{}}\n",
    );
    let said = format!("{:#}", desk.import(Source::Mattermost, &path).expect_err("a bad line"));
    assert!(said.contains("import.jsonl:2: missing field `user`"), "{said}");
    assert_eq!(desk.accounts(), Vec::new(), "nothing was stored");
}

#[test]
fn an_attachment_that_leads_out_of_the_export_is_not_followed() {
    let desk = Desk::new();
    std::fs::write(desk.dir.path().join("secret.txt"), "secret").expect("written");
    let post = json!({"type": "post", "post": {"team": "team", "channel": "staff", "user": "owner", "message": "look", "create_at": 1,
        "attachments": [{"path": "../../secret.txt"}, {"path": desk.dir.path().join("secret.txt")}]}});
    let path = mattermost(&desk, &[post]);
    desk.import(Source::Mattermost, &path).expect("the rest is good");
    let messages = desk.messages(desk.room("staff"));
    assert!(messages[0].2.files.is_empty());
    assert_eq!(messages[0].2.text, "look\n`secret.txt`\n`secret.txt`");
}

#[test]
fn a_text_beyond_the_limit_becomes_several_messages_and_loses_nothing() {
    let desk = Desk::new();
    let text: String = (0..4_000).map(|n| format!("line {n} é\n")).collect();
    let post = json!({"type": "post", "post": {"team": "team", "channel": "staff", "user": "owner", "message": text, "create_at": 1}});
    let path = mattermost(&desk, &[post]);
    desk.import(Source::Mattermost, &path).expect("a good export");
    let messages = desk.messages(desk.room("staff"));
    assert!(messages.len() > 1 && messages.iter().all(|m| m.2.text.len() <= TEXT_BYTES_MAX));
    let joined: String = messages.into_iter().map(|m| m.2.text).collect();
    assert_eq!(joined, text);
    let again = desk.import(Source::Mattermost, &path).expect("the same export");
    assert_eq!(again.messages.stored, 0);
}
