/** Every action by its id, for the switcher, the help and the keyboard. The one list of its kind. */
import { acceptInvite } from "./acceptInvite.ts";
import { allowNotifications } from "./allowNotifications.ts";
import { archiveRoom } from "./archiveRoom.ts";
import { browseRooms } from "./browseRooms.ts";
import { changePassword } from "./changePassword.ts";
import { chooseReaction } from "./chooseReaction.ts";
import { closeOrRead } from "./closeOrRead.ts";
import { copyPermalink } from "./copyPermalink.ts";
import { createInvite } from "./createInvite.ts";
import { createRoom } from "./createRoom.ts";
import { deleteMessage } from "./deleteMessage.ts";
import { discardFailed } from "./discardFailed.ts";
import { editLast } from "./editLast.ts";
import { editMessage } from "./editMessage.ts";
import { endSession } from "./endSession.ts";
import { favouriteRoom } from "./favouriteRoom.ts";
import { followThread } from "./followThread.ts";
import { invitePeople } from "./invitePeople.ts";
import { joinRoom } from "./joinRoom.ts";
import { jumpToUnread } from "./jumpToUnread.ts";
import { leaveRoom } from "./leaveRoom.ts";
import { markRead } from "./markRead.ts";
import { markUnread } from "./markUnread.ts";
import { nextLine } from "./nextLine.ts";
import { nextRoom } from "./nextRoom.ts";
import { nextUnread } from "./nextUnread.ts";
import { openDirect } from "./openDirect.ts";
import { openHelp } from "./openHelp.ts";
import { openInbox } from "./openInbox.ts";
import { openRoom } from "./openRoom.ts";
import { openSwitcher } from "./openSwitcher.ts";
import { openThread } from "./openThread.ts";
import { pinMessage } from "./pinMessage.ts";
import { previousLine } from "./previousLine.ts";
import { previousRoom } from "./previousRoom.ts";
import { previousUnread } from "./previousUnread.ts";
import { quoteMessage } from "./quoteMessage.ts";
import { react } from "./react.ts";
import { reload } from "./reload.ts";
import { removeMember } from "./removeMember.ts";
import { removeUpload } from "./removeUpload.ts";
import { renameRoom } from "./renameRoom.ts";
import { retryFailed } from "./retryFailed.ts";
import { retryUpload } from "./retryUpload.ts";
import { revokeInvite } from "./revokeInvite.ts";
import { runCommand } from "./runCommand.ts";
import { search } from "./search.ts";
import { sendMessage } from "./sendMessage.ts";
import { setDensity } from "./setDensity.ts";
import { setDisplay } from "./setDisplay.ts";
import { setDoNotDisturb } from "./setDoNotDisturb.ts";
import { setMemberRole } from "./setMemberRole.ts";
import { setNotify } from "./setNotify.ts";
import { setReadOnly } from "./setReadOnly.ts";
import { setStatus } from "./setStatus.ts";
import { setTheme } from "./setTheme.ts";
import { setTopic } from "./setTopic.ts";
import { setUp } from "./setUp.ts";
import { showNewest } from "./showNewest.ts";
import { showRevisions } from "./showRevisions.ts";
import { signIn } from "./signIn.ts";
import { signOut } from "./signOut.ts";
import { startEdit } from "./startEdit.ts";
import { togglePanel } from "./togglePanel.ts";
import { tryNow } from "./tryNow.ts";
import { uploadFiles } from "./uploadFiles.ts";

export const actions = {
  accept_invite: acceptInvite,
  allow_notifications: allowNotifications,
  archive_room: archiveRoom,
  browse_rooms: browseRooms,
  change_password: changePassword,
  choose_reaction: chooseReaction,
  close_or_read: closeOrRead,
  copy_permalink: copyPermalink,
  create_invite: createInvite,
  create_room: createRoom,
  delete_message: deleteMessage,
  discard_failed: discardFailed,
  edit_last: editLast,
  edit_message: editMessage,
  end_session: endSession,
  favourite_room: favouriteRoom,
  follow_thread: followThread,
  invite_people: invitePeople,
  join_room: joinRoom,
  jump_to_unread: jumpToUnread,
  leave_room: leaveRoom,
  mark_read: markRead,
  mark_unread: markUnread,
  next_line: nextLine,
  next_room: nextRoom,
  next_unread: nextUnread,
  open_direct: openDirect,
  open_help: openHelp,
  open_inbox: openInbox,
  open_room: openRoom,
  open_switcher: openSwitcher,
  open_thread: openThread,
  pin_message: pinMessage,
  previous_line: previousLine,
  previous_room: previousRoom,
  previous_unread: previousUnread,
  quote_message: quoteMessage,
  react: react,
  reload: reload,
  remove_member: removeMember,
  remove_upload: removeUpload,
  rename_room: renameRoom,
  retry_failed: retryFailed,
  retry_upload: retryUpload,
  revoke_invite: revokeInvite,
  run_command: runCommand,
  search: search,
  send_message: sendMessage,
  set_density: setDensity,
  set_display: setDisplay,
  set_do_not_disturb: setDoNotDisturb,
  set_member_role: setMemberRole,
  set_notify: setNotify,
  set_read_only: setReadOnly,
  set_status: setStatus,
  set_theme: setTheme,
  set_topic: setTopic,
  set_up: setUp,
  show_newest: showNewest,
  show_revisions: showRevisions,
  sign_in: signIn,
  sign_out: signOut,
  start_edit: startEdit,
  toggle_panel: togglePanel,
  try_now: tryNow,
  upload_files: uploadFiles,
} as const;

export type ActionId = keyof typeof actions;
