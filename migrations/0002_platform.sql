-- What every room stands on: history, durable work, notifications, word lists, undo, numbering.
CREATE TABLE events (
  id ID NOT NULL PRIMARY KEY,
  at INSTANT NOT NULL,
  kind SORTKEY NOT NULL,
  actor_id ID,
  door TEXT NOT NULL,
  party_id ID,
  subject_id ID,
  data JSON NOT NULL
) STRICT;
CREATE INDEX events_party_id_at_id ON events (party_id, at, id) WHERE party_id IS NOT NULL;
-- What a timeline shows of the record itself; the rooms named here have tables of their own in it.
CREATE INDEX events_timeline ON events (party_id, at, id)
  WHERE party_id IS NOT NULL AND substr(kind, 1, 9) NOT IN ('interacti', 'follow_up', 'purchase.');
CREATE INDEX events_at_id ON events (at, id);
CREATE INDEX events_kind_at_id ON events (kind, at, id);

CREATE TABLE jobs (
  id ID NOT NULL PRIMARY KEY,
  job JSON NOT NULL,
  name TEXT NOT NULL,
  state SORTKEY NOT NULL,
  due_at INSTANT NOT NULL,
  attempts INT NOT NULL,
  lease_until INSTANT NOT NULL,
  worker TEXT,
  single SORTKEY CONSTRAINT jobs_single_key UNIQUE,
  last_error TEXT,
  created_at INSTANT NOT NULL,
  finished_at INSTANT
) STRICT;
CREATE INDEX jobs_state_due_at ON jobs (state, due_at);

CREATE TABLE schedules (
  name SORTKEY NOT NULL PRIMARY KEY,
  next_at INSTANT NOT NULL
) STRICT;

CREATE TABLE counters (
  name SORTKEY NOT NULL PRIMARY KEY,
  value INT NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('party', 0), ('purchase', 0);

CREATE TABLE notifications (
  id ID NOT NULL PRIMARY KEY,
  user_id ID NOT NULL REFERENCES users (id),
  at INSTANT NOT NULL,
  kind TEXT NOT NULL,
  party_id ID,
  subject_id ID,
  data JSON NOT NULL,
  read_at INSTANT
) STRICT;
CREATE INDEX notifications_user_id_id ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;

-- Notifications that also go out by e-mail. The text is made when a mail is sent; one that is being sent is due again
-- when its sender must be through or dead.
CREATE TABLE mails (
  id ID NOT NULL PRIMARY KEY,
  user_id ID NOT NULL REFERENCES users (id),
  notifications JSON NOT NULL,
  state SORTKEY NOT NULL,
  due_at INSTANT NOT NULL,
  attempts INT NOT NULL,
  last_error TEXT,
  created_at INSTANT NOT NULL,
  finished_at INSTANT
) STRICT;
CREATE INDEX mails_state_due_at ON mails (state, due_at);

-- Words that an organisation may add to or retire: reasons, origins, results, sources, traits, needs …
-- A ready-made word has no label here; its labels are in locales/ under term-LIST-WORD.
CREATE TABLE terms (
  list SORTKEY NOT NULL,
  word SORTKEY NOT NULL,
  label TEXT,
  position INT NOT NULL,
  is_active BOOL NOT NULL,
  PRIMARY KEY (list, word)
) STRICT;

CREATE TABLE undos (
  id ID NOT NULL PRIMARY KEY,
  user_id ID NOT NULL,
  at INSTANT NOT NULL,
  inverse JSON NOT NULL,
  used_at INSTANT
) STRICT;

-- row_number and mark_offset are the place in the file after the last row that was stored; worker holds the import until
-- lease_until.
CREATE TABLE imports (
  id ID NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  file_name TEXT NOT NULL,
  file_path TEXT NOT NULL,
  file_size INT NOT NULL,
  file_hash TEXT NOT NULL,
  options JSON NOT NULL,
  state SORTKEY NOT NULL,
  mark_offset INT NOT NULL,
  row_number INT NOT NULL,
  bytes_done INT NOT NULL,
  rows_read INT NOT NULL,
  rows_created INT NOT NULL,
  rows_updated INT NOT NULL,
  rows_unchanged INT NOT NULL,
  rows_rejected INT NOT NULL,
  details JSON NOT NULL,
  problem JSON,
  worker TEXT,
  lease_until INSTANT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  started_at INSTANT,
  finished_at INSTANT,
  undone_at INSTANT
) STRICT;
CREATE INDEX imports_created_at ON imports (created_at, id);

CREATE TABLE import_rejects (
  import_id ID NOT NULL REFERENCES imports (id),
  row_number INT NOT NULL,
  cells JSON NOT NULL,
  problems JSON NOT NULL,
  PRIMARY KEY (import_id, row_number)
) STRICT;

-- What an import changed in records that were there before it, so that it can be taken back.
CREATE TABLE import_changes (
  id ID NOT NULL PRIMARY KEY,
  import_id ID NOT NULL REFERENCES imports (id),
  party_id ID NOT NULL,
  version_after INT NOT NULL,
  before JSON NOT NULL
) STRICT;
CREATE INDEX import_changes_import_id_id ON import_changes (import_id, id);

CREATE TABLE import_maps (
  name SORTKEY NOT NULL,
  kind SORTKEY NOT NULL,
  options JSON NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  PRIMARY KEY (name, kind)
) STRICT;
