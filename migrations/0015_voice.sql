-- What customers say: surveys, who was invited, what was answered, who is asked by rule, and the
-- cases that came of it.

-- A survey that is open stays as it is; a change makes the next version of the same family. open_token is the link of those
-- who are not known by name, the same for all versions, so that what is printed goes on to work.
CREATE TABLE surveys (
  id ID NOT NULL PRIMARY KEY,
  family_id ID NOT NULL,
  version INT NOT NULL,
  state SORTKEY NOT NULL CONSTRAINT surveys_state_check CHECK (state IN ('draft', 'live', 'closed')),
  name_fa TEXT NOT NULL,
  name_ar TEXT NOT NULL,
  name_en TEXT NOT NULL,
  open_token SORTKEY NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  live_at INSTANT,
  closed_at INSTANT,
  CONSTRAINT surveys_family_id_version_key UNIQUE (family_id, version)
) STRICT;
CREATE INDEX surveys_state_id ON surveys (state, id);
CREATE UNIQUE INDEX surveys_live ON surveys (family_id) WHERE state = 'live';
CREATE INDEX surveys_open_token ON surveys (open_token, version);

-- item tells the three parts of perceived respect apart; of other kinds it is ''.
CREATE TABLE survey_questions (
  id ID NOT NULL PRIMARY KEY,
  survey_id ID NOT NULL REFERENCES surveys (id),
  position INT NOT NULL,
  kind SORTKEY NOT NULL,
  item SORTKEY NOT NULL,
  text_fa TEXT NOT NULL,
  text_ar TEXT NOT NULL,
  text_en TEXT NOT NULL,
  is_needed BOOL NOT NULL
) STRICT;
CREATE INDEX survey_questions_survey_id_position_id ON survey_questions (survey_id, position, id);

-- The token is kept as it is, because the link has to be shown again to who sends it; it opens nothing but the questions.
-- With case_id it asks how satisfied somebody is with what was done in a case.
CREATE TABLE survey_invitations (
  id ID NOT NULL PRIMARY KEY,
  survey_id ID NOT NULL REFERENCES surveys (id),
  party_id ID NOT NULL REFERENCES parties (id),
  token SORTKEY NOT NULL CONSTRAINT survey_invitations_token_key UNIQUE,
  case_id ID,
  day DAY NOT NULL,
  expires_at INSTANT NOT NULL,
  answered_at INSTANT,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX survey_invitations_party_id_created_at_id ON survey_invitations (party_id, created_at, id);
CREATE INDEX survey_invitations_survey_id_created_at_id ON survey_invitations (survey_id, created_at, id);
CREATE INDEX survey_invitations_case_id ON survey_invitations (case_id, created_at, id) WHERE case_id IS NOT NULL;
CREATE INDEX survey_invitations_created_at_id ON survey_invitations (created_at, id);

-- One filled-in survey, with its scores side by side; respect is the sum of so many items. sitting is the keyed hash of what
-- the browser holds that filled it in and may correct it until sitting_until. address_key is the keyed hash of the network it
-- came from, kept for a day to notice who sends too many.
CREATE TABLE survey_sheets (
  id ID NOT NULL PRIMARY KEY,
  survey_id ID NOT NULL REFERENCES surveys (id),
  family_id ID NOT NULL,
  invitation_id ID CONSTRAINT survey_sheets_invitation_id_key UNIQUE,
  party_id ID REFERENCES parties (id),
  door SORTKEY NOT NULL,
  lang TEXT NOT NULL,
  day DAY NOT NULL,
  at INSTANT NOT NULL,
  nps INT,
  csat INT,
  ces INT,
  fairness INT,
  respect_sum INT,
  respect_items INT,
  words TEXT,
  sitting TEXT,
  sitting_until INSTANT,
  address_key SORTKEY,
  taken_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX survey_sheets_at_id ON survey_sheets (at, id);
CREATE INDEX survey_sheets_day ON survey_sheets (day, at, id, party_id, family_id, nps, csat, ces, fairness, respect_sum, respect_items);
CREATE INDEX survey_sheets_party_id_at_id ON survey_sheets (party_id, at, id) WHERE party_id IS NOT NULL;
CREATE INDEX survey_sheets_survey_id_at_id ON survey_sheets (survey_id, at, id);
CREATE INDEX survey_sheets_family_id_at_id ON survey_sheets (family_id, at, id);
CREATE INDEX survey_sheets_address_key_at ON survey_sheets (address_key, at) WHERE address_key IS NOT NULL;

-- Its answers, one a question, for whoever asks for those of a customer.
CREATE TABLE survey_answers (
  id ID NOT NULL PRIMARY KEY,
  sheet_id ID NOT NULL REFERENCES survey_sheets (id),
  survey_id ID NOT NULL,
  question_id ID NOT NULL,
  party_id ID,
  kind SORTKEY NOT NULL,
  item SORTKEY NOT NULL,
  score INT,
  text TEXT,
  day DAY NOT NULL,
  at INSTANT NOT NULL,
  CONSTRAINT survey_answers_sheet_id_question_id_key UNIQUE (sheet_id, question_id)
) STRICT;
CREATE INDEX survey_answers_party_id_day ON survey_answers (party_id, day, id) WHERE party_id IS NOT NULL;

-- A complaint, a praise or a question of a customer. due_at is when the stage it is in has to end, and for what is closed a
-- moment after all others. sheet_id is the answer that opened it, once.
CREATE TABLE cases (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  kind SORTKEY NOT NULL CONSTRAINT cases_kind_check CHECK (kind IN ('complaint', 'praise', 'question')),
  reason SORTKEY NOT NULL,
  severity INT NOT NULL CONSTRAINT cases_severity_check CHECK (severity BETWEEN 1 AND 3),
  channel TEXT,
  text TEXT NOT NULL,
  stage SORTKEY NOT NULL CONSTRAINT cases_stage_check CHECK (stage IN ('received', 'in_work', 'answered', 'closed')),
  owner_id ID REFERENCES users (id),
  sheet_id ID CONSTRAINT cases_sheet_id_key UNIQUE,
  opened_on DAY NOT NULL,
  opened_at INSTANT NOT NULL,
  due_at INSTANT NOT NULL,
  taken_at INSTANT,
  answered_at INSTANT,
  answer TEXT,
  closed_at INSTANT,
  root_cause SORTKEY,
  action TEXT,
  reopened INT NOT NULL,
  clock_at INSTANT NOT NULL,
  recovery_score INT,
  created_by ID,
  created_at INSTANT NOT NULL,
  CONSTRAINT cases_closed_check CHECK (stage <> 'closed' OR (closed_at IS NOT NULL AND (kind <> 'complaint' OR (root_cause IS NOT NULL AND action IS NOT NULL))))
) STRICT;
CREATE INDEX cases_party_id_opened_at_id ON cases (party_id, opened_at, id);
CREATE INDEX cases_stage_due_at_id ON cases (stage, due_at, id);
CREATE INDEX cases_due_at_id ON cases (due_at, id) WHERE stage <> 'closed';
CREATE INDEX cases_owner_id_due_at_id ON cases (owner_id, due_at, id) WHERE stage <> 'closed';
CREATE INDEX cases_opened_at_id ON cases (opened_at, id);
CREATE INDEX cases_closed_at_id ON cases (closed_at, id) WHERE closed_at IS NOT NULL;

-- After what customers are asked by rule, and how many days later. seen counts the occasions that were decided about, asked
-- those after which somebody was asked.
CREATE TABLE ask_rules (
  id ID NOT NULL PRIMARY KEY,
  family_id ID NOT NULL REFERENCES surveys (id),
  occasion SORTKEY NOT NULL CONSTRAINT ask_rules_occasion_check CHECK (occasion IN ('purchase', 'case', 'visit')),
  wait_days INT NOT NULL,
  is_active BOOL NOT NULL,
  active_since INSTANT NOT NULL,
  seen INT NOT NULL,
  asked INT NOT NULL,
  created_by ID,
  created_at INSTANT NOT NULL,
  CONSTRAINT ask_rules_family_id_occasion_key UNIQUE (family_id, occasion)
) STRICT;
CREATE INDEX interactions_meetings ON interactions (at, id) WHERE channel IN ('in_person', 'visit');

-- What came of each occasion to ask, decided once: occasion_id is the purchase, the case or the interaction. outcome is
-- 'asked', or why not.
CREATE TABLE asks (
  id ID NOT NULL PRIMARY KEY,
  rule_id ID NOT NULL REFERENCES ask_rules (id),
  party_id ID NOT NULL REFERENCES parties (id),
  occasion_id ID NOT NULL,
  occasion_at INSTANT NOT NULL,
  outcome SORTKEY NOT NULL,
  invitation_id ID REFERENCES survey_invitations (id),
  day DAY NOT NULL,
  at INSTANT NOT NULL,
  CONSTRAINT asks_rule_id_occasion_id_key UNIQUE (rule_id, occasion_id)
) STRICT;
CREATE INDEX asks_at_id ON asks (at, id, outcome, party_id);
CREATE INDEX asks_party_id_at_id ON asks (party_id, at, id);
CREATE INDEX asks_outcome_at_id ON asks (outcome, at, id);

-- What counts as a bad answer, and how many hours each stage of a case may take; where no row is, what is usual.
CREATE TABLE voice_settings (
  id INT NOT NULL PRIMARY KEY CONSTRAINT voice_settings_id_check CHECK (id = 1),
  settings JSON NOT NULL
) STRICT;
