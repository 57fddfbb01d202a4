//! What is generated from the core, and the tests that fail when it is stale: the TypeScript types
//! and constants of the web client, and the table of codes in `docs/protocol.md`.
//!
//! `LEEWARD_BLESS=1 cargo test -p leeward-core` writes them.

use crate::code::{Code, Then};
use crate::{account, code, event, id, limits, room, wire};
use std::path::PathBuf;
use ts_rs::{Config, TS};

#[test]
fn the_types_of_the_web_client_are_fresh() {
    let mut out =
        String::from("// Generated from crates/leeward-core by its tests; do not edit.\n");
    for declaration in declarations() {
        out.push('\n');
        out.push_str(&declaration);
    }
    keep("web/src/wire/types.ts", &out);
}

#[test]
fn the_constants_of_the_web_client_are_fresh() {
    keep("web/src/wire/codes.ts", &codes());
}

#[test]
fn the_tables_in_the_protocol_document_are_fresh() {
    let path = "docs/protocol.md";
    let mut text =
        std::fs::read_to_string(root().join(path)).expect("docs/protocol.md is readable");
    for (name, table) in [("codes", code_table()), ("limits", limit_table())] {
        let (begin, end) =
            (format!("<!-- {name}: generated -->\n"), format!("<!-- end of {name} -->"));
        let (head, rest) = text.split_once(&begin).expect("the table has a beginning");
        let (_, tail) = rest.split_once(&end).expect("the table has an end");
        text = format!("{head}{begin}{table}{end}{tail}");
    }
    keep(path, &text);
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares a file with what it should be; writes it when blessed.
fn keep(path: &str, wanted: &str) {
    let file = root().join(path);
    if std::fs::read_to_string(&file).is_ok_and(|found| found == wanted) {
        return;
    }
    assert!(blessed(), "{path} is stale: LEEWARD_BLESS=1 cargo test -p leeward-core");
    std::fs::create_dir_all(file.parent().expect("a file lies in a directory")).expect("created");
    std::fs::write(&file, wanted).expect("written");
}

/// Whether what is stale is to be written.
#[expect(clippy::disallowed_methods, reason = "how a person tells a test to write its files")]
pub(crate) fn blessed() -> bool {
    std::env::var_os("LEEWARD_BLESS").is_some()
}

fn declarations() -> Vec<String> {
    let config = Config::new();
    vec![
        declaration::<id::AccountId>(&config),
        declaration::<id::RoomId>(&config),
        declaration::<id::FileId>(&config),
        declaration::<id::SessionId>(&config),
        declaration::<id::Seq>(&config),
        declaration::<id::Epoch>(&config),
        declaration::<id::Position>(&config),
        declaration::<id::Millis>(&config),
        declaration::<id::Nonce>(&config),
        declaration::<event::Draft>(&config),
        declaration::<event::Event>(&config),
        declaration::<event::What>(&config),
        declaration::<event::Message>(&config),
        declaration::<event::Reaction>(&config),
        declaration::<event::Replies>(&config),
        declaration::<event::FileRef>(&config),
        declaration::<room::RoomKind>(&config),
        declaration::<room::MemberRole>(&config),
        declaration::<room::RoomFacts>(&config),
        declaration::<room::Notify>(&config),
        declaration::<room::RoomSummary>(&config),
        declaration::<room::Member>(&config),
        declaration::<account::Role>(&config),
        declaration::<account::Person>(&config),
        declaration::<code::Then>(&config),
        declaration::<code::Code>(&config),
        declaration::<code::Refusal>(&config),
        declaration::<wire::ClientFrame>(&config),
        declaration::<wire::Hello>(&config),
        declaration::<wire::Presence>(&config),
        declaration::<wire::Lease>(&config),
        declaration::<wire::ServerFrame>(&config),
        declaration::<wire::AccountState>(&config),
        declaration::<wire::Snapshot>(&config),
        declaration::<wire::RoomSettings>(&config),
    ]
}

fn declaration<T: TS>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    format!("{}\nexport {}\n", docs.trim_end(), T::decl(config)).trim_start().to_owned()
}

fn then(then: Then) -> &'static str {
    match then {
        Then::GiveUp => "give_up",
        Then::Retry => "retry",
        Then::SignIn => "sign_in",
        Then::Reload => "reload",
    }
}

fn codes() -> String {
    let mut out = String::from(
        "// Generated from crates/leeward-core by its tests; do not edit.\n\
         import type { Code, Then } from \"./types.ts\";\n\n\
         /** One row of the table of refusals. */\n\
         export interface CodeFacts {\n  \
           /** WebSocket close code; 0 where the connection goes on. */\n  \
           readonly close: number;\n  readonly http: number;\n  readonly then: Then;\n  \
           /** Milliseconds to wait, where `then` is `retry` and the refusal says nothing else. */\n  \
           readonly afterMs: number;\n  readonly meaning: string;\n}\n\n\
         /** Why the server refuses, and what to do about it. */\n\
         export const CODES: Readonly<Record<Code, CodeFacts>> = {\n",
    );
    for code in Code::ALL {
        out.push_str(&format!(
            "  {}: {{\n    close: {},\n    http: {},\n    then: \"{}\",\n    afterMs: {},\n    \
             meaning: \"{}\",\n  }},\n",
            code.as_str(),
            code.close(),
            code.http(),
            then(code.then()),
            code.after_ms(),
            code.meaning(),
        ));
    }
    out.push_str("};\n\n/** Limits of the protocol. */\nexport const LIMITS = {\n");
    for (name, limit, _) in LIMITS {
        out.push_str(&format!("  {name}: {limit},\n"));
    }
    out.push_str(&format!(
        "}} as const;\n\n/** The WebSocket subprotocol. */\nexport const SUBPROTOCOL = \"{}\";\n",
        wire::SUBPROTOCOL
    ));
    out
}

const LIMITS: &[(&str, usize, &str)] = &[
    ("textBytesMax", limits::TEXT_BYTES_MAX, "bytes in the text of a message"),
    ("frameBytesMax", limits::FRAME_BYTES_MAX, "bytes in a frame from a client"),
    ("frameDepthMax", limits::FRAME_DEPTH_MAX, "levels of nesting in a frame from a client"),
    ("nonceBytesMax", id::Nonce::BYTES_MAX, "characters in a nonce"),
    ("filesPerMessageMax", limits::FILES_PER_MESSAGE_MAX, "files on a message"),
    ("emojiBytesMax", limits::EMOJI_BYTES_MAX, "bytes in a reaction"),
    (
        "reactionsPerMessageMax",
        limits::REACTIONS_PER_MESSAGE_MAX,
        "different reactions on a message",
    ),
    ("nameBytesMax", limits::NAME_BYTES_MAX, "bytes in the name of an account or a room"),
    ("lineBytesMax", limits::LINE_BYTES_MAX, "bytes in a display name, topic or status"),
    ("watchedRoomsMax", limits::WATCHED_ROOMS_MAX, "rooms watched by a connection"),
    ("positionsMax", limits::POSITIONS_MAX, "positions in a `hello`"),
    ("snapshotLines", limits::SNAPSHOT_MESSAGES, "lines in a snapshot"),
    ("snapshotMembersMax", limits::SNAPSHOT_MEMBERS_MAX, "members in a snapshot"),
    ("pageEntriesMax", limits::PAGE_ENTRIES_MAX, "lines in a page of history"),
];

fn limit_table() -> String {
    let mut out = String::from("| most | of |\n|---|---|\n");
    for (_, limit, what) in LIMITS {
        out.push_str(&format!("| {limit} | {what} |\n"));
    }
    out
}

fn code_table() -> String {
    let mut out = String::from(
        "| code | close | HTTP | then | after | meaning |\n|---|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let close = if code.close() == 0 { "–".into() } else { code.close().to_string() };
        let after = match (code.then(), code.after_ms()) {
            (Then::Retry, ms) => format!("{} s", f64::from(ms) / 1_000.0),
            (Then::GiveUp | Then::SignIn | Then::Reload, _) => "–".into(),
        };
        out.push_str(&format!(
            "| `{}` | {close} | {} | `{}` | {after} | {} |\n",
            code.as_str(),
            code.http(),
            then(code.then()),
            code.meaning(),
        ));
    }
    out
}
