//! A Mattermost bulk export: one file of JSON lines, and beside it the attachments.
//!
//! The lines come in the order of Mattermost's ids, which is none, and replies lie inside their first
//! message. Reading the file once makes an index of places by room and time; messages are then read
//! one by one from their places, so that memory holds the index alone.

mod lines;

use super::{Export, Names, json};
use anyhow::{Context as _, Result, bail};
use leeward_server::core::id::Millis;
use leeward_server::core::room::RoomKind;
use leeward_server::http::media_type;
use leeward_server::store::{Import, ImportFile};
use lines::{Attachment, Bot, Channel, DirectChannel, Line, Post, User};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Longest line read: a post with some thousand replies.
const LINE_BYTES_MAX: u64 = 64 << 20;
/// The only version of the format there is.
const VERSION: u32 = 1;
/// How much of an attachment is looked at to tell its type.
const HEAD_BYTES: u64 = 4_096;

/// A Mattermost export.
#[derive(Debug)]
pub(super) struct Mattermost {
    file: PathBuf,
    workspace: String,
    users: BTreeMap<String, User>,
    bots: BTreeMap<String, Bot>,
    channels: BTreeMap<String, Channel>,
    directs: BTreeMap<String, Vec<String>>,
    members: BTreeMap<String, BTreeSet<String>>,
    strangers: BTreeSet<String>,
    /// Messages by room, to be sorted by time.
    index: BTreeMap<String, Vec<Place>>,
    left_out: BTreeMap<String, u64>,
}

/// Where a message is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    /// When it was sent.
    at: u64,
    /// Where its line begins.
    offset: u64,
    /// 0 for the first message of the line, 1 and up for its replies.
    reply: u32,
    /// The line's number, for what is wrong with it.
    number: u32,
}

impl Mattermost {
    /// Reads every line once: checks its form, keeps the lists, and notes where each message is.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut export = Self {
            file: find(path)?,
            workspace: "export".to_owned(),
            users: BTreeMap::new(),
            bots: BTreeMap::new(),
            channels: BTreeMap::new(),
            directs: BTreeMap::new(),
            members: BTreeMap::new(),
            strangers: BTreeSet::new(),
            index: BTreeMap::new(),
            left_out: BTreeMap::new(),
        };
        let file = export.file.clone();
        let opened =
            File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let (mut reader, mut offset, mut number) = (BufReader::new(opened), 0u64, 0u32);
        loop {
            number += 1;
            let text = next_line(&mut reader, &file, number)?;
            if text.is_empty() {
                break;
            }
            if !text.trim().is_empty() {
                let line: Line = json::line(&file, number as usize, &text)?;
                export.take(line, offset, number)?;
            }
            offset += text.len() as u64;
        }
        for places in export.index.values_mut() {
            places.sort_unstable();
        }
        Ok(export)
    }

    fn take(&mut self, line: Line, offset: u64, number: u32) -> Result<()> {
        let place = || format!("{}:{number}", self.file.display());
        if number == 1 && line.kind != "version" {
            bail!("{}: not a Mattermost bulk export: the first line must be its version", place());
        }
        let missing = || format!("{}: a line of type `{}` without its content", place(), line.kind);
        match line.kind.as_str() {
            "version" if line.version == Some(VERSION) => {}
            "version" => bail!("{}: only version {VERSION} of the format is known", place()),
            "team" => self.workspace = line.team.with_context(missing)?.name,
            "channel" => {
                let channel = line.channel.with_context(missing)?;
                self.channels.insert(channel_id(&channel.team, &channel.name), channel);
            }
            "user" => self.take_user(line.user.with_context(missing)?),
            "bot" => {
                let bot = line.bot.with_context(missing)?;
                self.bots.insert(bot.username.clone(), bot);
            }
            "direct_channel" => self.take_direct(line.direct_channel.with_context(missing)?),
            "post" => {
                let post = line.post.with_context(missing)?;
                let room = channel_id(&post.team, &post.channel);
                if !self.channels.contains_key(&room) {
                    bail!(
                        "{}: a post in the channel `{room}`, which no line before it makes",
                        place()
                    );
                }
                self.note(room, &post, offset, number);
            }
            "direct_post" => {
                let post = line.direct_post.with_context(missing)?;
                let room = direct_id(post.channel_members.clone());
                self.directs.entry(room.clone()).or_insert_with(|| post.channel_members.clone());
                self.note(room, &post, offset, number);
            }
            other => *self.left_out.entry(format!("lines of type `{other}`")).or_default() += 1,
        }
        Ok(())
    }

    fn take_user(&mut self, user: User) {
        for team in &user.teams {
            for channel in &team.channels {
                let room = channel_id(&team.name, &channel.name);
                self.members.entry(room).or_default().insert(user.username.clone());
            }
        }
        self.users.insert(user.username.clone(), user);
    }

    fn take_direct(&mut self, direct: DirectChannel) {
        let listed = direct.participants.into_iter().map(|p| p.username);
        let mut members = direct.members;
        members.extend(listed);
        self.directs.insert(direct_id(members.clone()), members);
    }

    fn note(&mut self, room: String, post: &Post, offset: u64, number: u32) {
        let places = self.index.entry(room).or_default();
        places.push(Place { at: post.create_at, offset, reply: 0, number });
        for (i, reply) in post.replies.iter().enumerate() {
            let reply_number = u32::try_from(i + 1).unwrap_or(u32::MAX);
            places.push(Place { at: reply.create_at, offset, reply: reply_number, number });
        }
        let replies = post.replies.iter().map(|r| &r.user);
        for author in replies.chain([&post.user]) {
            if !self.users.contains_key(author) && !self.bots.contains_key(author) {
                self.strangers.insert(author.clone());
            }
        }
    }

    fn leave_out(&mut self, reason: &str) {
        *self.left_out.entry(reason.to_owned()).or_default() += 1;
    }

    /// The message at a place. `root` is the external id of the message it answers.
    fn message(
        &mut self,
        room: &str,
        external: String,
        post: Post,
        root: Option<String>,
    ) -> Option<Import> {
        if post.kind.starts_with("system_") {
            self.leave_out("lines about joining, leaving and topics");
            return None;
        }
        let mut text = post.message;
        let mut files = Vec::new();
        for attachment in post.attachments.unwrap_or_default() {
            match self.attached(&external, files.len(), &attachment) {
                Some(file) => files.push(file),
                None => {
                    self.leave_out(
                        "attachments whose bytes are not in the export: their names are kept",
                    );
                    let name = attachment.path.rsplit('/').next().unwrap_or_default();
                    text.push_str(&format!("\n`{}`", name.replace('`', "'")));
                }
            }
        }
        if text.trim().is_empty() && files.is_empty() {
            self.leave_out("messages without text");
            return None;
        }
        Some(Import::Message {
            external,
            room: room.to_owned(),
            author: post.user,
            at: Millis(post.create_at),
            text: lines::with_our_room_mention(&text),
            thread: root,
            also_room: false,
            files,
            reactions: lines::grouped(post.reactions.unwrap_or_default()),
            edited_at: Some(post.edit_at).filter(|at| *at > 0).map(Millis),
            pinned: post.is_pinned,
            name: post.props.override_username,
        })
    }

    /// An attachment whose bytes lie beside the export.
    fn attached(&self, message: &str, index: usize, attachment: &Attachment) -> Option<ImportFile> {
        let relative = Path::new(&attachment.path);
        let plain = |c: std::path::Component<'_>| matches!(c, std::path::Component::Normal(_));
        if attachment.path.is_empty() || !relative.components().all(plain) {
            return None;
        }
        let beside = self.file.parent()?;
        let source = [beside.join("data").join(relative), beside.join(relative)]
            .into_iter()
            .find(|p| p.symlink_metadata().is_ok_and(|m| m.is_file()))?;
        let mut head = Vec::new();
        File::open(&source).ok()?.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
        let whole = (head.len() as u64) < HEAD_BYTES;
        Some(ImportFile {
            external: format!("{message}/{index}"),
            name: relative.file_name()?.to_string_lossy().into_owned(),
            mime: media_type(&head, whole).to_owned(),
            source,
        })
    }
}

impl Export for Mattermost {
    fn source(&self) -> String {
        format!("mattermost:{}", self.workspace)
    }

    fn accounts(&self) -> Vec<Import> {
        let users = self.users.values().map(User::imported);
        let bots = self.bots.values().map(Bot::imported);
        let strangers = self.strangers.iter().map(|name| lines::stranger(name));
        users.chain(bots).chain(strangers).collect()
    }

    fn rooms(&self) -> Vec<Import> {
        let nobody = BTreeSet::new();
        let channels = self.channels.iter().map(|(id, channel)| {
            channel.imported(id.clone(), self.members.get(id).unwrap_or(&nobody))
        });
        let directs = self.directs.iter().map(|(id, members)| {
            let at = self.index.get(id).and_then(|p| p.first()).map_or(0, |p| p.at);
            Import::Room {
                external: id.clone(),
                kind: RoomKind::Direct,
                name: String::new(),
                topic: String::new(),
                archived: false,
                members: members.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
                at: Millis(at),
            }
        });
        channels.chain(directs).collect()
    }

    fn messages(&mut self, _: &Names, take: &mut dyn FnMut(Import) -> Result<()>) -> Result<()> {
        let file = self.file.clone();
        let opened =
            File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut reader = BufReader::new(opened);
        for (room, places) in self.index.clone() {
            // Mattermost's own import takes (channel, author, time) for the identity of a post; the
            // number tells apart those that a program sent within one millisecond.
            let mut same: BTreeMap<(u64, String), u32> = BTreeMap::new();
            let mut ids: BTreeMap<u64, String> = BTreeMap::new();
            for place in places {
                reader
                    .seek(SeekFrom::Start(place.offset))
                    .with_context(|| format!("cannot read {}", file.display()))?;
                let text = next_line(&mut reader, &file, place.number)?;
                let line: Line = json::line(&file, place.number as usize, &text)?;
                let Some(post) = line.message(place.reply) else { continue };
                same.retain(|(at, _), _| *at == place.at);
                let count = same.entry((place.at, post.user.clone())).or_default();
                *count += 1;
                let external = format!("{room}/{}/{}/{count}", post.user, place.at);
                let root = if place.reply == 0 {
                    ids.insert(place.offset, external.clone());
                    None
                } else {
                    ids.get(&place.offset).cloned()
                };
                if let Some(message) = self.message(&room, external, post, root) {
                    take(message)?;
                }
            }
        }
        Ok(())
    }

    fn left_out(&self) -> BTreeMap<String, u64> {
        self.left_out.clone()
    }
}

/// The file of lines: the path itself, or the one such file in a directory.
fn find(path: &Path) -> Result<PathBuf> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let entries =
        std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    files.sort();
    match files.as_slice() {
        [file] => Ok(file.clone()),
        [] => bail!("{} is not a Mattermost export: it has no .jsonl file", path.display()),
        [..] => bail!("{} has several .jsonl files: name the one to import", path.display()),
    }
}

/// The next line with its end; empty at the end of the file.
fn next_line(reader: &mut BufReader<File>, file: &Path, number: u32) -> Result<String> {
    let mut text = String::new();
    let place = || format!("{}:{number}: the line is not text", file.display());
    reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut text).with_context(place)?;
    if text.len() as u64 == LINE_BYTES_MAX {
        bail!("{}:{number}: a line of more than {LINE_BYTES_MAX} bytes", file.display());
    }
    Ok(text)
}

fn channel_id(team: &str, channel: &str) -> String {
    format!("{team}/{channel}")
}

/// A direct channel is known by its members, whatever their order.
fn direct_id(mut members: Vec<String>) -> String {
    members.sort();
    members.dedup();
    format!("direct/{}", members.join(","))
}
