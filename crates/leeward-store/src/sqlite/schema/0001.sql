-- A place is room << 32 | seq: the key of an event, in one integer, so that a room's log lies together.
-- Kinds of events, roles and the like are numbered in codes.rs.

CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE keys (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL);

CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  display TEXT NOT NULL,
  role INTEGER NOT NULL,
  bot INTEGER NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT '',
  password_hash TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
);
CREATE TABLE settings (account INTEGER, key TEXT, value TEXT NOT NULL, PRIMARY KEY (account, key)) WITHOUT ROWID;

CREATE TABLE rooms (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  topic TEXT NOT NULL,
  archived INTEGER NOT NULL,
  read_only INTEGER NOT NULL,
  people TEXT UNIQUE, -- of a direct room: the accounts, ascending, joined by commas
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX rooms_name ON rooms (name) WHERE kind <> 2;
-- Apart from rooms, because every batch of appends writes it.
CREATE TABLE heads (
  room INTEGER PRIMARY KEY,
  head INTEGER NOT NULL,
  last_message INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  members INTEGER NOT NULL
);
CREATE TABLE members (
  account INTEGER,
  room INTEGER,
  role INTEGER NOT NULL,
  since INTEGER NOT NULL,
  read INTEGER NOT NULL,
  notify INTEGER,
  favourite INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, room)
) WITHOUT ROWID;
CREATE INDEX members_room ON members (room, account, role);
CREATE TABLE room_bans (room INTEGER, account INTEGER, PRIMARY KEY (room, account)) WITHOUT ROWID;

-- Only ever appended to, except that a deleted message loses its text.
CREATE TABLE log (
  place INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  author INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  nonce TEXT,
  target INTEGER, -- the place of the message it is about, or the account
  text TEXT,
  extra TEXT -- JSON
);
-- Replies and edits of a message.
CREATE INDEX log_target ON log (target, kind) WHERE kind IN (2, 3, 4);
-- The nonce first: clients count theirs upwards in time, so that those of one moment share a page.
CREATE TABLE nonces (nonce TEXT, author INTEGER, place INTEGER NOT NULL, PRIMARY KEY (nonce, author)) WITHOUT ROWID;
-- What later events have done to a message. Most messages have no row.
CREATE TABLE folds (
  place INTEGER PRIMARY KEY,
  text TEXT,
  mentions TEXT, -- JSON; NULL: as in the log
  edited_at INTEGER,
  deleted INTEGER NOT NULL DEFAULT 0,
  pinned INTEGER NOT NULL DEFAULT 0,
  reacted INTEGER NOT NULL DEFAULT 0, -- look into reactions
  replies INTEGER NOT NULL DEFAULT 0,
  last INTEGER NOT NULL DEFAULT 0, -- seq of the last reply
  last_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX folds_pinned ON folds (place) WHERE pinned = 1;
CREATE TABLE reactions (
  place INTEGER,
  emoji TEXT,
  account INTEGER,
  chip INTEGER NOT NULL, -- seq of the first reaction with this emoji: the order of emoji
  seq INTEGER NOT NULL,
  PRIMARY KEY (place, emoji, account)
) WITHOUT ROWID;
-- Account 0: everybody in the room.
CREATE TABLE mentions (
  account INTEGER,
  place INTEGER,
  author INTEGER NOT NULL,
  PRIMARY KEY (account, place)
) WITHOUT ROWID;
CREATE TABLE follows (
  account INTEGER,
  root INTEGER,
  read INTEGER NOT NULL,
  follows INTEGER NOT NULL,
  PRIMARY KEY (account, root)
) WITHOUT ROWID;

CREATE TABLE files (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  owner INTEGER NOT NULL,
  name TEXT NOT NULL,
  mime TEXT NOT NULL DEFAULT '',
  size INTEGER NOT NULL,
  width INTEGER,
  height INTEGER,
  sum BLOB,
  received INTEGER NOT NULL DEFAULT 0,
  finished INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
);
CREATE TABLE file_uses (file INTEGER, place INTEGER, PRIMARY KEY (file, place)) WITHOUT ROWID;

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  device TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_revoked ON sessions (expires_at) WHERE revoked = 1;
CREATE TABLE invites (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_hash BLOB NOT NULL UNIQUE,
  inviter INTEGER NOT NULL,
  role INTEGER NOT NULL,
  rooms TEXT NOT NULL, -- JSON
  uses INTEGER NOT NULL DEFAULT 0,
  uses_max INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  note TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE bot_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  token_hash BLOB NOT NULL UNIQUE,
  note TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE TABLE hooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_hash BLOB NOT NULL UNIQUE,
  room INTEGER NOT NULL,
  account INTEGER NOT NULL,
  maker INTEGER NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX hooks_room ON hooks (room);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor INTEGER,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
);
-- What an import has brought: kinds are account, room, message, file.
CREATE TABLE externals (
  source TEXT,
  kind TEXT,
  external TEXT,
  id INTEGER NOT NULL,
  PRIMARY KEY (source, kind, external)
) WITHOUT ROWID;
