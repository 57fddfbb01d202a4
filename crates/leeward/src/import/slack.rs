//! A Slack export: `users.json`, the lists of rooms, and a directory of days for each room.
//!
//! Who is in a room comes from the lists; lines about joining and leaving are left out. A Slack
//! export holds links to files, not their bytes: the links are kept in the text.

use super::slack_text::{self, Referenced};
use super::{Export, Names, json};
use anyhow::{Context as _, Result, bail};
use leeward_server::core::account::Role;
use leeward_server::core::id::Millis;
use leeward_server::core::room::RoomKind;
use leeward_server::store::{Import, ImportReaction};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A Slack export as a directory.
#[derive(Debug)]
pub(super) struct Slack {
    workspace: String,
    users: BTreeMap<String, User>,
    rooms: Vec<Room>,
    /// Ids of authors that `users.json` does not name, with what they call themselves.
    strangers: BTreeMap<String, String>,
    left_out: BTreeMap<String, u64>,
}

#[derive(Deserialize, Debug)]
struct User {
    id: String,
    #[serde(default)]
    team_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    is_restricted: bool,
    #[serde(default)]
    real_name: Option<String>,
    #[serde(default)]
    profile: Profile,
}

#[derive(Deserialize, Default, Debug)]
struct Profile {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    real_name: Option<String>,
}

#[derive(Deserialize, Debug)]
struct Channel {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    created: u64,
    #[serde(default)]
    creator: Option<String>,
    #[serde(default)]
    is_archived: bool,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    topic: Text,
    #[serde(default)]
    purpose: Text,
}

#[derive(Deserialize, Default, Debug)]
struct Text {
    #[serde(default)]
    value: String,
}

#[derive(Debug)]
struct Room {
    channel: Channel,
    kind: RoomKind,
    /// Its days, in order.
    days: Vec<PathBuf>,
}

#[derive(Deserialize, Debug)]
struct Line {
    #[serde(default)]
    subtype: Option<String>,
    ts: String,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    bot_id: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    thread_ts: Option<String>,
    #[serde(default)]
    edited: Option<Edited>,
    #[serde(default)]
    reactions: Vec<Reaction>,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    pinned_to: Vec<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize, Debug)]
struct Edited {
    ts: String,
}

#[derive(Deserialize, Debug)]
struct Reaction {
    name: String,
    #[serde(default)]
    users: Vec<String>,
}

#[derive(Deserialize, Debug)]
struct File {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    url_private: Option<String>,
    #[serde(default)]
    permalink: Option<String>,
}

/// The lists of rooms that an export may have.
const LISTS: [(&str, RoomKind); 4] = [
    ("channels.json", RoomKind::Public),
    ("groups.json", RoomKind::Private),
    ("mpims.json", RoomKind::Direct),
    ("dms.json", RoomKind::Direct),
];

/// Lines that tell of their author, as in "set the topic".
const THIRD_PERSON: [&str; 9] = [
    "me_message",
    "channel_topic",
    "channel_purpose",
    "channel_name",
    "channel_archive",
    "channel_unarchive",
    "group_topic",
    "group_purpose",
    "group_name",
];

impl Slack {
    /// Reads the lists of people and rooms.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let users_file = root.join("users.json");
        if !users_file.is_file() {
            bail!("{} is not a Slack export: it has no users.json", root.display());
        }
        let users: Vec<User> = json::file(&users_file)?;
        let mut rooms = Vec::new();
        for (list, kind) in LISTS {
            let path = root.join(list);
            if !path.is_file() {
                continue;
            }
            for channel in json::file::<Vec<Channel>>(&path)? {
                let days = days(root, &channel)?;
                rooms.push(Room { channel, kind, days });
            }
        }
        if rooms.is_empty() {
            bail!("{} is not a Slack export: it lists no rooms", root.display());
        }
        let workspace = users.iter().map(|u| u.team_id.as_str()).find(|t| !t.is_empty());
        Ok(Self {
            workspace: workspace.unwrap_or("export").to_owned(),
            users: users.into_iter().map(|u| (u.id.clone(), u)).collect(),
            rooms,
            strangers: BTreeMap::new(),
            left_out: BTreeMap::new(),
        })
    }

    fn leave_out(&mut self, reason: &str) {
        *self.left_out.entry(reason.to_owned()).or_default() += 1;
    }

    /// Who wrote a line; somebody whom the lists do not name is noted.
    fn author(&mut self, line: &Line) -> Option<String> {
        let id = line.user.clone().or_else(|| line.bot_id.clone())?;
        if !self.users.contains_key(&id) {
            let called = line.username.clone().unwrap_or_else(|| id.clone());
            self.strangers.entry(id.clone()).or_insert(called);
        }
        Some(id)
    }

    fn message(
        &mut self,
        room: &str,
        line: Line,
        seen: &mut BTreeSet<String>,
        names: &Names,
    ) -> Option<Import> {
        match line.subtype.as_deref() {
            Some(
                "channel_join" | "channel_leave" | "group_join" | "group_leave" | "bot_add"
                | "bot_remove",
            ) => {
                self.leave_out("lines about joining and leaving: the lists say who is in a room");
                return None;
            }
            Some("tombstone" | "message_deleted") => {
                self.leave_out("deleted messages");
                return None;
            }
            Some(_) | None => {}
        }
        let Some(author) = self.author(&line) else {
            self.leave_out("messages without an author");
            return None;
        };
        let rooms = self.rooms.iter().map(|r| (r.channel.id.as_str(), r.channel.name.as_str()));
        let referenced = Referenced { names, rooms: rooms.collect() };
        let mut text =
            slack_text::of(line.text.as_deref().unwrap_or_default(), line.rest, &referenced);
        if line.subtype.as_deref().is_some_and(|kind| THIRD_PERSON.contains(&kind)) {
            text = format!("_{text}_");
        }
        for file in &line.files {
            match file.link() {
                Some(link) => {
                    text.push_str(&format!("{}{link}", if text.is_empty() { "" } else { "\n" }))
                }
                None => self.leave_out("files that the export does not link to"),
            }
        }
        if text.trim().is_empty() {
            self.leave_out("messages without text");
            return None;
        }
        let thread = line.thread_ts.filter(|root| *root != line.ts && seen.contains(root));
        seen.insert(line.ts.clone());
        Some(Import::Message {
            external: format!("{room}/{}", line.ts),
            room: room.to_owned(),
            author,
            at: millis(&line.ts)?,
            text,
            thread: thread.map(|root| format!("{room}/{root}")),
            also_room: line.subtype.as_deref() == Some("thread_broadcast"),
            files: Vec::new(),
            reactions: line.reactions.into_iter().map(Reaction::imported).collect(),
            edited_at: line.edited.and_then(|e| millis(&e.ts)),
            pinned: !line.pinned_to.is_empty(),
            name: line.username.filter(|_| line.user.is_none()),
        })
    }
}

impl Export for Slack {
    fn source(&self) -> String {
        format!("slack:{}", self.workspace)
    }

    fn accounts(&self) -> Vec<Import> {
        let known = self.users.values().map(User::imported);
        let strangers = self.strangers.iter().map(|(id, called)| Import::Account {
            external: id.clone(),
            // A name that no person has: an account of the same name counts as the same person.
            name: format!("slack-{}", id.to_lowercase()),
            display: called.clone(),
            role: Role::Member,
            bot: id.starts_with('B'),
            disabled: true,
            at: Millis(0),
        });
        known.chain(strangers).collect()
    }

    fn rooms(&self) -> Vec<Import> {
        self.rooms.iter().map(Room::imported).collect()
    }

    fn messages(
        &mut self,
        names: &Names,
        take: &mut dyn FnMut(Import) -> Result<()>,
    ) -> Result<()> {
        self.left_out.clear();
        for i in 0..self.rooms.len() {
            let (room, days) = (self.rooms[i].channel.id.clone(), self.rooms[i].days.clone());
            let mut seen = BTreeSet::new();
            for day in days {
                let mut lines: Vec<Line> = json::file(&day)?;
                for line in &lines {
                    if millis(&line.ts).is_none() {
                        bail!("{}: `ts` is no time: `{}`", day.display(), line.ts);
                    }
                }
                // Times have six decimals and the same number of digits before them until 2286.
                lines.sort_by(|a, b| a.ts.cmp(&b.ts));
                for line in lines {
                    if let Some(message) = self.message(&room, line, &mut seen, names) {
                        take(message)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn left_out(&self) -> BTreeMap<String, u64> {
        self.left_out.clone()
    }
}

impl User {
    fn imported(&self) -> Import {
        let shown = [&self.profile.display_name, &self.profile.real_name, &self.real_name];
        let shown = shown.into_iter().flatten().find(|s| !s.trim().is_empty());
        let name = if self.name.is_empty() { &self.id } else { &self.name };
        Import::Account {
            external: self.id.clone(),
            name: name.to_lowercase(),
            display: shown.unwrap_or(name).clone(),
            role: if self.is_restricted { Role::Guest } else { Role::Member },
            bot: self.is_bot || self.id == "USLACKBOT",
            disabled: self.deleted,
            at: Millis(0),
        }
    }
}

impl Room {
    fn imported(&self) -> Import {
        let channel = &self.channel;
        let mut members = channel.members.clone();
        if let Some(creator) = &channel.creator
            && let Some(at) = members.iter().position(|m| m == creator)
        {
            members.swap(0, at);
        }
        let topic = [&channel.topic, &channel.purpose].map(|t| t.value.trim());
        Import::Room {
            external: channel.id.clone(),
            kind: self.kind,
            name: if self.kind == RoomKind::Direct { String::new() } else { channel.name.clone() },
            topic: topic.into_iter().find(|t| !t.is_empty()).unwrap_or_default().to_owned(),
            archived: channel.is_archived,
            members,
            at: Millis(channel.created.saturating_mul(1_000)),
        }
    }
}

impl Reaction {
    fn imported(self) -> ImportReaction {
        // `wave::skin-tone-3` is a wave.
        let name = self.name.split("::").next().unwrap_or_default().to_owned();
        ImportReaction { emoji: name, by: self.users }
    }
}

impl File {
    fn link(&self) -> Option<String> {
        let url = self.permalink.as_ref().or(self.url_private.as_ref())?;
        let name = self.title.as_ref().or(self.name.as_ref()).map_or("file", String::as_str);
        slack_text::link(name, url)
    }
}

/// The files of a room's days, in order. A room that was never written in has none.
fn days(root: &Path, channel: &Channel) -> Result<Vec<PathBuf>> {
    let inside =
        |name: &str| !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
    let dir = [&channel.name, &channel.id]
        .into_iter()
        .filter(|name| inside(name))
        .map(|name| root.join(name))
        .find(|dir| dir.is_dir());
    let Some(dir) = dir else { return Ok(Vec::new()) };
    let entries =
        std::fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut days = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.extension().is_some_and(|e| e == "json") {
            days.push(path);
        }
    }
    days.sort();
    Ok(days)
}

/// `1577836800.000200` in milliseconds.
fn millis(ts: &str) -> Option<Millis> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    let thousandths = format!("{fraction:0<3}");
    let ms: u64 = thousandths.get(..3)?.parse().ok()?;
    Some(Millis(seconds.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(ms)?))
}
