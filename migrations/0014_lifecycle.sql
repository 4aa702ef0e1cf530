-- The way of customers from stranger to advocate.

-- A gate as it holds from a day on: thresholds that differ from the usual ones. The first version of each holds for all
-- days before, too.
CREATE TABLE gate_versions (
  id ID NOT NULL PRIMARY KEY,
  gate SORTKEY NOT NULL,
  number INT NOT NULL,
  thresholds JSON NOT NULL,
  from_on DAY NOT NULL,
  note TEXT,
  created_by ID,
  created_at INSTANT NOT NULL,
  CONSTRAINT gate_versions_gate_number_key UNIQUE (gate, number)
) STRICT;

-- What people decide about the way of a customer. until_on is how long their data are kept after an end, back_on when
-- somebody may ask whether they come back.
CREATE TABLE stage_decisions (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL REFERENCES parties (id),
  decision SORTKEY NOT NULL,
  gate SORTKEY,
  decided_on DAY NOT NULL,
  reason SORTKEY,
  note TEXT,
  until_on DAY,
  back_on DAY,
  created_by ID,
  created_at INSTANT NOT NULL
) STRICT;
CREATE INDEX stage_decisions_party_id_decided_on_id ON stage_decisions (party_id, decided_on, id);

-- Each step that was taken, and each that was put right (kind 'void', which names it): nothing is changed or removed
-- here. inputs is what was known when a gate was passed, inputs_hash its SHA-256. Not a foreign key to the customer: who
-- is taken back with an import leaves these behind.
CREATE TABLE stage_transitions (
  id ID NOT NULL PRIMARY KEY,
  party_id ID NOT NULL,
  kind SORTKEY NOT NULL,
  from_stage SORTKEY,
  from_standing SORTKEY,
  to_stage SORTKEY NOT NULL,
  to_standing SORTKEY NOT NULL,
  happened_on DAY NOT NULL,
  gate_version_id ID,
  inputs JSON,
  inputs_hash TEXT,
  evidence JSON,
  voids_id ID,
  decided_by ID,
  decided_at INSTANT NOT NULL
) STRICT;
CREATE INDEX stage_transitions_party_id_id ON stage_transitions (party_id, id);

-- The way of each customer as it is now known, in the order of its steps.
CREATE TABLE stage_memberships (
  party_id ID NOT NULL,
  place INT NOT NULL,
  kind SORTKEY NOT NULL,
  stage SORTKEY NOT NULL,
  standing SORTKEY NOT NULL,
  entered_on DAY NOT NULL,
  left_on DAY,
  transition_id ID NOT NULL,
  PRIMARY KEY (party_id, place)
) STRICT;
CREATE UNIQUE INDEX stage_memberships_party_id_key ON stage_memberships (party_id) WHERE left_on IS NULL;
CREATE INDEX stage_memberships_stage_standing ON stage_memberships (stage, standing, entered_on, party_id) WHERE left_on IS NULL;

-- What lies ahead of each customer: the gate before them and how many of its needs are not met (a proposal that waits for
-- a person has none), how far from it they are (the order of its list; 0 for such a proposal), when silence counts as
-- leaving, and when time alone changes something. '' for never.
CREATE TABLE stage_outlooks (
  party_id ID NOT NULL PRIMARY KEY,
  stage SORTKEY NOT NULL,
  gate SORTKEY,
  missing INT NOT NULL,
  maturity INT NOT NULL,
  distance INT NOT NULL,
  lapses_on DAY NOT NULL,
  due_on DAY NOT NULL
) STRICT;
CREATE INDEX stage_outlooks_gate_distance ON stage_outlooks (gate, distance, party_id) WHERE gate IS NOT NULL;
CREATE INDEX stage_outlooks_stage_lapses_on ON stage_outlooks (stage, lapses_on, party_id) WHERE lapses_on <> '';
CREATE INDEX stage_outlooks_due_on ON stage_outlooks (due_on, party_id) WHERE due_on <> '';

-- How many took which step on a day: what pages count, without a look at each customer.
CREATE TABLE stage_flows (
  happened_on DAY NOT NULL,
  from_stage SORTKEY NOT NULL,
  from_standing SORTKEY NOT NULL,
  to_stage SORTKEY NOT NULL,
  to_standing SORTKEY NOT NULL,
  customers INT NOT NULL,
  PRIMARY KEY (happened_on, from_stage, from_standing, to_stage, to_standing)
) STRICT;
