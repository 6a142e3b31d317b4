/** The tables of `mail.db`; docs/guide/messages.md explains them to whoever opens the file. */
import type { DatabaseSchema } from '../base/database.ts'

const first = `
CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  author TEXT NOT NULL, epoch INTEGER NOT NULL, counter INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, read_ms INTEGER,
  type TEXT NOT NULL, size INTEGER NOT NULL, wants_read INTEGER NOT NULL, body ANY NOT NULL,
  UNIQUE (author, epoch, counter)
) STRICT;
CREATE INDEX inbox_unread ON inbox (author) WHERE read_ms IS NULL;
CREATE INDEX inbox_kept ON inbox (received_ms, read_ms, size);

CREATE TABLE waiting (
  author TEXT NOT NULL, epoch INTEGER NOT NULL, counter INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,
  type TEXT NOT NULL, size INTEGER NOT NULL, wants_read INTEGER NOT NULL, body ANY NOT NULL,
  PRIMARY KEY (author, epoch, counter)
) STRICT;

CREATE TABLE senders (
  author TEXT NOT NULL, epoch INTEGER NOT NULL,
  shown INTEGER NOT NULL, got TEXT NOT NULL, read TEXT NOT NULL, receipt_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY (author, epoch)
) STRICT;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  recipient TEXT NOT NULL, counter INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
  type TEXT NOT NULL, size INTEGER NOT NULL, wants_read INTEGER NOT NULL, body ANY NOT NULL,
  state TEXT NOT NULL, holders TEXT NOT NULL, reason TEXT NOT NULL, changed_ms INTEGER NOT NULL,
  envelope BLOB,
  UNIQUE (recipient, counter)
) STRICT;
CREATE INDEX outbox_open ON outbox (recipient, counter) WHERE envelope IS NOT NULL;
CREATE INDEX outbox_unread ON outbox (recipient) WHERE wants_read = 1 AND state = 'delivered';
CREATE TABLE numbers (recipient TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;

CREATE TABLE held (
  recipient TEXT NOT NULL, author TEXT NOT NULL, epoch INTEGER NOT NULL, counter INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, carrier TEXT NOT NULL,
  size INTEGER NOT NULL, spare_ms INTEGER, envelope BLOB NOT NULL,
  PRIMARY KEY (recipient, author, epoch, counter)
) STRICT;
CREATE INDEX held_expires ON held (expires_ms);

CREATE TABLE receipts (
  recipient TEXT NOT NULL, author TEXT NOT NULL, epoch INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (recipient, author, epoch)
) STRICT;

CREATE TABLE wall (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  author TEXT NOT NULL, epoch INTEGER NOT NULL, counter INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,
  text TEXT NOT NULL, post BLOB NOT NULL,
  UNIQUE (author, epoch, counter)
) STRICT;
CREATE INDEX wall_time ON wall (time_ms);

CREATE TABLE blocked (peer TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT;
CREATE TABLE nearby (peer TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT;

CREATE VIRTUAL TABLE inbox_search USING fts5(body, content='inbox', content_rowid='id');
CREATE TRIGGER inbox_added AFTER INSERT ON inbox WHEN typeof(new.body) = 'text' BEGIN
  INSERT INTO inbox_search(rowid, body) VALUES (new.id, new.body);
END;
CREATE TRIGGER inbox_removed AFTER DELETE ON inbox WHEN typeof(old.body) = 'text' BEGIN
  INSERT INTO inbox_search(inbox_search, rowid, body) VALUES ('delete', old.id, old.body);
END;
CREATE VIRTUAL TABLE wall_search USING fts5(text, content='wall', content_rowid='id');
CREATE TRIGGER wall_added AFTER INSERT ON wall BEGIN
  INSERT INTO wall_search(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER wall_removed AFTER DELETE ON wall BEGIN
  INSERT INTO wall_search(wall_search, rowid, text) VALUES ('delete', old.id, old.text);
END;
`

/** See the file's head. A script that was released is never changed: the next one changes its tables. */
export const mailSchema: DatabaseSchema = { name: 'mail.db', migrations: [first] }
