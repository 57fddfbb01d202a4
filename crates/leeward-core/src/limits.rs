//! Every limit that is part of the protocol, with its unit and its reason.
//!
//! Limits an operator may change are fields of the server's configuration; these may not change,
//! because clients and stored history rely on them.

/// Longest text of one message, in bytes of UTF-8: some twenty printed pages, and a frame that still
/// fits a 64 KiB socket buffer.
pub const TEXT_BYTES_MAX: usize = 32 * 1024;
/// Largest frame a client may send, in bytes: a text of the longest kind with every byte escaped in
/// JSON would be larger, but no text that people write is.
pub const FRAME_BYTES_MAX: usize = 128 * 1024;
/// Deepest nesting of JSON in a client's frame; the protocol itself needs 4.
pub const FRAME_DEPTH_MAX: usize = 16;
/// Most files on one message: what a grid of thumbnails shows at once.
pub const FILES_PER_MESSAGE_MAX: usize = 10;
/// Longest reaction, in bytes: the longest emoji sequence in Unicode 16 takes 35.
pub const EMOJI_BYTES_MAX: usize = 48;
/// Most different reactions on one message: beyond that they are a conversation of their own.
pub const REACTIONS_PER_MESSAGE_MAX: usize = 50;
/// Longest name of an account or a room, in bytes.
pub const NAME_BYTES_MAX: usize = 32;
/// Longest display name, topic or status, in bytes.
pub const LINE_BYTES_MAX: usize = 250;
/// Most rooms whose presence and typing one connection may watch: more than a screen shows.
pub const WATCHED_ROOMS_MAX: usize = 64;
/// Most rooms in the positions of one `hello`.
pub const POSITIONS_MAX: usize = 4_096;
/// Messages in a snapshot: about three screens.
pub const SNAPSHOT_MESSAGES: usize = 50;
/// Most members listed in a snapshot; a larger room gives their number only.
pub const SNAPSHOT_MEMBERS_MAX: usize = 500;
/// Most entries in one page of history.
pub const PAGE_ENTRIES_MAX: usize = 200;
