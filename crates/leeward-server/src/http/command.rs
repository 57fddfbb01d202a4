//! Slash commands: one registry of what each is called, who may use it and what it does. Those that
//! the workspace has of its own are in [`custom`].

use super::answer::{Problem, stored};
use super::changed::{bring_in, take_out};
use super::rooms::{EditRoom, change_room, join};
use super::text::{Line, deceives};
use super::workspace::message;
use super::{App, custom, room_list};
use crate::node::Actor;
use leeward_core::account::Role;
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Nonce, RoomId};
use leeward_core::room::MemberRole;
use serde::Serialize;
use std::pin::Pin;
use utoipa::ToSchema;

/// One command.
pub(super) struct Command {
    /// What is typed after `/`.
    pub(super) name: &'static str,
    /// What may follow it.
    pub(super) usage: &'static str,
    /// What it does, as a sentence without a full stop.
    pub(super) about: &'static str,
    /// Who may use it.
    pub(super) who: May,
    run: fn(Call) -> Running,
}

/// Who may use a command. The room's own rules are asked besides.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum May {
    /// Whoever is in the room.
    Anybody,
    /// No guests.
    Member,
    /// Those who moderate the room.
    Moderator,
}

/// A command as it was called.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) actor: Actor,
    pub(super) room: RoomId,
    pub(super) nonce: Nonce,
    /// What follows the name, trimmed.
    pub(super) rest: String,
}

/// What came of a command.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Outcome {
    /// The place of the message it sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<leeward_core::id::Seq>,
    /// The room to show from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<RoomId>,
    /// What to tell whoever typed it, and nobody else; Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
}

type Running = Pin<Box<dyn Future<Output = Result<Outcome, Problem>> + Send>>;

macro_rules! commands {
    ($($name:literal $usage:literal $who:ident $run:ident $about:literal;)*) => {
        /// Every command, in the order of the list.
        pub(super) const COMMANDS: &[Command] = &[$(Command {
            name: $name,
            usage: $usage,
            about: $about,
            who: May::$who,
            run: |call| Box::pin($run(call)),
        }),*];
    };
}

commands! {
    "help"   ""                   Anybody   help   "List the commands";
    "me"     "TEXT"               Anybody   me     "Say what you are doing";
    "shrug"  "[TEXT]"             Anybody   shrug  r"Say it with a shrug: ¯\_(ツ)_/¯";
    "away"   "[TEXT]"             Anybody   away   "Set your status to away, and say why";
    "back"   ""                   Anybody   back   "Take your status away";
    "status" "[TEXT]"             Anybody   status "Set your status; with nothing after it, take it away";
    "msg"    "@NAME TEXT"         Anybody   msg    "Write to somebody directly";
    "leave"  ""                   Anybody   leave  "Leave this room";
    "join"   "#ROOM"              Member    enter  "Enter a public room";
    "invite" "@NAME…"             Member    invite "Bring people into this room";
    "topic"  "[TEXT]"             Moderator topic  "Say what this room is about";
    "rename" "NAME"               Moderator rename "Give this room another name";
    "kick"   "@NAME"              Moderator kick   "Remove somebody from this room";
    "ban"    "@NAME"              Moderator ban    "Remove somebody from this room for good";
    "mute"   "@NAME"              Moderator mute   "Let somebody only read here";
    "unmute" "@NAME"              Moderator unmute "Let somebody write here again";
}

/// Runs what was typed.
pub(super) async fn run(text: &str, call: impl FnOnce(String) -> Call) -> Result<Outcome, Problem> {
    let body = text.strip_prefix('/').ok_or_else(|| Problem::bad("a command begins with /"))?;
    let (name, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
    let name = name.to_lowercase();
    let call = call(rest.trim().to_owned());
    match COMMANDS.iter().find(|c| c.name == name) {
        Some(command) => (command.run)(call).await,
        None => custom::call(&name, call).await?.ok_or_else(|| unknown(&name)),
    }
}

fn unknown(name: &str) -> Problem {
    let shown: String = name.chars().filter(|c| !deceives(*c)).take(32).collect();
    let nearest = COMMANDS.iter().map(|c| (distance(c.name, &shown), c.name)).min();
    let words = match nearest {
        Some((far, near)) if far <= 2 => {
            format!("there is no command /{shown}; did you mean /{near}?")
        }
        Some(_) | None => format!("there is no command /{shown}; /help lists them"),
    };
    Refusal::because(Code::NotFound, words).into()
}

/// How many letters have to be put in, left out or changed to make `b` of `a` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let changed = corner + usize::from(ca != *cb);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

impl Call {
    async fn say(self, room: RoomId, text: String) -> Result<Outcome, Problem> {
        let draft = message(text);
        let posted = self.app.node.post(&self.actor, room, self.nonce, draft, None).await?;
        let shown = (room != self.room).then_some(room);
        Ok(Outcome { seq: Some(posted.seq), room: shown, text: None })
    }

    /// The account that a word names.
    fn named(&self, word: &str) -> Result<AccountId, Problem> {
        let name = word.trim_start_matches('@').to_lowercase();
        let id = self.app.node.accounts.by_name(&name);
        id.ok_or_else(|| {
            let shown: String = name.chars().filter(|c| !deceives(*c)).take(32).collect();
            Refusal::because(Code::NotFound, format!("there is nobody called @{shown}")).into()
        })
    }

    /// The one account that the call names.
    fn target(&self) -> Result<AccountId, Problem> {
        match self.rest.split_whitespace().next() {
            Some(word) => self.named(word),
            None => Err(Problem::bad("say whom: @name")),
        }
    }

    async fn set_status(&self, status: &str) -> Result<Outcome, Problem> {
        let status = Line::try_from(status.to_owned()).map_err(Problem::bad)?;
        let (account, status) = (self.actor.account, Some(status.into()));
        let entry = stored(self.app.node.store.edit_person(account, None, status).await)?;
        let person = entry.person.clone();
        self.app.node.accounts.put(entry);
        self.app.node.push_person(person);
        Ok(Outcome::default())
    }

    async fn set_role(&self, role: MemberRole) -> Result<Outcome, Problem> {
        let who = self.target()?;
        let access = stored(self.app.node.store.access(who, self.room).await)?;
        if access.and_then(|a| a.role).is_none() {
            return Err(Refusal::because(Code::NotFound, "they are not in this room").into());
        }
        bring_in(&self.app, &self.actor, self.room, who, Some(role)).await?;
        Ok(Outcome::default())
    }
}

async fn help(call: Call) -> Result<Outcome, Problem> {
    let custom = stored(call.app.node.store.commands().await)?;
    let mut lines = listing();
    let theirs = custom.iter().filter(|c| call.actor.role >= c.least);
    lines.extend(theirs.map(|c| listed(&c.name, &c.usage, &c.about)));
    Ok(Outcome { text: Some(lines.join("\n")), ..Outcome::default() })
}

fn listing() -> Vec<String> {
    COMMANDS.iter().map(|c| listed(c.name, c.usage, c.about)).collect()
}

fn listed(name: &str, usage: &str, about: &str) -> String {
    let call = format!("{name} {usage}");
    let about = if about.is_empty() { String::new() } else { format!(" — {about}") };
    format!("- `/{}`{about}", call.trim().replace('`', "'"))
}

async fn me(call: Call) -> Result<Outcome, Problem> {
    if call.rest.is_empty() {
        return Err(Problem::bad("say what you are doing: /me TEXT"));
    }
    let (room, text) = (call.room, format!("_{}_", call.rest));
    call.say(room, text).await
}

async fn shrug(call: Call) -> Result<Outcome, Problem> {
    let (room, text) = (call.room, format!(r"{} ¯\\\_(ツ)\_/¯", call.rest));
    call.say(room, text.trim().to_owned()).await
}

async fn away(call: Call) -> Result<Outcome, Problem> {
    let words = if call.rest.is_empty() { "away".into() } else { format!("away: {}", call.rest) };
    call.set_status(&words).await
}

async fn back(call: Call) -> Result<Outcome, Problem> {
    call.set_status("").await
}

async fn status(call: Call) -> Result<Outcome, Problem> {
    call.set_status(&call.rest).await
}

async fn msg(call: Call) -> Result<Outcome, Problem> {
    let (who, text) = call.rest.split_once(char::is_whitespace).unwrap_or((&call.rest, ""));
    let (who, text) = (call.named(who)?, text.trim().to_owned());
    if text.is_empty() {
        return Err(Problem::bad("say something: /msg @NAME TEXT"));
    }
    let direct = room_list::direct(call.app.clone(), call.actor, vec![who]).await?;
    call.say(direct.1.id, text).await
}

async fn leave(call: Call) -> Result<Outcome, Problem> {
    take_out(&call.app, &call.actor, call.room, call.actor.account, false).await?;
    Ok(Outcome::default())
}

async fn enter(call: Call) -> Result<Outcome, Problem> {
    let name = call.rest.trim_start_matches('#').to_lowercase();
    let found = stored(call.app.node.store.room_named(name.clone()).await)?;
    let missing = || -> Problem {
        let shown: String = name.chars().filter(|c| !deceives(*c)).take(32).collect();
        Refusal::because(Code::NotFound, format!("there is no room #{shown}")).into()
    };
    let room = found.ok_or_else(missing)?;
    match join(&call.app, &call.actor, room).await {
        Ok(()) => Ok(Outcome { room: Some(room), ..Outcome::default() }),
        Err(problem) if problem.code() == Code::NotFound => Err(missing()),
        Err(problem) => Err(problem),
    }
}

async fn invite(call: Call) -> Result<Outcome, Problem> {
    if call.actor.role < Role::Member {
        return Err(Code::Forbidden.into());
    }
    let people: Result<Vec<_>, _> = call.rest.split_whitespace().map(|w| call.named(w)).collect();
    let people = people?;
    if people.is_empty() || people.len() > 50 {
        return Err(Problem::bad("say whom: up to 50 names"));
    }
    for who in people {
        bring_in(&call.app, &call.actor, call.room, who, None).await?;
    }
    Ok(Outcome::default())
}

async fn topic(call: Call) -> Result<Outcome, Problem> {
    let topic = Line::try_from(call.rest.clone()).map_err(Problem::bad)?;
    let edit = EditRoom { topic: Some(topic), ..EditRoom::default() };
    change_room(&call.app, &call.actor, call.room, edit).await?;
    Ok(Outcome::default())
}

async fn rename(call: Call) -> Result<Outcome, Problem> {
    let name = call.rest.trim_start_matches('#').to_lowercase();
    let name = name.try_into().map_err(Problem::bad)?;
    let edit = EditRoom { name: Some(name), ..EditRoom::default() };
    change_room(&call.app, &call.actor, call.room, edit).await?;
    Ok(Outcome::default())
}

async fn kick(call: Call) -> Result<Outcome, Problem> {
    take_out(&call.app, &call.actor, call.room, call.target()?, false).await?;
    Ok(Outcome::default())
}

async fn ban(call: Call) -> Result<Outcome, Problem> {
    take_out(&call.app, &call.actor, call.room, call.target()?, true).await?;
    Ok(Outcome::default())
}

async fn mute(call: Call) -> Result<Outcome, Problem> {
    call.set_role(MemberRole::Muted).await
}

async fn unmute(call: Call) -> Result<Outcome, Problem> {
    call.set_role(MemberRole::Member).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_answered_with_the_nearest_name() {
        let words = |name: &str| Refusal::from(unknown(name)).message;
        assert_eq!(words("topci"), "there is no command /topci; did you mean /topic?");
        assert_eq!(words("hlep"), "there is no command /hlep; did you mean /help?");
        assert_eq!(words("frobnicate"), "there is no command /frobnicate; /help lists them");
    }

    #[test]
    fn names_are_unique_and_lower_case() {
        let mut names: Vec<_> = COMMANDS.iter().map(|c| c.name).collect();
        assert!(names.iter().all(|n| n.bytes().all(|b| b.is_ascii_lowercase())));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COMMANDS.len());
    }
}
