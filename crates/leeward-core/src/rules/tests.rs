//! One test, one sentence of the house rules.

use super::*;
use crate::id::FileId;

const AUTHOR: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);

fn room(room_kind: RoomKind) -> RoomFacts {
    RoomFacts {
        room_kind,
        name: "lobby".into(),
        topic: String::new(),
        archived: false,
        read_only: false,
    }
}

fn message(text: &str) -> Draft {
    Draft::Message { text: text.into(), thread: None, also_room: false, files: vec![], quote: None }
}

fn reply() -> Draft {
    Draft::Message {
        text: "yes".into(),
        thread: Some(Seq(4)),
        also_room: false,
        files: vec![],
        quote: None,
    }
}

fn about(author: AccountId) -> Option<Target> {
    Some(Target { author, deleted: false, is_message: true, is_reply: false })
}

fn edit() -> Draft {
    Draft::Edit { target: Seq(4), text: "better".into() }
}

fn delete() -> Draft {
    Draft::Delete { target: Seq(4) }
}

fn react() -> Draft {
    Draft::React { target: Seq(4), emoji: "tada".into(), on: true }
}

fn pin() -> Draft {
    Draft::Pin { target: Seq(4), on: true }
}

fn as_member(facts: &RoomFacts, draft: &Draft, target: Option<Target>) -> Result<(), Code> {
    may_post(facts, MemberRole::Member, Role::Member, draft, target, AUTHOR)
}

#[test]
fn a_member_writes_replies_reacts_and_pins() {
    let facts = room(RoomKind::Private);
    assert_eq!(as_member(&facts, &message("hello"), None), Ok(()));
    for draft in [reply(), react(), pin()] {
        assert_eq!(as_member(&facts, &draft, about(OTHER)), Ok(()), "{draft:?}");
    }
}

#[test]
fn only_the_author_edits() {
    let facts = room(RoomKind::Public);
    assert_eq!(as_member(&facts, &edit(), about(AUTHOR)), Ok(()));
    let owner = may_post(&facts, MemberRole::Moderator, Role::Owner, &edit(), about(OTHER), AUTHOR);
    assert_eq!(owner, Err(Code::Forbidden));
}

#[test]
fn the_author_and_moderators_delete() {
    let facts = room(RoomKind::Public);
    assert_eq!(as_member(&facts, &delete(), about(AUTHOR)), Ok(()));
    assert_eq!(as_member(&facts, &delete(), about(OTHER)), Err(Code::Forbidden));
    for (member, role) in
        [(MemberRole::Moderator, Role::Member), (MemberRole::Member, Role::Moderator)]
    {
        assert_eq!(may_post(&facts, member, role, &delete(), about(OTHER), AUTHOR), Ok(()));
    }
}

#[test]
fn a_moderator_of_the_workspace_does_not_moderate_private_and_direct_rooms() {
    for kind in [RoomKind::Private, RoomKind::Direct] {
        let facts = room(kind);
        let answer =
            may_post(&facts, MemberRole::Member, Role::Owner, &delete(), about(OTHER), AUTHOR);
        assert_eq!(answer, Err(Code::Forbidden));
        assert!(!moderates(&facts, None, Role::Owner));
    }
    assert!(moderates(&room(RoomKind::Private), Some(MemberRole::Moderator), Role::Guest));
    assert!(!moderates(&room(RoomKind::Direct), Some(MemberRole::Moderator), Role::Owner));
}

#[test]
fn the_muted_take_back_their_own_and_nothing_else() {
    let facts = room(RoomKind::Public);
    let muted = |draft: &Draft, target| {
        may_post(&facts, MemberRole::Muted, Role::Member, draft, target, AUTHOR)
    };
    assert_eq!(muted(&message("hello"), None), Err(Code::Muted));
    for draft in [reply(), react(), pin(), edit()] {
        assert_eq!(muted(&draft, about(AUTHOR)), Err(Code::Muted), "{draft:?}");
    }
    assert_eq!(muted(&delete(), about(AUTHOR)), Ok(()));
}

#[test]
fn in_a_read_only_room_moderators_write_and_members_react() {
    let facts = RoomFacts { read_only: true, ..room(RoomKind::Public) };
    assert_eq!(as_member(&facts, &message("hello"), None), Err(Code::ReadOnly));
    assert_eq!(as_member(&facts, &reply(), about(OTHER)), Err(Code::ReadOnly));
    assert_eq!(as_member(&facts, &pin(), about(OTHER)), Err(Code::ReadOnly));
    assert_eq!(as_member(&facts, &react(), about(OTHER)), Ok(()));
    let moderator =
        may_post(&facts, MemberRole::Moderator, Role::Member, &message("hello"), None, AUTHOR);
    assert_eq!(moderator, Ok(()));
}

#[test]
fn nothing_is_changed_in_an_archived_room() {
    let facts = RoomFacts { archived: true, ..room(RoomKind::Public) };
    for draft in [message("hello"), edit(), delete(), react(), pin()] {
        let owner =
            may_post(&facts, MemberRole::Moderator, Role::Owner, &draft, about(AUTHOR), AUTHOR);
        assert_eq!(owner, Err(Code::Archived), "{draft:?}");
    }
    assert_eq!(may_join(&facts, Role::Member, false), Err(Code::Archived));
    assert_eq!(may_add(&facts, Some(MemberRole::Member), Role::Member), Err(Code::Archived));
    assert_eq!(may_administer(&facts, Some(MemberRole::Moderator), Role::Member), Ok(()));
}

#[test]
fn what_does_not_exist_is_deleted_or_is_no_message_cannot_be_the_target() {
    let facts = room(RoomKind::Public);
    let target = about(AUTHOR).expect("given just here");
    for draft in [reply(), edit(), delete(), react(), pin()] {
        assert_eq!(as_member(&facts, &draft, None), Err(Code::NotFound));
        let gone = Some(Target { deleted: true, ..target });
        assert_eq!(as_member(&facts, &draft, gone), Err(Code::Deleted));
        let join = Some(Target { is_message: false, ..target });
        assert_eq!(as_member(&facts, &draft, join), Err(Code::BadRequest));
    }
}

#[test]
fn threads_do_not_nest_and_replies_can_be_edited() {
    let facts = room(RoomKind::Public);
    let target = about(AUTHOR).map(|target| Target { is_reply: true, ..target });
    assert_eq!(as_member(&facts, &reply(), target), Err(Code::BadRequest));
    assert_eq!(as_member(&facts, &edit(), target), Ok(()));
}

#[test]
fn guests_see_only_the_rooms_they_are_in() {
    let public = room(RoomKind::Public);
    assert_eq!(may_read(&public, None, Role::Guest), Err(Code::NotFound));
    assert_eq!(may_join(&public, Role::Guest, false), Err(Code::NotFound));
    assert_eq!(may_read(&public, Some(MemberRole::Member), Role::Guest), Ok(()));
    assert_eq!(may_add(&public, Some(MemberRole::Member), Role::Guest), Err(Code::Forbidden));
    let pin = may_post(&public, MemberRole::Member, Role::Guest, &pin(), about(OTHER), AUTHOR);
    assert_eq!(pin, Err(Code::Forbidden));
}

#[test]
fn a_private_room_does_not_exist_for_those_outside() {
    let private = room(RoomKind::Private);
    assert_eq!(may_read(&private, None, Role::Owner), Err(Code::NotFound));
    assert_eq!(may_join(&private, Role::Owner, false), Err(Code::NotFound));
    assert_eq!(may_add(&private, None, Role::Owner), Err(Code::NotFound));
    assert_eq!(may_administer(&private, None, Role::Owner), Err(Code::NotFound));
}

#[test]
fn the_banned_stay_outside_and_a_direct_room_stays_as_it_is() {
    assert_eq!(may_join(&room(RoomKind::Public), Role::Member, true), Err(Code::Forbidden));
    assert_eq!(may_join(&room(RoomKind::Public), Role::Member, false), Ok(()));
    let direct = room(RoomKind::Direct);
    assert_eq!(may_add(&direct, Some(MemberRole::Member), Role::Owner), Err(Code::Forbidden));
    assert_eq!(may_leave(&direct), Err(Code::Forbidden));
    assert_eq!(may_leave(&room(RoomKind::Public)), Ok(()));
}

#[test]
fn guests_create_direct_rooms_only() {
    assert_eq!(may_create_room(Role::Guest, RoomKind::Direct), Ok(()));
    assert_eq!(may_create_room(Role::Guest, RoomKind::Public), Err(Code::Forbidden));
    assert_eq!(may_create_room(Role::Guest, RoomKind::Private), Err(Code::Forbidden));
    assert_eq!(may_create_room(Role::Member, RoomKind::Public), Ok(()));
}

#[test]
fn only_owners_make_and_unmake_owners() {
    assert_eq!(may_set_role(Role::Moderator, Role::Guest, Role::Member), Err(Code::Forbidden));
    assert_eq!(may_set_role(Role::Admin, Role::Member, Role::Admin), Ok(()));
    assert_eq!(may_set_role(Role::Admin, Role::Member, Role::Owner), Err(Code::Forbidden));
    assert_eq!(may_set_role(Role::Admin, Role::Owner, Role::Member), Err(Code::Forbidden));
    assert_eq!(may_set_role(Role::Owner, Role::Owner, Role::Member), Ok(()));
}

fn refused(answer: Result<(), Refusal>) -> Code {
    answer.expect_err("must be refused").code
}

#[test]
fn a_text_is_within_its_limit_and_says_something() {
    let most = "x".repeat(limits::TEXT_BYTES_MAX);
    assert!(check_draft(&message(&most)).is_ok());
    assert_eq!(refused(check_draft(&message(&format!("{most}x")))), Code::TooLong);
    assert_eq!(refused(check_draft(&message(" \n\t"))), Code::BadRequest);
    assert_eq!(refused(check_draft(&message("nul\0"))), Code::BadRequest);
    assert!(check_draft(&message("<script>alert(1)</script>")).is_ok());
    let empty = Draft::Edit { target: Seq(1), text: String::new() };
    assert_eq!(refused(check_draft(&empty)), Code::BadRequest);
}

#[test]
fn files_may_stand_without_text_each_once_and_not_too_many() {
    let with = |files: Vec<FileId>| Draft::Message {
        text: String::new(),
        thread: None,
        also_room: false,
        files,
        quote: None,
    };
    assert!(check_draft(&with((1..=10).map(FileId).collect())).is_ok());
    assert_eq!(refused(check_draft(&with((1..=11).map(FileId).collect()))), Code::TooMany);
    assert_eq!(refused(check_draft(&with(vec![FileId(1), FileId(1)]))), Code::BadRequest);
}

#[test]
fn only_replies_are_shown_in_the_room_as_well() {
    let draft = Draft::Message {
        text: "x".into(),
        thread: None,
        also_room: true,
        files: vec![],
        quote: None,
    };
    assert_eq!(refused(check_draft(&draft)), Code::BadRequest);
}

#[test]
fn a_reaction_is_a_short_name_or_an_emoji() {
    for good in ["tada", "+1", "👩‍👩‍👧‍👦", "é"] {
        assert!(check_emoji(good).is_ok(), "{good}");
    }
    for bad in ["", ":tada:", "two words", "<b>", "\u{7}"] {
        assert_eq!(refused(check_emoji(bad)), Code::BadRequest, "{bad}");
    }
    assert_eq!(refused(check_emoji(&"x".repeat(49))), Code::TooLong);
}

#[test]
fn an_account_name_can_be_typed_after_an_at_sign() {
    for good in ["owner", "a", "first.last", "x_1-y", &"n".repeat(32)] {
        assert!(check_account_name(good).is_ok(), "{good}");
    }
    for bad in ["", "Owner", ".owner", "owner-", "two words", "ümlaut", "a/b"] {
        assert_eq!(refused(check_account_name(bad)), Code::BadRequest, "{bad}");
    }
    assert_eq!(refused(check_account_name(&"n".repeat(33))), Code::TooLong);
    assert_eq!(refused(check_account_name("everyone")), Code::Conflict);
}

#[test]
fn a_room_name_may_be_in_any_language_but_not_in_capitals() {
    for good in ["lobby", "größe", "聊天", "a.b_c-d"] {
        assert!(check_room_name(good).is_ok(), "{good}");
    }
    for bad in ["", "#lobby", "Lobby", "two words", "-x", "a/b", "a\nb"] {
        assert_eq!(refused(check_room_name(bad)), Code::BadRequest, "{bad}");
    }
}

#[test]
fn a_line_has_no_control_characters_and_turns_no_text_around() {
    assert!(check_line("topic", "", false).is_ok());
    assert_eq!(refused(check_line("display", "  ", true)), Code::BadRequest);
    for bad in ["two\nlines", "\u{202e}renwo", "\u{2066}x"] {
        assert_eq!(refused(check_line("status", bad, false)), Code::BadRequest);
    }
    let long = check_line("topic", &"x".repeat(251), false).expect_err("too long");
    assert_eq!(long.message, "topic is 251 bytes long, at most 250");
}
