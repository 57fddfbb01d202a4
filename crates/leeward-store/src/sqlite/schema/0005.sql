-- What clients of other protocols keep with the server for each account, such as pictures and bookmarks.
CREATE TABLE kept (account INTEGER, key TEXT, value TEXT NOT NULL, PRIMARY KEY (account, key)) WITHOUT ROWID;
-- The sign-ins of devices that come again by a token, by what each calls itself.
CREATE TABLE devices (account INTEGER, agent TEXT, session INTEGER NOT NULL, PRIMARY KEY (account, agent)) WITHOUT ROWID;
