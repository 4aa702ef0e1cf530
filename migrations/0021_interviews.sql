-- Talks that follow a guide, what was quoted of customers, and what was done about what they said.

-- A guide is asked by one of us in a talk: nobody is invited to it, and its link opens nothing.
ALTER TABLE surveys ADD COLUMN is_guide BOOL NOT NULL DEFAULT FALSE;

-- The talk behind a filled-in guide; the answers themselves are in survey_sheets and survey_answers, as all answers are.
CREATE TABLE interviews (
  sheet_id ID NOT NULL PRIMARY KEY REFERENCES survey_sheets (id),
  party_id ID NOT NULL REFERENCES parties (id),
  held_by ID NOT NULL REFERENCES users (id),
  held_at INSTANT NOT NULL,
  channel TEXT,
  with_whom TEXT,
  minutes INT
) STRICT;
CREATE INDEX interviews_held_at_sheet_id ON interviews (held_at, sheet_id);
CREATE INDEX interviews_party_id_held_at_sheet_id ON interviews (party_id, held_at, sheet_id);
CREATE INDEX interviews_held_by_held_at_sheet_id ON interviews (held_by, held_at, sheet_id);

-- What a customer said, word for word, out of a talk or any other filled-in survey, and what came of it.
CREATE TABLE quotes (
  id ID NOT NULL PRIMARY KEY,
  sheet_id ID NOT NULL REFERENCES survey_sheets (id),
  party_id ID REFERENCES parties (id),
  text TEXT NOT NULL,
  idea_id ID,
  case_id ID,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX quotes_sheet_id_id ON quotes (sheet_id, id);
CREATE INDEX quotes_created_at_id ON quotes (created_at, id);
CREATE INDEX quotes_party_id_created_at_id ON quotes (party_id, created_at, id) WHERE party_id IS NOT NULL;

-- tag_key is the tag folded, so that spellings of one word meet.
CREATE TABLE quote_tags (
  quote_id ID NOT NULL REFERENCES quotes (id),
  tag_key SORTKEY NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (quote_id, tag_key)
) STRICT;
CREATE INDEX quote_tags_tag_key_quote_id ON quote_tags (tag_key, quote_id);

-- What customers said that is to change something: who looks after it, what was changed, and what they are told. state_at is
-- since when it stands so.
CREATE TABLE feedback (
  id ID NOT NULL PRIMARY KEY,
  said TEXT NOT NULL,
  state SORTKEY NOT NULL CONSTRAINT feedback_state_check CHECK (state IN ('open', 'in_work', 'done', 'declined')),
  unit_id ID REFERENCES units (id),
  owner_id ID REFERENCES users (id),
  action TEXT,
  reply TEXT,
  state_at INSTANT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  CONSTRAINT feedback_over_check CHECK (state IN ('open', 'in_work') OR reply IS NOT NULL),
  CONSTRAINT feedback_done_check CHECK (state <> 'done' OR action IS NOT NULL)
) STRICT;
CREATE INDEX feedback_state_state_at_id ON feedback (state, state_at, id);
CREATE INDEX feedback_state_at_id ON feedback (state_at, id);
CREATE INDEX feedback_owner_id_state_at_id ON feedback (owner_id, state_at, id);

-- Where each customer said it: a quote, an answer, a case, an idea, or straight to one of us, of which there is no other
-- record and source_id is the row itself.
CREATE TABLE feedback_voices (
  id ID NOT NULL PRIMARY KEY,
  feedback_id ID NOT NULL REFERENCES feedback (id),
  party_id ID NOT NULL REFERENCES parties (id),
  source SORTKEY NOT NULL CONSTRAINT feedback_voices_source_check CHECK (source IN ('quote', 'answer', 'case', 'idea', 'told')),
  source_id ID NOT NULL,
  words TEXT,
  created_by ID,
  created_at INSTANT NOT NULL,
  CONSTRAINT feedback_voices_feedback_id_source_source_id_key UNIQUE (feedback_id, source, source_id)
) STRICT;
CREATE INDEX feedback_voices_feedback_id_party_id_id ON feedback_voices (feedback_id, party_id, id);
CREATE INDEX feedback_voices_source_source_id ON feedback_voices (source, source_id);

-- Those customers, once each, and whether they were told what came of it.
CREATE TABLE feedback_customers (
  feedback_id ID NOT NULL REFERENCES feedback (id),
  party_id ID NOT NULL REFERENCES parties (id),
  told_at INSTANT,
  told_by ID REFERENCES users (id),
  channel TEXT,
  created_at INSTANT NOT NULL,
  PRIMARY KEY (feedback_id, party_id)
) STRICT;
CREATE INDEX feedback_customers_party_id_feedback_id ON feedback_customers (party_id, feedback_id);
CREATE INDEX feedback_customers_waiting ON feedback_customers (feedback_id, party_id) WHERE told_at IS NULL;

-- What the program planned a follow-up for, so that it ends with what it was for: an incident that is to be made good, an
-- introduction that is to be thanked for.
CREATE TABLE follow_up_causes (
  follow_up_id ID NOT NULL PRIMARY KEY REFERENCES follow_ups (id),
  cause SORTKEY NOT NULL CONSTRAINT follow_up_causes_cause_check CHECK (cause IN ('incident', 'referral')),
  cause_id ID NOT NULL
) STRICT;
CREATE INDEX follow_up_causes_cause_cause_id ON follow_up_causes (cause, cause_id);
