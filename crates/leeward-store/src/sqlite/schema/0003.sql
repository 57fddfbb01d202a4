-- Slash commands that are answered elsewhere.
CREATE TABLE commands (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  usage TEXT NOT NULL,
  about TEXT NOT NULL,
  least INTEGER NOT NULL, -- the role that one needs
  secret TEXT NOT NULL,
  maker INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
