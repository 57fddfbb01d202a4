//! What every back end promises: one suite, mounted on each. A case is a little play on a [`Stage`]:
//! an open store with an owner, two members and a guest.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod accounts;
mod archive;
mod files;
mod kept;
mod log;
mod marks;
mod rooms;
mod search;
mod stage;
mod threads;
mod transfer;
mod workspace;

use stage::Stage;

macro_rules! mount {
    ($open:path; $($module:ident { $($case:ident)* })*) => {$(
        mod $module {
            $(
                #[test]
                fn $case() {
                    crate::stage::run(async {
                        crate::$module::$case(&$open()).await;
                    });
                }
            )*
        }
    )*};
}

mod sqlite {
    mount! { crate::stage::sqlite;
        log {
            a_draft_becomes_the_next_event
            a_repeated_nonce_gets_the_first_answer_whatever_has_happened_since
            a_nonce_of_another_room_is_refused_and_stores_nothing
            one_nonce_of_two_authors_is_two_drafts
            a_nonce_is_known_after_reopening
            an_edit_replaces_the_text_and_keeps_the_old_one
            a_deleted_message_loses_what_it_said_everywhere
            reactions_keep_the_order_in_which_each_was_first_put_on
            a_pinned_message_is_listed_until_it_is_unpinned
            what_the_rules_refuse_leaves_no_trace
            only_so_many_different_reactions_fit_on_a_message
            pages_meet_without_a_gap
            a_page_around_a_line_holds_it
            ids_that_cannot_be_are_simply_not_found
            the_tail_of_a_room_ends_at_its_position
        }
        rooms {
            a_room_begins_with_its_facts_and_its_people
            nobody_is_in_a_room_twice
            a_name_is_taken_once
            direct_rooms_are_the_same_for_the_same_people
            nothing_is_logged_when_nothing_changes
            who_leaves_is_out_and_may_come_back_to_a_public_room
            the_banned_stay_out_until_a_moderator_brings_them_back
            a_guest_finds_nothing_by_itself
            a_refused_change_is_taken_back_whole
            changed_facts_reach_everybody
            a_role_decides_what_one_may_say
        }
        marks {
            mentions_above_the_mark_are_counted
            the_mark_goes_down_as_well
            the_whole_room_and_direct_rooms_count_for_everybody_but_the_author
            whoever_is_not_in_a_room_is_not_mentioned_in_it
            every_change_of_its_own_raises_an_accounts_version
            settings_are_kept_per_room_and_per_account
            mentions_of_all_rooms_are_listed_latest_first
            mentions_are_listed_only_while_one_is_in_the_room
        }
        threads {
            a_reply_is_counted_at_the_message_it_answers
            a_reply_shows_in_the_room_only_when_asked
            who_takes_part_in_a_thread_follows_it
            a_thread_that_was_left_stays_left
        }
        archive {
            an_archive_tells_what_each_event_is_about
            pages_of_an_archive_meet_in_both_directions
            an_archive_is_cut_by_time
            direct_rooms_are_one_archive_in_the_order_of_time
        }
        accounts {
            what_scram_needs_is_kept_for_the_password_that_it_was_made_of
            a_workspace_is_set_up_once
            a_name_is_one_account
            the_last_owner_stays
            a_changed_password_ends_the_other_sessions
            a_disabled_account_gets_no_session
            a_revoked_session_is_remembered_until_it_would_have_ended
            an_invite_makes_as_many_accounts_as_it_says
            an_invite_that_ended_makes_none
            an_invite_that_names_a_room_twice_leads_there_once
            a_taken_name_does_not_use_up_an_invite
            bot_tokens_are_for_bots_and_end_with_them
        }
        workspace {
            keys_open_for_two_rotations
            a_note_is_known_after_a_restart
            hooks_are_found_by_their_token
            a_command_is_found_by_its_name_until_it_ends
            the_audit_log_is_read_backwards
        }
        kept {
            what_is_kept_for_clients_is_found_by_how_its_key_begins
            what_is_kept_last_is_what_is_kept_and_nothing_forgets_it
            a_refusal_of_what_is_too_much_leaves_what_was_kept
            a_device_is_known_by_its_last_sign_in_until_that_ends
            of_too_many_devices_the_oldest_sign_ins_are_forgotten
            sessions_are_kept_byte_for_byte_and_good_for_one_start
            sessions_without_a_sign_in_end_with_a_password_and_with_a_history
        }
        files {
            a_file_is_attached_once_it_is_complete
            a_file_is_seen_by_those_who_see_its_message
            a_deleted_message_lets_its_files_go
            the_files_of_a_room_are_listed_message_by_message
        }
        search {
            words_phrases_and_beginnings_are_found
            operators_narrow_the_search
            only_rooms_one_is_in_are_searched
            edits_and_deletions_reach_the_index
            the_newest_comes_first_and_the_cursor_goes_on
            a_damaged_index_is_made_again
        }
        transfer {
            a_backup_made_while_writing_is_whole
            what_was_restored_is_another_history
            nothing_that_was_sealed_before_a_restore_opens_after_it
            a_damaged_backup_is_noticed
            an_export_holds_everything_and_no_secrets
            an_import_repeated_doubles_nothing
            imported_messages_name_people_and_stand_where_they_stood
            a_file_that_several_imported_messages_show_is_kept_once
            an_import_fits_in_with_what_is_there
        }
    }
}
