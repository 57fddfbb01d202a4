//! Who may do what, and which texts and names are well formed. Pure tables: nothing here is looked up.
//!
//! Two roles decide: that of the account in the workspace ([`Role`]) and that of the member in the
//! room ([`MemberRole`]). Questions about a room that the account may not see are answered
//! [`Code::NotFound`], so that its existence is not given away.

use crate::account::Role;
use crate::code::{Code, Refusal};
use crate::event::Draft;
use crate::id::{AccountId, Seq};
use crate::limits;
use crate::room::{MemberRole, RoomFacts, RoomKind};

/// The message that a draft is about, as it stands in the log; see [`target_of`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// Who wrote it.
    pub author: AccountId,
    /// It has been taken back.
    pub deleted: bool,
    /// It is a message; other events cannot be edited, answered or pinned.
    pub is_message: bool,
    /// It is itself a reply in a thread; threads do not nest.
    pub is_reply: bool,
}

/// The seq whose [`Target`] must be looked up before [`may_post`]: what is edited, deleted, reacted
/// to or pinned, or the message whose thread a reply joins.
pub fn target_of(draft: &Draft) -> Option<Seq> {
    match draft {
        Draft::Message { thread, .. } => *thread,
        Draft::Edit { target, .. }
        | Draft::Delete { target }
        | Draft::React { target, .. }
        | Draft::Pin { target, .. } => Some(*target),
    }
}

/// Whether a member may append a draft to a room's log.
///
/// # Errors
/// The code that says why not.
pub fn may_post(
    facts: &RoomFacts,
    member: MemberRole,
    role: Role,
    draft: &Draft,
    target: Option<Target>,
    author: AccountId,
) -> Result<(), Code> {
    if facts.archived {
        return Err(Code::Archived);
    }
    let moderates = moderates(facts, Some(member), role);
    let about = match (target_of(draft), target) {
        (None, _) => None,
        (Some(_), None) => return Err(Code::NotFound),
        (Some(_), Some(target)) if !target.is_message => return Err(Code::BadRequest),
        (Some(_), Some(target)) if target.deleted => return Err(Code::Deleted),
        (Some(_), Some(target)) => Some(target),
    };
    let own = about.is_some_and(|target| target.author == author);
    match draft {
        Draft::Message { .. } => {
            may_write(facts, member, moderates)?;
            require(about.is_none_or(|target| !target.is_reply), Code::BadRequest)
        }
        Draft::Edit { .. } => {
            require(own, Code::Forbidden)?;
            may_write(facts, member, moderates)
        }
        Draft::Delete { .. } => require(own || moderates, Code::Forbidden),
        Draft::React { .. } => require(member != MemberRole::Muted || moderates, Code::Muted),
        Draft::Pin { .. } => {
            require(role >= Role::Member, Code::Forbidden)?;
            may_write(facts, member, moderates)
        }
    }
}

fn may_write(facts: &RoomFacts, member: MemberRole, moderates: bool) -> Result<(), Code> {
    require(member != MemberRole::Muted || moderates, Code::Muted)?;
    require(!facts.read_only || moderates, Code::ReadOnly)
}

fn require(holds: bool, code: Code) -> Result<(), Code> {
    if holds { Ok(()) } else { Err(code) }
}

/// Whether somebody moderates a room: as its moderator, or any public room as a moderator of the
/// workspace. Nobody moderates a direct room.
pub fn moderates(facts: &RoomFacts, member: Option<MemberRole>, role: Role) -> bool {
    match facts.room_kind {
        RoomKind::Public => role >= Role::Moderator || member == Some(MemberRole::Moderator),
        RoomKind::Private => member == Some(MemberRole::Moderator),
        RoomKind::Direct => false,
    }
}

/// Whether somebody may see a room and what is said in it.
///
/// # Errors
/// [`Code::NotFound`].
pub fn may_read(facts: &RoomFacts, member: Option<MemberRole>, role: Role) -> Result<(), Code> {
    let open = facts.room_kind == RoomKind::Public && role >= Role::Member;
    require(member.is_some() || open, Code::NotFound)
}

/// Whether somebody who is not in a room may enter it uninvited.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Archived`], or [`Code::Forbidden`] for the banned.
pub fn may_join(facts: &RoomFacts, role: Role, banned: bool) -> Result<(), Code> {
    may_read(facts, None, role)?;
    require(!banned, Code::Forbidden)?;
    require(!facts.archived, Code::Archived)
}

/// Whether somebody may bring others into a room.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Forbidden`] for guests and in direct rooms, or [`Code::Archived`].
pub fn may_add(facts: &RoomFacts, member: Option<MemberRole>, role: Role) -> Result<(), Code> {
    may_read(facts, member, role)?;
    require(facts.room_kind != RoomKind::Direct, Code::Forbidden)?;
    require(role >= Role::Member && member != Some(MemberRole::Muted), Code::Forbidden)?;
    require(!facts.archived, Code::Archived)
}

/// Whether somebody may leave a room: a direct room is a fixed set of people.
///
/// # Errors
/// [`Code::Forbidden`].
pub fn may_leave(facts: &RoomFacts) -> Result<(), Code> {
    require(facts.room_kind != RoomKind::Direct, Code::Forbidden)
}

/// Whether somebody may change a room's facts, its members' roles, its hooks, or remove people.
///
/// # Errors
/// [`Code::NotFound`] or [`Code::Forbidden`].
pub fn may_administer(
    facts: &RoomFacts,
    member: Option<MemberRole>,
    role: Role,
) -> Result<(), Code> {
    may_read(facts, member, role)?;
    require(moderates(facts, member, role), Code::Forbidden)
}

/// Whether somebody may create a room of this kind. A guest opens direct rooms only, with people it
/// shares a room with, which is for the caller to check.
///
/// # Errors
/// [`Code::Forbidden`].
pub fn may_create_room(role: Role, kind: RoomKind) -> Result<(), Code> {
    require(role >= Role::Member || kind == RoomKind::Direct, Code::Forbidden)
}

/// Whether somebody may manage accounts, invites, bots and the audit log.
///
/// # Errors
/// [`Code::Forbidden`].
pub fn may_manage_accounts(role: Role) -> Result<(), Code> {
    require(role >= Role::Admin, Code::Forbidden)
}

/// Whether somebody may change an account that has the role `from`, or give it the role `to`. That
/// one owner remains is for the caller to check.
///
/// # Errors
/// [`Code::Forbidden`].
pub fn may_set_role(by: Role, from: Role, to: Role) -> Result<(), Code> {
    may_manage_accounts(by)?;
    require(by == Role::Owner || (from < Role::Owner && to < Role::Owner), Code::Forbidden)
}

/// Whether a draft keeps to the limits of its form.
///
/// # Errors
/// Names the field and the limit.
pub fn check_draft(draft: &Draft) -> Result<(), Refusal> {
    match draft {
        Draft::Message { text, thread, also_room, files, .. } => {
            if *also_room && thread.is_none() {
                return Err(bad("also_room is for replies: thread is missing"));
            }
            if files.len() > limits::FILES_PER_MESSAGE_MAX {
                let most = limits::FILES_PER_MESSAGE_MAX;
                return Err(Refusal::because(Code::TooMany, format!("at most {most} files")));
            }
            if (1..files.len()).any(|i| files[..i].contains(&files[i])) {
                return Err(bad("a file is attached twice"));
            }
            check_text(text, files.is_empty())
        }
        Draft::Edit { text, .. } => check_text(text, true),
        Draft::React { emoji, .. } => check_emoji(emoji),
        Draft::Delete { .. } | Draft::Pin { .. } => Ok(()),
    }
}

/// Whether a message's text is well formed.
///
/// # Errors
/// [`Code::TooLong`], or [`Code::BadRequest`] for NUL and, where it must say something, for nothing.
pub fn check_text(text: &str, must_say_something: bool) -> Result<(), Refusal> {
    at_most("text", text, limits::TEXT_BYTES_MAX)?;
    if text.contains('\0') {
        return Err(bad("text holds a NUL character"));
    }
    if must_say_something && text.trim().is_empty() {
        return Err(bad("text is empty"));
    }
    Ok(())
}

/// Whether a reaction is a short name or an emoji.
///
/// # Errors
/// [`Code::TooLong`] or [`Code::BadRequest`].
pub fn check_emoji(emoji: &str) -> Result<(), Refusal> {
    at_most("emoji", emoji, limits::EMOJI_BYTES_MAX)?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | '<' | '>' | '&');
    if emoji.is_empty() || emoji.contains(odd) {
        return Err(bad("emoji is a short name without colons, or the emoji itself"));
    }
    Ok(())
}

/// Whether a text may be the name of an account: what can be typed after `@`.
///
/// # Errors
/// [`Code::TooLong`] or [`Code::BadRequest`].
pub fn check_account_name(name: &str) -> Result<(), Refusal> {
    at_most("name", name, limits::NAME_BYTES_MAX)?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = name.bytes().next().is_some_and(plain) && name.bytes().last().is_some_and(plain);
    if !ends || !name.bytes().all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-')) {
        return Err(bad("a name is of a-z 0-9 . _ - and begins and ends with a letter or digit"));
    }
    if RESERVED_NAMES.contains(&name) {
        return Err(Refusal::because(Code::Conflict, format!("the name {name} is reserved")));
    }
    Ok(())
}

/// Names that would be mistaken for the whole room or for oneself in a mention or a search.
const RESERVED_NAMES: &[&str] = &["room", "here", "all", "channel", "everyone", "me"];

/// Whether a text may be the name of a room that is not direct.
///
/// # Errors
/// [`Code::TooLong`] or [`Code::BadRequest`].
pub fn check_room_name(name: &str) -> Result<(), Refusal> {
    at_most("name", name, limits::NAME_BYTES_MAX)?;
    let plain = |c: char| c.is_alphanumeric() && !c.is_uppercase();
    if !name.starts_with(plain) || !name.chars().all(|c| plain(c) || matches!(c, '.' | '_' | '-')) {
        return Err(bad("a room's name is of lower-case letters, digits and . _ -"));
    }
    Ok(())
}

/// Whether a text may be a display name, topic, status or other single line. `required`: not empty.
///
/// # Errors
/// [`Code::TooLong`] or [`Code::BadRequest`]; `field` names it in the message.
pub fn check_line(field: &str, text: &str, required: bool) -> Result<(), Refusal> {
    at_most(field, text, limits::LINE_BYTES_MAX)?;
    if text.chars().any(|c| c.is_control() || turns_direction(c)) {
        return Err(bad(format!("{field} holds a control character")));
    }
    if required && text.trim().is_empty() {
        return Err(bad(format!("{field} is empty")));
    }
    Ok(())
}

/// Characters that make what follows on the same line read backwards (Unicode UAX #9), with which
/// one name can be made to look like another.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn at_most(field: &str, text: &str, bytes_max: usize) -> Result<(), Refusal> {
    if text.len() > bytes_max {
        return Err(Refusal::because(
            Code::TooLong,
            format!("{field} is {} bytes long, at most {bytes_max}", text.len()),
        ));
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::because(Code::BadRequest, message)
}

#[cfg(test)]
mod tests;
