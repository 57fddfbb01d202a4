//! Plays the examples of `docs/protocol.md` against a real server, by the rules that stand there under
//! "How to read the examples".

use crate::support::{Line, Seat, World};
use leeward_core::account::Role;
use leeward_core::id::RoomId;
use leeward_store::NewAccount;
use serde_json::Value;
use std::collections::BTreeMap;

/// Which connection a block is about, and who speaks.
#[derive(Clone, Debug)]
enum Step {
    Says(String, Value),
    Hears(String, Value),
    Closes(String),
}

/// The plays: the name of a section, and what happens in it.
fn plays() -> Vec<(String, Vec<Step>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    let text = std::fs::read_to_string(path).expect("the protocol is written up");
    let mut plays: Vec<(String, Vec<Step>)> = Vec::new();
    let mut block = None;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            plays.push((title.to_owned(), Vec::new()));
        } else if let Some(fence) = line.strip_prefix("```") {
            block = opened(fence);
        } else if let (Some((client, who)), Some((_, steps))) = (&block, plays.last_mut()) {
            steps.extend(step(line, *client, who));
        }
    }
    plays.retain(|(_, steps)| !steps.is_empty());
    plays
}

/// Whether a block holds what a client says, and whose connection it is.
fn opened(fence: &str) -> Option<(bool, String)> {
    let mut words = fence.strip_prefix("json ")?.split(' ');
    let client = words.next()? == "client";
    Some((client, words.next().unwrap_or("owner").to_owned()))
}

fn step(line: &str, client: bool, who: &str) -> Option<Step> {
    if let Some(comment) = line.strip_prefix("//") {
        return comment.contains("close the connection").then(|| Step::Closes(who.to_owned()));
    }
    let frame = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    Some(if client {
        Step::Says(who.to_owned(), frame)
    } else {
        Step::Hears(who.to_owned(), frame)
    })
}

/// One play under way.
struct Stage {
    world: World,
    seats: BTreeMap<String, Seat>,
    lines: BTreeMap<String, Line>,
    tickets: BTreeMap<String, String>,
    given: Given,
}

/// What this server's numbers are where the page shows 1.
#[derive(Clone, Copy)]
struct Given {
    /// How far the log went at the start, less the 1 that the page shows.
    shift: u64,
    epoch: u64,
}

impl Stage {
    async fn set() -> Self {
        let world = World::start().await;
        let owner = seat(&world, "owner", "Owner", Role::Owner).await;
        let member = seat(&world, "member", "Member", Role::Member).await;
        let room = world.room("lobby", &[&owner, &member]).await;
        assert_eq!((owner.account.0, member.account.0, room), (1, 2, RoomId(1)));
        let shift = world.log(room).await.len() as u64 - 1;
        let snapshot = world.node.store.snapshot(room, 1).await.expect("it can be read");
        let epoch = snapshot.expect("it is there").at.epoch.0;
        let seats = [("owner".to_owned(), owner), ("member".to_owned(), member)].into();
        Self {
            world,
            seats,
            lines: BTreeMap::new(),
            tickets: BTreeMap::new(),
            given: Given { shift, epoch },
        }
    }

    async fn play(&mut self, step: &Step) {
        match step {
            Step::Closes(who) => drop(self.lines.remove(who)),
            Step::Says(who, frame) => {
                let frame = self.filled_in(who, frame);
                if !self.lines.contains_key(who) {
                    self.lines.insert(who.clone(), Line::open(self.world.address, &[]).await);
                }
                self.line(who).say(&frame).await;
            }
            Step::Hears(who, expected) => {
                let heard = self.hear(who, &given(expected, self.given)).await;
                if let Some(ticket) = heard["ticket"].as_str() {
                    self.tickets.insert(who.clone(), ticket.to_owned());
                }
            }
        }
    }

    fn line(&mut self, who: &str) -> &mut Line {
        self.lines.get_mut(who).expect("whoever hears has spoken first")
    }

    /// The next frame that is as expected; others are passed over, until patience ends.
    async fn hear(&mut self, who: &str, expected: &Value) -> Value {
        let line = self.line(who);
        let mut others = Vec::new();
        loop {
            match line.next_message().await {
                Some(message) if message.is_text() => {
                    let text = message.into_text().expect("a text");
                    let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
                    if fits(None, expected, &frame) {
                        return frame;
                    }
                    others.push(frame);
                }
                other => panic!("{who} expected {expected}, heard {others:#?}, then {other:?}"),
            }
        }
    }

    /// A client's frame with the secrets that the page leaves out.
    fn filled_in(&self, who: &str, frame: &Value) -> Value {
        let mut frame = given(frame, self.given);
        if frame["token"] == "…" {
            frame["token"] = self.seats[who].token.clone().into();
        }
        if frame["ticket"] == "…" {
            frame["ticket"] = self.tickets[who].clone().into();
        }
        frame
    }
}

async fn seat(world: &World, name: &str, display: &str, role: Role) -> Seat {
    let (name, display, at) = (name.to_owned(), display.to_owned(), world.node.now());
    let new = NewAccount { name, display, role, bot: false, password_hash: None, at };
    let entry = world.node.store.create_account(new).await.expect("the name is free");
    let account = entry.person.id;
    world.node.accounts.put(entry);
    world.sign_in(account, role).await
}

/// A frame of the page with the numbers of this server.
fn given(frame: &Value, numbers: Given) -> Value {
    let seq = |value: &Value| match value.as_u64() {
        Some(seq) if !matches!(seq, 0 | 999_999) => (seq + numbers.shift).into(),
        _ => value.clone(),
    };
    let position = |p: &Value| Value::from(vec![p[0].clone(), numbers.epoch.into(), seq(&p[2])]);
    match frame {
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                let value = match key.as_str() {
                    "seq" | "target" | "thread" | "quote" | "head" | "last" if value.is_u64() => {
                        seq(value)
                    }
                    "epoch" => numbers.epoch.into(),
                    "positions" => value.as_array().into_iter().flatten().map(position).collect(),
                    _ => given(value, numbers),
                };
                (key.clone(), value)
            };
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Array(items) => items.iter().map(|item| given(item, numbers)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => frame.clone(),
    }
}

/// Whether what came holds all that is expected.
fn fits(key: Option<&str>, expected: &Value, came: &Value) -> bool {
    match (expected, came) {
        (Value::String(text), came) if text == "…" => came.is_string(),
        (Value::Number(_), came) if key.is_some_and(is_any_number) => came.is_number(),
        (Value::Object(expected), Value::Object(came)) => expected
            .iter()
            .all(|(key, value)| came.get(key).is_some_and(|came| fits(Some(key), value, came))),
        (Value::Array(expected), Value::Array(came)) => {
            let mut came = came.iter();
            expected.iter().all(|wanted| came.any(|came| fits(None, wanted, came)))
        }
        (expected, came) => expected == came,
    }
}

fn is_any_number(key: &str) -> bool {
    matches!(key, "now" | "at" | "last_at" | "edited_at" | "version" | "session" | "read")
        || key.ends_with("_ms")
}

#[tokio::test]
async fn every_example_of_the_protocol_is_what_a_server_does() {
    let plays = plays();
    assert!(plays.len() >= 7, "the page has plays: {}", plays.len());
    for (title, steps) in plays {
        let mut stage = Stage::set().await;
        for (n, step) in steps.iter().enumerate() {
            let played = std::panic::AssertUnwindSafe(stage.play(step));
            let played = futures_util::FutureExt::catch_unwind(played).await;
            assert!(played.is_ok(), "section \"{title}\", step {}: {step:?}", n + 1);
        }
        stage.lines.clear();
        stage.world.stop().await;
    }
}

#[test]
fn a_frame_fits_when_it_holds_all_that_is_expected() {
    let fits = |expected: &str, came: &str| {
        let parse = |text| serde_json::from_str::<Value>(text).expect("JSON");
        fits(None, &parse(expected), &parse(came))
    };
    assert!(fits(r#"{"a":"…","now":1,"list":[2]}"#, r#"{"a":"x","now":7,"list":[1,2,3],"b":0}"#));
    assert!(!fits(r#"{"a":1}"#, r#"{"a":2}"#));
    assert!(!fits(r#"{"a":1}"#, r#"{}"#));
    assert!(!fits(r#"{"list":[2,1]}"#, r#"{"list":[1,2]}"#));
    assert!(!fits(r#"{"now":1}"#, r#"{"now":"soon"}"#));
}
