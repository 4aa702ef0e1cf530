-- Lists of customers that somebody keeps at hand: what they filter by, their order and their columns. Whoever is in the unit
-- sees those that are shared.
CREATE TABLE views (
  id ID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  list JSON NOT NULL,
  owner_id ID NOT NULL REFERENCES users (id),
  unit_id ID REFERENCES units (id),
  is_shared BOOL NOT NULL,
  version INT NOT NULL,
  created_at INSTANT NOT NULL,
  archived_at INSTANT
) STRICT;
CREATE INDEX views_owner_id ON views (owner_id, id);
CREATE INDEX views_unit_id ON views (unit_id, id) WHERE is_shared;
