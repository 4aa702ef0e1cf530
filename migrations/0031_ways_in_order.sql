-- The ways of customers and what lies ahead of them are kept in the order of their keys, so that a step is written in one
-- place less. PostgreSQL keeps no table in the order of a key.
-- sqlite:
CREATE TABLE ordered_memberships (
  party_id ID NOT NULL,
  place INT NOT NULL,
  kind SORTKEY NOT NULL,
  stage SORTKEY NOT NULL,
  standing SORTKEY NOT NULL,
  entered_on DAY NOT NULL,
  left_on DAY,
  transition_id ID NOT NULL,
  PRIMARY KEY (party_id, place)
) STRICT, WITHOUT ROWID;
INSERT INTO ordered_memberships
  SELECT party_id, place, kind, stage, standing, entered_on, left_on, transition_id FROM stage_memberships ORDER BY party_id, place;
DROP TABLE stage_memberships;
ALTER TABLE ordered_memberships RENAME TO stage_memberships;
CREATE UNIQUE INDEX stage_memberships_party_id_key ON stage_memberships (party_id) WHERE left_on IS NULL;
CREATE INDEX stage_memberships_stage_standing ON stage_memberships (stage, standing, entered_on, party_id) WHERE left_on IS NULL;
CREATE INDEX stage_memberships_stage_party_id ON stage_memberships (stage, party_id, entered_on, left_on, standing, place);

CREATE TABLE ordered_outlooks (
  party_id ID NOT NULL PRIMARY KEY,
  stage SORTKEY NOT NULL,
  gate SORTKEY,
  missing INT NOT NULL,
  maturity INT NOT NULL,
  distance INT NOT NULL,
  lapses_on DAY NOT NULL,
  due_on DAY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO ordered_outlooks
  SELECT party_id, stage, gate, missing, maturity, distance, lapses_on, due_on FROM stage_outlooks ORDER BY party_id;
DROP TABLE stage_outlooks;
ALTER TABLE ordered_outlooks RENAME TO stage_outlooks;
CREATE INDEX stage_outlooks_gate_distance ON stage_outlooks (gate, distance, party_id) WHERE gate IS NOT NULL;
CREATE INDEX stage_outlooks_stage_lapses_on ON stage_outlooks (stage, lapses_on, party_id) WHERE lapses_on <> '';
CREATE INDEX stage_outlooks_due_on ON stage_outlooks (due_on, party_id) WHERE due_on <> '';
-- end
