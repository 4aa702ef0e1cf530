-- What a treatment really does, told by customers who get it and by others, alike but for chance, who do not.

-- What an experiment asks does not change once it has begun: registration is what was written down then, hash what that comes
-- to. kind is that of its treatments: nobody is in two running experiments of one kind. stages are those whose customers it may
-- mean, smallest the difference that is worth knowing, in the unit of outcome. salt decides who comes into which arm, take how
-- many of those it means are asked at all, in ten-thousandths. verdict, arm, assigned and complete are those of the last look.
CREATE TABLE experiments (
  id ID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  question TEXT,
  kind SORTKEY NOT NULL,
  outcome SORTKEY NOT NULL,
  state SORTKEY NOT NULL,
  is_imported BOOL NOT NULL,
  rule JSON,
  stages JSON NOT NULL,
  horizon_days INT NOT NULL,
  min_days INT NOT NULL,
  smallest REAL NOT NULL,
  planned INT NOT NULL,
  goods INT NOT NULL,
  currency TEXT NOT NULL,
  salt TEXT NOT NULL,
  take INT,
  registration JSON,
  hash TEXT,
  assigned INT NOT NULL,
  complete INT NOT NULL,
  verdict SORTKEY,
  verdict_arm INT,
  looked_at INSTANT,
  decision SORTKEY,
  decision_arm INT,
  decision_reason TEXT,
  decided_by ID REFERENCES users (id),
  decided_at INSTANT,
  created_by ID REFERENCES users (id),
  created_at INSTANT NOT NULL,
  started_by ID REFERENCES users (id),
  started_at INSTANT,
  ended_at INSTANT
) STRICT;
CREATE INDEX experiments_created_at_id ON experiments (created_at, id);
CREATE INDEX experiments_state_kind ON experiments (state, kind);

-- What is compared. place 0 is the control, for whom all stays as it was. share is in ten-thousandths.
CREATE TABLE experiment_arms (
  experiment_id ID NOT NULL REFERENCES experiments (id),
  place INT NOT NULL,
  name TEXT NOT NULL,
  treatment_id ID REFERENCES treatments (id),
  share INT NOT NULL,
  unit_cost_minor MONEY NOT NULL,
  PRIMARY KEY (experiment_id, place)
) STRICT;

-- Who is in it, those of the control too. What they do counts from the day after assigned_on to until_on. delivered_at is when
-- they got what their arm gets; in the control, when they would have. What came of a customer of an experiment from elsewhere,
-- who is nobody here, stands in bought and spent_minor.
CREATE TABLE experiment_units (
  id ID NOT NULL PRIMARY KEY,
  experiment_id ID NOT NULL REFERENCES experiments (id),
  party_id ID REFERENCES parties (id),
  arm INT NOT NULL,
  stratum INT NOT NULL,
  assigned_at INSTANT NOT NULL,
  assigned_on DAY NOT NULL,
  until_on DAY NOT NULL,
  before_occasions INT NOT NULL,
  before_minor MONEY NOT NULL,
  delivered_at INSTANT,
  delivered_by ID,
  bought INT,
  spent_minor MONEY,
  CONSTRAINT experiment_units_party_key UNIQUE (experiment_id, party_id)
) STRICT;
CREATE INDEX experiment_units_experiment_id_arm_id ON experiment_units (experiment_id, arm, id);
CREATE INDEX experiment_units_party_id ON experiment_units (party_id) WHERE party_id IS NOT NULL;

-- What was seen each time somebody, or the night, looked.
CREATE TABLE experiment_looks (
  id ID NOT NULL PRIMARY KEY,
  experiment_id ID NOT NULL REFERENCES experiments (id),
  at INSTANT NOT NULL,
  found JSON NOT NULL
) STRICT;
CREATE INDEX experiment_looks_experiment_id_id ON experiment_looks (experiment_id, id);
