//! The lines of a Mattermost bulk export, as far as they are needed, and what each becomes.

use leeward_server::core::account::Role;
use leeward_server::core::id::Millis;
use leeward_server::core::room::RoomKind;
use leeward_server::store::{Import, ImportReaction};
use serde::Deserialize;
use std::collections::BTreeSet;

/// One line; what `kind` names is present.
#[derive(Deserialize, Debug)]
pub(super) struct Line {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) version: Option<u32>,
    #[serde(default)]
    pub(super) team: Option<Team>,
    #[serde(default)]
    pub(super) channel: Option<Channel>,
    #[serde(default)]
    pub(super) user: Option<User>,
    #[serde(default)]
    pub(super) bot: Option<Bot>,
    #[serde(default)]
    pub(super) post: Option<Post>,
    #[serde(default)]
    pub(super) direct_channel: Option<DirectChannel>,
    #[serde(default)]
    pub(super) direct_post: Option<Post>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Team {
    pub(super) name: String,
}

#[derive(Deserialize, Debug)]
pub(super) struct Channel {
    pub(super) team: String,
    pub(super) name: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    header: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    deleted_at: Option<u64>,
}

#[derive(Deserialize, Debug)]
pub(super) struct User {
    pub(super) username: String,
    #[serde(default)]
    nickname: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    #[serde(default)]
    roles: String,
    #[serde(default)]
    delete_at: Option<u64>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) teams: Vec<UserTeam>,
}

#[derive(Deserialize, Debug)]
pub(super) struct UserTeam {
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) channels: Vec<UserChannel>,
}

#[derive(Deserialize, Debug)]
pub(super) struct UserChannel {
    pub(super) name: String,
}

#[derive(Deserialize, Debug)]
pub(super) struct Bot {
    pub(super) username: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    delete_at: Option<u64>,
}

#[derive(Deserialize, Debug)]
pub(super) struct DirectChannel {
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) members: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) participants: Vec<Participant>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Participant {
    pub(super) username: String,
}

/// A post, a direct post or a reply.
#[derive(Deserialize, Debug)]
pub(super) struct Post {
    #[serde(default)]
    pub(super) team: String,
    #[serde(default)]
    pub(super) channel: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) channel_members: Vec<String>,
    pub(super) user: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) props: Props,
    pub(super) create_at: u64,
    #[serde(default)]
    pub(super) edit_at: u64,
    #[serde(default)]
    pub(super) is_pinned: bool,
    #[serde(default)]
    pub(super) reactions: Option<Vec<Reaction>>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) replies: Vec<Post>,
    #[serde(default)]
    pub(super) attachments: Option<Vec<Attachment>>,
}

#[derive(Deserialize, Default, Debug)]
pub(super) struct Props {
    #[serde(default)]
    pub(super) override_username: Option<String>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Reaction {
    user: String,
    emoji_name: String,
    #[serde(default)]
    create_at: u64,
}

#[derive(Deserialize, Debug)]
pub(super) struct Attachment {
    #[serde(default)]
    pub(super) path: String,
}

/// Mattermost writes `null` where a list is empty.
fn or_empty<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Line {
    /// The message that the line begins with (0), or its n-th reply.
    pub(super) fn message(self, reply: u32) -> Option<Post> {
        let mut post = self.post.or(self.direct_post)?;
        match reply.checked_sub(1) {
            None => Some(post),
            Some(i) if (i as usize) < post.replies.len() => {
                Some(post.replies.swap_remove(i as usize))
            }
            Some(_) => None,
        }
    }
}

impl User {
    /// The account.
    pub(super) fn imported(&self) -> Import {
        let full = format!("{} {}", self.first_name, self.last_name);
        let shown = [self.nickname.trim(), full.trim(), &self.username];
        let guest = self.roles.split_whitespace().any(|r| r == "system_guest");
        Import::Account {
            external: self.username.clone(),
            name: self.username.clone(),
            display: shown.into_iter().find(|s| !s.is_empty()).unwrap_or_default().to_owned(),
            role: if guest { Role::Guest } else { Role::Member },
            bot: false,
            disabled: self.delete_at.is_some_and(|at| at > 0),
            at: Millis(0),
        }
    }
}

impl Bot {
    /// The account.
    pub(super) fn imported(&self) -> Import {
        let shown = self.display_name.trim();
        Import::Account {
            external: self.username.clone(),
            name: self.username.clone(),
            display: if shown.is_empty() { self.username.clone() } else { shown.to_owned() },
            role: Role::Member,
            bot: true,
            disabled: self.delete_at.is_some_and(|at| at > 0),
            at: Millis(0),
        }
    }
}

/// Somebody who wrote but is not listed: the account was deleted for good.
pub(super) fn stranger(username: &str) -> Import {
    Import::Account {
        external: username.to_owned(),
        name: username.to_owned(),
        display: username.to_owned(),
        role: Role::Member,
        bot: false,
        disabled: true,
        at: Millis(0),
    }
}

impl Channel {
    /// The room.
    pub(super) fn imported(&self, external: String, members: &BTreeSet<String>) -> Import {
        let topic = [self.header.trim(), self.purpose.trim()];
        Import::Room {
            external,
            kind: if self.kind == "P" { RoomKind::Private } else { RoomKind::Public },
            name: self.name.clone(),
            topic: topic.into_iter().find(|t| !t.is_empty()).unwrap_or_default().to_owned(),
            archived: self.deleted_at.is_some_and(|at| at > 0),
            members: members.iter().cloned().collect(),
            at: Millis(0),
        }
    }
}

/// Reactions by emoji, in the order in which each was first put on.
pub(super) fn grouped(mut reactions: Vec<Reaction>) -> Vec<ImportReaction> {
    reactions.sort_by_key(|r| r.create_at);
    let mut out: Vec<ImportReaction> = Vec::new();
    for reaction in reactions {
        match out.iter_mut().find(|r| r.emoji == reaction.emoji_name) {
            Some(known) => known.by.push(reaction.user),
            None => {
                out.push(ImportReaction { emoji: reaction.emoji_name, by: vec![reaction.user] });
            }
        }
    }
    out
}

/// `@all`, `@channel` and `@here` are `@room` here.
pub(super) fn with_our_room_mention(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, mention) = rest.split_at(at);
        out.push_str(before);
        let length = mention[1..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
            .map_or(mention.len(), |end| end + 1);
        let opens = !before.chars().next_back().is_some_and(char::is_alphanumeric);
        let (word, after) = mention.split_at(length);
        let all = opens && ["@all", "@channel", "@here"].contains(&word);
        out.push_str(if all { "@room" } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
}
