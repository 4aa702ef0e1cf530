-- What passed between us and a party, and what is to be done next.
CREATE TABLE interactions (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  at INSTANT NOT NULL,
  channel TEXT NOT NULL,
  direction TEXT NOT NULL,
  reason TEXT,
  origin TEXT,
  result TEXT,
  duration_s INT,
  text TEXT,
  staff_id ID,
  import_id ID,
  source_key INT,
  created_at INSTANT NOT NULL
) STRICT;
-- With what is counted of everybody's contacts.
CREATE INDEX interactions_party_id_at_id ON interactions (party_id, at, id, channel, direction, reason, duration_s);
CREATE INDEX interactions_staff_id_at ON interactions (staff_id, at);
CREATE INDEX interactions_import_id ON interactions (import_id, id) WHERE import_id IS NOT NULL;
CREATE INDEX interactions_source_key ON interactions (source_key) WHERE source_key IS NOT NULL;

-- planned_at is the first promise, due_at the one that stands; escalation counts who was told that it is overdue:
-- 0 nobody, 1 its owner, 2 the head of the unit.
CREATE TABLE follow_ups (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  owner_id ID NOT NULL REFERENCES users (id),
  what TEXT NOT NULL,
  channel TEXT,
  importance TEXT NOT NULL,
  planned_at INSTANT NOT NULL,
  due_at INSTANT NOT NULL,
  remind_at INSTANT,
  reminded_at INSTANT,
  state SORTKEY NOT NULL,
  done_at INSTANT,
  done_by ID,
  result TEXT,
  result_text TEXT,
  interaction_id ID,
  escalation INT NOT NULL,
  version INT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX follow_ups_owner_id_state_due_at_id ON follow_ups (owner_id, state, due_at, id);
CREATE INDEX follow_ups_party_id_state_due_at ON follow_ups (party_id, state, due_at);
CREATE INDEX follow_ups_state_due_at ON follow_ups (state, due_at, id);
CREATE INDEX follow_ups_remind_at ON follow_ups (remind_at) WHERE state = 'open' AND remind_at IS NOT NULL AND reminded_at IS NULL;
CREATE INDEX follow_ups_escalation_due_at ON follow_ups (escalation, due_at, id) WHERE state = 'open';
CREATE INDEX follow_ups_done_by_done_at ON follow_ups (done_by, done_at) WHERE done_at IS NOT NULL;
CREATE INDEX follow_ups_timeline ON follow_ups (party_id, (COALESCE(done_at, created_at)), id);

CREATE TABLE ideas (
  id ID NOT NULL PRIMARY KEY,
  party_id ID,
  interaction_id ID,
  text TEXT NOT NULL,
  state TEXT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX ideas_created_at ON ideas (created_at, id);
